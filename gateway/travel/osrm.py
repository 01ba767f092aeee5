"""Travel times by OSRM's table service (its HTTP API, version v1, `docs/http.md`)."""

from collections.abc import Sequence
from datetime import datetime
from math import inf
from typing import Any

from gateway.travel.engine_http import EngineClient
from gateway.travel.numbers import minutes_of, number_of
from gateway.travel.trouble import EngineTrouble, NoRoadsHere
from shared.hospital import Hospital
from shared.travel import Origin

# NoTable and NoSegment say that the engine's map has no road for one of the places.
_NO_ROADS = frozenset({"NoTable", "NoSegment"})
# The engine starts from the nearest road however far that is; nobody walks further to a vehicle.
_FURTHEST_ROAD_M = 5_000


class OsrmTravel:
    """A TravelTime: one `GET /table/v1/driving/…` with the patient first.

    OSRM's times are those of free roads at any hour.
    """

    def __init__(self, client: EngineClient) -> None:
        self._client = client

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        """Minutes to each hospital, in their order; infinity where no road leads.

        Raises NoRoadsHere and EngineTrouble.
        """
        places = [(origin.lat, origin.lon), *((each.lat, each.lon) for each in hospitals)]
        # Longitude first.
        coordinates = ";".join(f"{lon:.5f},{lat:.5f}" for lat, lon in places)
        status, answer = self._client.get(
            f"/table/v1/driving/{coordinates}?sources=0&annotations=duration&generate_hints=false"
        )
        code = answer.get("code") if isinstance(answer, dict) else None
        if code in _NO_ROADS:
            raise NoRoadsHere("OSRM knows no roads there.")
        if status != 200 or code != "Ok":
            # Its message may repeat a coordinate; its codes are single words.
            is_word = isinstance(code, str) and code.isalpha() and len(code) < 32
            raise EngineTrouble(f"OSRM answers HTTP {status} with {code if is_word else 'no code'}")
        if _road_m(answer.get("sources"), 0) > _FURTHEST_ROAD_M:
            raise NoRoadsHere("OSRM's nearest road is too far away.")
        rows = answer.get("durations")
        if not (
            isinstance(rows, list)
            and len(rows) == 1
            and isinstance(rows[0], list)
            and len(rows[0]) == len(places)
        ):
            raise EngineTrouble("OSRM answers without a row of durations for every place")
        reached = answer.get("destinations")
        return [
            inf if _road_m(reached, number) > _FURTHEST_ROAD_M else minutes_of(seconds, "OSRM")
            for number, seconds in enumerate(rows[0][1:], start=1)
        ]


def _road_m(waypoints: Any, number: int) -> float:
    """How far the nearest road is from a place, in metres; 0 where the engine does not say."""
    if not isinstance(waypoints, list) or len(waypoints) <= number:
        return 0.0
    waypoint = waypoints[number]
    distance = number_of(waypoint.get("distance")) if isinstance(waypoint, dict) else None
    return 0.0 if distance is None else distance
