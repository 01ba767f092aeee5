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
_CELL_DEGREES = 0.25
_COLUMNS = round(360 / _CELL_DEGREES)
# From so many cells on, looking at every hospital takes no longer.
_MOST_CELLS = 400
# Far more than rounding does to a position.
_MARGIN_DEGREES = 1e-6
_NOBODY: Rows = np.empty(0, np.intp)


class HospitalGrid:
    """Rows by cells of latitude and longitude (WGS 84 degrees). Not safe for threads."""

    def __init__(self) -> None:
        self._rows: dict[int, list[int]] = {}
        # What of it was asked for since it changed.
        self._arrays: dict[int, Rows] = {}

    def add(self, row: int, lat: float, lon: float) -> None:
        """A hospital is at this place."""
        cell = _cell(lat, lon)
        self._rows.setdefault(cell, []).append(row)
        self._arrays.pop(cell, None)

    def remove(self, row: int, lat: float, lon: float) -> None:
        """It is there no more."""
        cell = _cell(lat, lon)
        self._rows[cell].remove(row)
        self._arrays.pop(cell, None)

    def around(self, lat: float, lon: float, angle: float) -> Rows | None:
        """All rows within this angle (radians, from the earth's centre), and some beyond it; None
        where that may be nearly everybody.
        """
        reach = degrees(angle) + _MARGIN_DEGREES
        south, north = lat - reach, lat + reach
        if south <= -90.0 or north >= 90.0:
            return None
        # On a parallel the furthest point is not on the patient's own, but a little nearer the
        # pole.
        sideways = degrees(asin(min(sin(radians(reach)) / cos(radians(lat)), 1.0)))
        sideways += _MARGIN_DEGREES
        bottom, top = floor(south / _CELL_DEGREES), floor(north / _CELL_DEGREES)
        left, right = (
            floor((lon - sideways) / _CELL_DEGREES),
            floor((lon + sideways) / _CELL_DEGREES),
        )
        if (top - bottom + 1) * (right - left + 1) > _MOST_CELLS:
            return None
        found = []
        for line in range(bottom, top + 1):
            for column in range(left, right + 1):
                cell = line * _COLUMNS + column % _COLUMNS
                if cell in self._rows:
                    found.append(self._array(cell))
        return np.concatenate(found) if found else _NOBODY

    def _array(self, cell: int) -> Rows:
        array = self._arrays.get(cell)
        if array is None:
            array = self._arrays[cell] = np.array(self._rows[cell], np.intp)
        return array


def _cell(lat: float, lon: float) -> int:
    return floor(lat / _CELL_DEGREES) * _COLUMNS + floor(lon / _CELL_DEGREES) % _COLUMNS
