"""Every hospital and its availability as numpy arrays, one row each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import cos, inf, radians, sin
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.hospitals.group_arithmetic import FACTS, NUMBERS, HospitalTable
from gateway.hospitals.hospital_grid import HospitalGrid
from gateway.hospitals.matching_scan import MatchingScan
from gateway.hospitals.nearby import Nearby
from shared.errors import NotFound
from shared.geo import EARTH_RADIUS_M
from shared.hospital import STOCK, TAKES_PATIENTS, UNITS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, rank
from shared.nearest_first import rank_nearest_first

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STOCK = int(STOCK)
# A report that never came is one of 125,000 years ago: nobody believes it any more.
_NEVER_US = -4_000_000_000_000_000_000
_NEVER_TAKES = -1

T = TypeVar("T", bound=np.generic)


class _Beds(NamedTuple):
    """What a hospital last said of its beds, in whole microseconds since 1970."""

    reported_us: int
    free: float
    staffed: float
    most: float


# Of one that never said: a free bed that nobody believes in is as good as none that is known.
_NO_BEDS = _Beds(_NEVER_US, free=1.0, staffed=0.0, most=inf)


def _microseconds(at: datetime) -> int:
    """The instant as whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _unit_vector(lat: float, lon: float) -> tuple[float, float, float]:
    """The position on a sphere of radius 1, so that a distance needs no trigonometry per row."""
    return (
        cos(radians(lat)) * cos(radians(lon)),
        cos(radians(lat)) * sin(radians(lon)),
        sin(radians(lat)),
    )


def _beds(reported: Availability) -> _Beds:
    if reported.free_beds is None or reported.reported_at is None:
        return _NO_BEDS
    staffed = reported.staffed_beds
    return _Beds(
        _microseconds(reported.reported_at),
        free=float(reported.free_beds - reported.assigned_since),
        staffed=0.0 if staffed is None else float(staffed),
        most=inf if staffed is None else float(staffed),
    )


