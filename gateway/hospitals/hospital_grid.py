"""Which hospitals may be near a place, without looking at all of them.

A query that multiplied ten thousand positions took a quarter of a raise turn: less for the
arithmetic than because so much memory drives out of the processor's cache what the rest of the turn
needs.
"""

from math import asin, cos, degrees, floor, radians, sin

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]

# A quarter of a degree is 28 km of latitude: the nearest tier of the default policy is nine cells.
_WIDE_DEGREES = 0.25
# Within a town with thousands: 2 km.
_NARROW_DEGREES = 0.02
# From so many cells on, wider ones take no longer, or looking at every hospital.
_MOST_NARROW = 100
_MOST_WIDE = 400
# Far more than rounding does to a position.
_MARGIN_DEGREES = 1e-6
_NOBODY: Rows = np.empty(0, np.intp)


class HospitalGrid:
    """Rows by cells of latitude and longitude (WGS 84 degrees). Not safe for threads."""

    def __init__(self) -> None:
        self._narrow = _Cells(_NARROW_DEGREES)
        self._wide = _Cells(_WIDE_DEGREES)

    def add(self, row: int, lat: float, lon: float) -> None:
        """A hospital is at this place."""
        self._narrow.add(row, lat, lon)
        self._wide.add(row, lat, lon)

    def remove(self, row: int, lat: float, lon: float) -> None:
        """It is there no more."""
        self._narrow.remove(row, lat, lon)
        self._wide.remove(row, lat, lon)

    def around(self, lat: float, lon: float, angle: float) -> "Around | None":
        """All rows within this angle (radians, from the earth's centre), and some beyond it; None
        where that may be nearly everybody.
        """
        for cells, most in ((self._narrow, _MOST_NARROW), (self._wide, _MOST_WIDE)):
            within = cells.within(lat, lon, angle, most)
            if within is not None:
                return Around(cells, within)
        return None


class Around:
    """The rows of some cells."""

    def __init__(self, cells: "_Cells", within: list[int]) -> None:
        self._cells, self._within = cells, within

    def count(self) -> int:
        """How many they are, without looking at them."""
        return sum(map(self._cells.count, self._within))

    def rows(self) -> Rows:
        """All of them."""
        return np.concatenate([self._cells.array(cell) for cell in self._within] or [_NOBODY])


class _Cells:
    """Cells of one size."""

    def __init__(self, size: float) -> None:
        self._degrees = size
        self._columns = round(360 / size)
        self._rows: dict[int, list[int]] = {}
        # What of it was asked for since it changed.
        self._arrays: dict[int, Rows] = {}

    def add(self, row: int, lat: float, lon: float) -> None:
        cell = self._cell(lat, lon)
        self._rows.setdefault(cell, []).append(row)
        self._arrays.pop(cell, None)

    def remove(self, row: int, lat: float, lon: float) -> None:
        cell = self._cell(lat, lon)
        self._rows[cell].remove(row)
        self._arrays.pop(cell, None)

    def within(self, lat: float, lon: float, angle: float, most: int) -> list[int] | None:
        """The cells that hold anybody within the angle; None where there are more cells there."""
        reach = degrees(angle) + _MARGIN_DEGREES
        south, north = lat - reach, lat + reach
        if south <= -90.0 or north >= 90.0:
            return None
        # On a parallel the furthest point is not on the patient's own, but a little nearer the
        # pole.
        sideways = degrees(asin(min(sin(radians(reach)) / cos(radians(lat)), 1.0)))
        sideways += _MARGIN_DEGREES
        bottom, top = floor(south / self._degrees), floor(north / self._degrees)
        left = floor((lon - sideways) / self._degrees)
        right = floor((lon + sideways) / self._degrees)
        if (top - bottom + 1) * (right - left + 1) > most:
            return None
        cells = (
            line * self._columns + column % self._columns
            for line in range(bottom, top + 1)
            for column in range(left, right + 1)
        )
        return [cell for cell in cells if cell in self._rows]

    def array(self, cell: int) -> Rows:
        array = self._arrays.get(cell)
        if array is None:
            array = self._arrays[cell] = np.array(self._rows[cell], np.intp)
        return array

    def count(self, cell: int) -> int:
        return len(self._rows[cell])

    def _cell(self, lat: float, lon: float) -> int:
        columns = self._columns
        return floor(lat / self._degrees) * columns + floor(lon / self._degrees) % columns
