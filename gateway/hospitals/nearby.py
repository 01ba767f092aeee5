"""Who is around one patient: the rows within a time of travel, found by a grid instead of
multiplying every position in the register.
"""

from math import cos, pi

import numpy as np
from numpy.typing import NDArray

from gateway.hospitals.hospital_grid import Around, HospitalGrid, Rows
from shared.geo import EARTH_RADIUS_M
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

Floats = NDArray[np.float64]

# Wider than what rounding does to angles.
MARGIN_RADIANS = 1e-5
# So many positions are multiplied faster than looked for in the grid.
_ALL_AT_ONCE = 2_000
# With more of them in a tier, array operations are faster than one after another.
_MANY = 150
# With more of them in the cells around, nobody counts how many are within the tier.
_MOST_AROUND = 600
# In a crowd the very nearest may decide by themselves: about so many of them are looked at, then
# whoever is near enough to be better.
_FEW = 15


class Nearby:
    """The rows around one query's patient; what was looked for once is kept."""

    def __init__(
        self,
        positions: Floats,
        grid: HospitalGrid,
        origin: tuple[float, float, float],
        query: MatchQuery,
        policy: MatchPolicy,
    ) -> None:
        """`positions` and `origin` are unit vectors from the earth's centre."""
        self.origin = np.array(origin)
        self._positions = positions
        self._grid = grid
        self._query = query
        self._policy = policy
        self._pace = policy.travel.pace(query.urban, query.depart_at)
        self._cells: dict[float, Around | None] = {}
        self._within: dict[float, tuple[Rows, Floats]] = {}
        self._all_cosines: Floats | None = None
        self._looked_at: set[int] = set()

    def few_min(self, tier_min: float) -> float:
        """Within this time is a handful where the tier holds a crowd; else the tier's own."""
        crowd = self.crowd(tier_min)
        # As many as these would be so near if all were spread evenly.
        return tier_min if crowd <= _MOST_AROUND else tier_min * (_FEW / crowd) ** 0.5

    def ring(self, reach_min: float) -> list[int] | None:
        """All rows within that time that no ring before had, and some beyond it, in the order of
        their distance; None where they are many.
        """
        if self.crowd(reach_min) > _MOST_AROUND:
            return None
        rows, cosines = self.within(reach_min)
        if len(rows) > _MANY:
            return None
        nearest: list[int] = rows[(-cosines).argsort()].tolist()
        ring = (
            [row for row in nearest if row not in self._looked_at] if self._looked_at else nearest
        )
        self._looked_at.update(nearest)
        return ring

    def crowd(self, reach_min: float) -> int:
        """How many are within that reach or next to it, as far as the grid tells at a glance; 0
        where it does not.
        """
        around = self._around(reach_min)
        return 0 if around is None else around.count()

    def within(self, reach_min: float) -> tuple[Rows, Floats]:
        """At least every row within that many minutes, and the cosines of their angles."""
        found = self._within.get(reach_min)
        if found is None:
            angle, around = self.angle(reach_min), self._around(reach_min)
            rows = None if around is None else around.rows()
            cosines = self._everybody() if rows is None else self.cosines(rows)
            places = (cosines >= (cos(angle) if angle < pi else -2.0)).nonzero()[0]
            found = places if rows is None else rows[places], cosines[places]
            self._within[reach_min] = found
        return found

    def angle(self, reach_min: float) -> float:
        """Within this angle of the patient, seen from the earth's centre, is whoever can be reached
        in that time.
        """
        pace = self._pace
        stretch_min = pace.stretch_m * pace.near
        if reach_min <= stretch_min:
            road_m = reach_min / pace.near
        else:
            road_m = pace.stretch_m + (reach_min - stretch_min) / pace.beyond
        return road_m / self._policy.travel.detour / EARTH_RADIUS_M + MARGIN_RADIANS

    def cosines(self, rows: Rows) -> Floats:
        """Of the angles between these rows and the patient."""
        cosines: Floats = self._positions.take(rows, axis=0) @ self.origin
        return cosines

    def _around(self, reach_min: float) -> Around | None:
        """The rows of the cells there; None where all are looked at."""
        if len(self._positions) <= _ALL_AT_ONCE:
            return None
        if reach_min not in self._cells:
            lat, lon = self._query.lat, self._query.lon
            self._cells[reach_min] = self._grid.around(lat, lon, self.angle(reach_min))
        return self._cells[reach_min]

    def _everybody(self) -> Floats:
        """The cosines of all rows."""
        if self._all_cosines is None:
            self._all_cosines = self._positions @ self.origin
        return self._all_cosines
