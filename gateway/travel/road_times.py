"""What callers' turns and rankings see of roads: the times that are kept, and a list of what is
wanted. Nothing here waits for anybody.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from gateway.travel.cells import Cell, cell_of
from gateway.travel.kept_times import KeptTimes
from shared.hospital import Hospital
from shared.match_query import MatchQuery
from shared.travel import Origin, TravelTime

# Whoever is asked for longer ago than this many others has mostly been ranked without roads.
_MOST_WANTED = 256


@dataclass(frozen=True, slots=True)
class Wanted:
    """Roads that somebody is about to need, or had to do without.

    `query` is the ranking that did without; None when all that is known is that a patient may be in
    the cell.
    """

    cell: Cell
    depart_at: datetime
    query: MatchQuery | None = None


class RoadTimes:
    """The kept times and the list of wanted ones. Safe to share among threads."""

    def __init__(
        self,
        now: Callable[[], datetime],
        is_peak: Callable[[datetime], bool],
        most_wanted: int = _MOST_WANTED,
    ) -> None:
        self.kept = KeptTimes(now)
        self._now = now
        self._is_peak = is_peak
        self._most_wanted = most_wanted
        self._condition = threading.Condition()
        self._wanted: OrderedDict[object, Wanted] = OrderedDict()
        self._is_stopped = False
        # How many wanted ones gave way to newer ones.
        self.dropped = 0

    def known(self, query: MatchQuery) -> Mapping[int, float | None]:
        """Minutes by road from the query's place, by hospital; see `KeptTimes.of`."""
        return self.kept.of(self._cell(query.lat, query.lon, query.depart_at))

    def expect(self, places: Iterable[tuple[float, float]]) -> None:
        """A patient may be at one of these (latitude, longitude)."""
        now = self._now()
        for lat, lon in places:
            cell = self._cell(lat, lon, now)
            if not self.kept.of(cell):
                self._put(cell, Wanted(cell, now))

    def want(self, query: MatchQuery) -> None:
        """A ranking had to do without some of the roads that it asked for."""
        cell = self._cell(query.lat, query.lon, query.depart_at)
        key = (cell, query.needs, query.stabilise_first, query.exclude)
        self._put(key, Wanted(cell, query.depart_at, query))

    def next_wanted(self, longest_s: float) -> Wanted | None:
        """What was wanted first of all that is still wanted, waiting for it so many seconds; None
        when there is nothing.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._wanted or self._is_stopped, longest_s)
            return self._wanted.popitem(last=False)[1] if self._wanted else None

    def stop_waiting(self) -> None:
        """Wakes whoever waits, and keeps nobody waiting from now on."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify_all()

    def _cell(self, lat: float, lon: float, depart_at: datetime) -> Cell:
        return cell_of(lat, lon, self._is_peak(depart_at))

    def _put(self, key: object, wanted: Wanted) -> None:
        with self._condition:
            if key in self._wanted:
                return
            self._wanted[key] = wanted
            if len(self._wanted) > self._most_wanted:
                self._wanted.popitem(last=False)
                self.dropped += 1
            self._condition.notify()


class KnownRoads:
    """A TravelTime that answers from times by road, and for whoever has none by another model."""

    def __init__(self, known: Mapping[int, float | None], otherwise: TravelTime) -> None:
        self._known = known
        self._otherwise = otherwise

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        """Minutes of travel to each hospital, in their order; infinity where no road leads."""
        others = self._otherwise.minutes(origin, hospitals, depart_at)
        return [
            other if by_road is None else by_road
            for by_road, other in zip(
                (self._known.get(hospital.id) for hospital in hospitals), others, strict=True
            )
        ]

    def is_by_road(self, hospital_id: int) -> bool:
        """Whether that hospital's time is one by road."""
        minutes = self._known.get(hospital_id)
        return minutes is not None and isfinite(minutes)