class MatchingArrays:
    """Hospitals and their availability by row. Not safe for threads: whoever shares it locks it."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._pairs: list[tuple[Hospital, Availability]] = []
        self._positions: NDArray[np.float64] = np.empty((0, 3))
        self._numbers: NDArray[np.float64] = np.empty((0, NUMBERS))
        self._facts: NDArray[np.int64] = np.empty((0, FACTS), np.int64)
        self._grid = HospitalGrid()
        # Rows whose numbers and facts are not in the arrays yet: many rankings never look there.
        self._stale: set[int] = set()

    def __len__(self) -> int:
        return len(self._pairs)

    def get(self, hospital_id: int) -> tuple[Hospital, Availability]:
        """The hospital and its availability, as the arrays know them.

        Raises NotFound.
        """
        row = self._rows.get(hospital_id)
        if row is None:
            raise NotFound("No hospital with coordinates has that number.")
        return self._pairs[row]

    def put(self, hospital: Hospital, availability: Availability) -> None:
        """Adds a hospital, or replaces what is known of it."""
        row = self._rows.get(hospital.id)
        if row is None:
            row = self._rows[hospital.id] = len(self._pairs)
            self._pairs.append((hospital, availability))
            self._grow()
            self._place(row, hospital)
        else:
            known = self._pairs[row][0]
            self._pairs[row] = (hospital, availability)
            if (known.lat, known.lon) != (hospital.lat, hospital.lon):
                self._grid.remove(row, known.lat, known.lon)
                self._place(row, hospital)
        self._stale.add(row)

    def refresh(self) -> None:
        """Brings the arrays up to date: after a load, so that no ranking has to wait for it."""
        for row in self._stale:
            self._write(row)
        self._stale.clear()

    def _write(self, row: int) -> None:
        hospital, availability = self._pairs[row]
        beds = _beds(availability)
        stock_has, stock_lacks, stock_us = 0, 0, _NEVER_US
        if availability.stock_reported_at is not None:
            stock_has = int(availability.stock_has) & _STOCK
            stock_lacks = int(availability.stock_lacks) & _STOCK & ~stock_has
            stock_us = _microseconds(availability.stock_reported_at)
        units_free, units_full, units_us = 0, 0, _NEVER_US
        if availability.units_reported_at is not None:
            units_free = int(availability.units_free) & UNITS
            units_full = int(availability.units_full) & UNITS & ~units_free
            units_us = _microseconds(availability.units_reported_at)
        # In the order in which `group_arithmetic` names them.
        self._numbers[row] = (
            beds.free,
            beds.staffed,
            beds.most,
            max(availability.assigned_since, 0),
        )
        self._facts[row] = (
            hospital.level if availability.status in TAKES_PATIENTS else _NEVER_TAKES,
            (int(hospital.has) | stock_has | units_free) & ~(stock_lacks | units_full),
            int(hospital.lacks) & ~(stock_has | units_free),
            stock_has,
            stock_lacks,
            stock_us,
            units_full,
            units_us,
            beds.reported_us,
            hospital.open_24h is False,
        )

    def remove(self, hospital_id: int) -> None:
        """Forgets a hospital; nothing happens if it is not there."""
        row = self._rows.pop(hospital_id, None)
        if row is None:
            return
        gone, _ = self._pairs[row]
        self._grid.remove(row, gone.lat, gone.lon)
        last = len(self._pairs) - 1
        if row != last:
            moved, _ = self._pairs[row] = self._pairs[last]
            self._rows[moved.id] = row
            self._grid.remove(last, moved.lat, moved.lon)
            self._grid.add(row, moved.lat, moved.lon)
            self._positions[row] = self._positions[last]
            self._stale.add(row)
        self._stale.discard(last)
        self._pairs.pop()

    def around(self, lat: float, lon: float, metres: float) -> list[tuple[Hospital, Availability]]:
        """At least those within that many metres of the position."""
        around = self._grid.around(lat, lon, metres / EARTH_RADIUS_M)
        if around is None:
            return list(self._pairs)
        return [self._pairs[row] for row in around.rows().tolist()]

    def rank(
        self, query: MatchQuery, policy: MatchPolicy, now: datetime, limit: int
    ) -> list[Match]:
        """The first `limit` matches of `shared.matching.rank` over all hospitals."""
        count = len(self._pairs)
        positions, origin = self._positions[:count], _unit_vector(query.lat, query.lon)
        nearby = Nearby(positions, self._grid, origin, query, policy)
        looked = rank_nearest_first(query, _Around(nearby, self._pairs, limit), policy, now, limit)
        if looked.matches:
            return looked.matches
        self.refresh()
        scan = MatchingScan(
            HospitalTable(positions, self._numbers[:count], self._facts[:count]),
            excluded=[self._rows[id_] for id_ in query.exclude if id_ in self._rows],
            query=query,
            policy=policy,
            nearby=nearby,
            now_us=_microseconds(now),
        )
        if looked.matches is None:
            rows = scan.shortlist(limit, looked.counts_min)
        else:
            rows = scan.last_resort(limit)
        shortlist = [self._pairs[row] for row in rows]
        return rank(query, shortlist, policy, now)[:limit]

    def nearest(self, lat: float, lon: float, count: int) -> list[tuple[Hospital, Availability]]:
        """The `count` nearest hospitals, whatever they are, in the order of their distance."""
        cosines = self._positions[: len(self._pairs)] @ np.array(_unit_vector(lat, lon))
        rows = np.arange(len(cosines))
        if count < len(rows):
            rows = np.argpartition(-cosines, count)[:count]
        ordered: list[int] = rows[(-cosines[rows]).argsort(kind="stable")].tolist()
        return [self._pairs[row] for row in ordered]

    def _place(self, row: int, hospital: Hospital) -> None:
        self._positions[row] = _unit_vector(hospital.lat, hospital.lon)
        self._grid.add(row, hospital.lat, hospital.lon)

    def _grow(self) -> None:
        size = len(self._positions)
        if len(self._pairs) <= size:
            return
        larger = max(64, size * 2)
        self._positions = _extended(self._positions, larger)
        self._numbers = _extended(self._numbers, larger)
        self._facts = _extended(self._facts, larger)


class _Around:
    """Who is around the patient, for `rank_nearest_first`."""

    def __init__(
        self, nearby: Nearby, pairs: list[tuple[Hospital, Availability]], limit: int
    ) -> None:
        self._nearby, self._pairs, self._limit = nearby, pairs, limit

    def first_min(self, tier_min: float) -> float:
        # In a crowd the very nearest often decide who is the first, and seldom the first five.
        return self._nearby.few_min(tier_min) if self._limit == 1 else tier_min

    def ring(self, reach_min: float) -> Iterator[tuple[Hospital, Availability]] | None:
        rows = self._nearby.ring(reach_min)
        return None if rows is None else map(self._pairs.__getitem__, rows)


def _extended(array: NDArray[T], rows: int) -> NDArray[T]:
    extended = np.zeros((rows, array.shape[1]), array.dtype)
    extended[: len(array)] = array
    return extended
