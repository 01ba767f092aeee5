"""Asks the routing engine for what is wanted, in a thread of its own."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite

import structlog

from gateway.travel.breaker import Breaker
from gateway.travel.road_times import RoadTimes, Wanted
from gateway.travel.trouble import EngineTrouble, NoRoadsHere
from shared.hospital import Hospital
from shared.travel import Origin, TravelTime

_log = structlog.get_logger(__name__)
_WAITS_S = 1.0

# The hospitals whose times a ranking of what is wanted may need.
WorthAsking = Callable[[Wanted], Sequence[Hospital]]


@dataclass(slots=True)
class FetchCounts:
    """What became of the questions since the start."""

    answered: int = 0
    without_roads: int = 0
    failed: int = 0
    # Not asked, because the engine was being left alone.
    left_alone: int = 0


class RoadFetcher:
    """Fills a `RoadTimes` from an engine, one question at a time."""

    def __init__(
        self,
        roads: RoadTimes,
        engine: TravelTime,
        worth_asking: WorthAsking,
        now: Callable[[], datetime],
    ) -> None:
        self._roads = roads
        self._engine = engine
        self._worth_asking = worth_asking
        self._breaker = Breaker(now)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="roads", daemon=True)
        self.counts = FetchCounts()

    def start(self) -> None:
        """Lets it run."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Lets it finish what it is at; what is still wanted is forgotten."""
        self._stopping.set()
        self._roads.stop_waiting()
        self._thread.join(timeout_s)

    def fetch_next(self, longest_s: float = 0.0) -> bool:
        """Asks for what was wanted first, if anything is within so many seconds; whether anything
        was.
        """
        wanted = self._roads.next_wanted(longest_s)
        if wanted is None:
            return False
        if self._breaker.is_open:
            self.counts.left_alone += 1
            return True
        hospitals = self._worth_asking(wanted)
        if hospitals:
            self._fetch(wanted, hospitals)
        return True

    def _fetch(self, wanted: Wanted, hospitals: Sequence[Hospital]) -> None:
        lat, lon = wanted.cell.centre
        try:
            minutes = self._engine.minutes(Origin(lat, lon), hospitals, wanted.depart_at)
            if not any(map(isfinite, minutes)):
                raise NoRoadsHere("No road leads from there to any of them.")
        except NoRoadsHere:
            # Asked again when this has become too old, not with every ranking.
            self._roads.kept.put(wanted.cell, {hospital.id: None for hospital in hospitals})
            self.counts.without_roads += 1
        except EngineTrouble as trouble:
            self.counts.failed += 1
            if self._breaker.failed():
                _log.warning(
                    "the routing engine is left alone; hospitals are ranked without roads",
                    why=str(trouble),
                    for_s=round(self._breaker.pause.total_seconds()),
                    **self._counted(),
                )
            return
        else:
            ids = (hospital.id for hospital in hospitals)
            self._roads.kept.put(wanted.cell, dict(zip(ids, minutes, strict=True)))
            self.counts.answered += 1
        if self._breaker.succeeded():
            _log.info("the routing engine answers again", **self._counted())

    def _counted(self) -> dict[str, int]:
        return {**asdict(self.counts), "dropped": self._roads.dropped}

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.fetch_next(_WAITS_S)
            except Exception:
                # One question that nobody thought of must not end the thread.
                _log.exception("road times could not be fetched")
                self._stopping.wait(_WAITS_S)
        _log.info("road times are no longer fetched", **self._counted())
