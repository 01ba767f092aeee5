"""Travel times by Valhalla's matrix service (`/sources_to_targets`)."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from gateway.travel.engine_http import EngineClient
from gateway.travel.numbers import minutes_of
from gateway.travel.trouble import EngineTrouble, NoRoadsHere
from shared.hospital import Hospital
from shared.travel import EAST_AFRICA_TIME, Origin

# Too far for its limits, in parts of the map that no road joins, no road nearby, no path.
_NO_ROADS = frozenset({154, 170, 171, 442})
_DEPARTS_AT = 1


class ValhallaTravel:
    """A TravelTime: one `POST /sources_to_targets` with the patient as the only source.

    It is told the local time of departure, which counts where its map knows traffic.
    """

    def __init__(self, client: EngineClient, local_time: tzinfo = EAST_AFRICA_TIME) -> None:
        self._client = client
        self._local_time = local_time

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        """Minutes to each hospital, in their order; infinity where no road leads.

        Raises NoRoadsHere and EngineTrouble.
        """
        status, answer = self._client.post(
            "/sources_to_targets",
            {
                "sources": [_location(origin.lat, origin.lon)],
                "targets": [_location(each.lat, each.lon) for each in hospitals],
                "costing": "auto",
                "date_time": {
                    "type": _DEPARTS_AT,
                    "value": depart_at.astimezone(self._local_time).strftime("%Y-%m-%dT%H:%M"),
                },
            },
        )
        if not isinstance(answer, dict):
            raise EngineTrouble(f"Valhalla answers HTTP {status} with no object")
        if status != 200:
            code = answer.get("error_code")
            if code in _NO_ROADS:
                raise NoRoadsHere("Valhalla knows no roads there.")
            said = f"error {code}" if isinstance(code, int) else "no error code"
            raise EngineTrouble(f"Valhalla answers HTTP {status} with {said}")
        return _in_order(answer.get("sources_to_targets"), len(hospitals))


def _location(lat: float, lon: float) -> dict[str, float]:
    return {"lat": round(lat, 5), "lon": round(lon, 5)}


def _in_order(rows: Any, count: int) -> list[float]:
    """The row's times by the targets that they name: their order is not relied upon."""
    if not (isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], list)):
        raise EngineTrouble("Valhalla answers without a row of times")
    times: dict[Any, float] = {}
    for entry in rows[0]:
        if not isinstance(entry, dict) or not isinstance(entry.get("to_index"), int):
            raise EngineTrouble("Valhalla answers with a time for nobody")
        times[entry["to_index"]] = minutes_of(entry.get("time"), "Valhalla")
    if set(times) != set(range(count)):
        raise EngineTrouble("Valhalla does not answer for every hospital")
    return [times[number] for number in range(count)]
