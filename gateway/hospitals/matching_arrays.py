"""Every hospital and its availability as numpy arrays, one row each."""

from datetime import UTC, datetime, timedelta
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.hospitals.matching_scan import MatchingScan
from shared.errors import NotFound
from shared.hospital import STOCK, TAKES_PATIENTS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.matching import MatchQuery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_COLUMNS: dict[str, type[np.generic]] = {
    "level": np.int64,
    "has": np.int64,
    "lacks": np.int64,
    "stock_has": np.int64,
    "stock_lacks": np.int64,
    "stock_reported_us": np.int64,
    "reported_us": np.int64,
    "takes": np.bool_,
    "day_only": np.bool_,
    "free_beds": np.float64,
    "staffed_beds": np.float64,
    "assigned": np.float64,
}


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


class MatchingArrays:
    """Hospitals and their availability by row. Not safe for threads: whoever shares it locks it."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._pairs: list[tuple[Hospital, Availability]] = []
        self._positions: NDArray[np.float64] = np.empty((0, 3))
        self._columns: dict[str, NDArray[Any]] = {
            name: np.empty(0, dtype) for name, dtype in _COLUMNS.items()
        }

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
            self._positions[row] = _unit_vector(hospital.lat, hospital.lon)
        else:
            known = self._pairs[row][0]
            if (known.lat, known.lon) != (hospital.lat, hospital.lon):
                self._positions[row] = _unit_vector(hospital.lat, hospital.lon)
            self._pairs[row] = (hospital, availability)
        reported_stock = availability.stock_reported_at is not None
        stock_has = availability.stock_has & STOCK if reported_stock else 0
        stock_lacks = availability.stock_lacks & STOCK & ~stock_has if reported_stock else 0
        values: dict[str, float] = {
            "level": hospital.level,
            "has": (hospital.has | stock_has) & ~stock_lacks,
            "lacks": hospital.lacks & ~stock_has,
            "stock_has": stock_has,
            "stock_lacks": stock_lacks,
            "stock_reported_us": 0
            if availability.stock_reported_at is None
            else _microseconds(availability.stock_reported_at),
            "reported_us": 0
            if availability.reported_at is None
            else _microseconds(availability.reported_at),
            "takes": availability.status in TAKES_PATIENTS,
            "day_only": hospital.open_24h is False,
            "free_beds": np.nan
            if availability.free_beds is None or availability.reported_at is None
            else availability.free_beds,
            "staffed_beds": np.nan
            if availability.staffed_beds is None
            else availability.staffed_beds,
            "assigned": availability.assigned_since,
        }
        for name, value in values.items():
            self._columns[name][row] = value

    def remove(self, hospital_id: int) -> None:
        """Forgets a hospital; nothing happens if it is not there."""
        row = self._rows.pop(hospital_id, None)
        if row is None:
            return
        last = len(self._pairs) - 1
        if row != last:
            self._pairs[row] = self._pairs[last]
            self._rows[self._pairs[row][0].id] = row
            self._positions[row] = self._positions[last]
            for column in self._columns.values():
                column[row] = column[last]
        self._pairs.pop()

    def shortlist(
        self, query: MatchQuery, policy: MatchPolicy, now: datetime, limit: int
    ) -> list[tuple[Hospital, Availability]]:
        """Hospitals of which `rank` makes the same first `limit` matches as of all of them."""
        count = len(self._pairs)
        columns = {name: column[:count] for name, column in self._columns.items()}
        excluded = [self._rows[id_] for id_ in query.exclude if id_ in self._rows]
        scan = MatchingScan(
            columns=columns,
            positions=self._positions[:count],
            excluded=excluded,
            query=query,
            policy=policy,
            origin=_unit_vector(query.lat, query.lon),
            now_us=_microseconds(now),
        )
        # One more where the stabiliser in front may be one of the others.
        return [self._pairs[row] for row in scan.shortlist(limit + query.stabilise_first)]

    def _grow(self) -> None:
        size = len(self._positions)
        if len(self._pairs) <= size:
            return
        larger = max(64, size * 2)
        positions = np.zeros((larger, 3))
        positions[:size] = self._positions
        self._positions = positions
        for name, column in self._columns.items():
            extended = np.zeros(larger, column.dtype)
            extended[:size] = column
            self._columns[name] = extended
