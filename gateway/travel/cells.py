"""The patches of ground for which road times are kept."""

from math import cos, floor, radians
from typing import NamedTuple

# 500 m of latitude. Whoever is anywhere in a cell is within 360 m of its centre, a minute of
# travel: less than a typed place is uncertain by (400 m to 3 km), and coarse enough that callers of
# one neighbourhood share what was asked for one of them.
_CELL_DEGREES = 500 / 111_195
# Nearer the poles columns would become endlessly many.
_LEAST_COSINE = 0.01


class Cell(NamedTuple):
    """A patch of about 500 m by 500 m, at peak hours or beside them."""

    row: int
    column: int
    peak: bool

    @property
    def centre(self) -> tuple[float, float]:
        """Its latitude and longitude in degrees: all that a routing engine hears of a patient."""
        return (self.row + 0.5) * _CELL_DEGREES, (self.column + 0.5) * _width(self.row)


def cell_of(lat: float, lon: float, peak: bool) -> Cell:
    """The cell of a position in WGS 84 degrees."""
    row = floor(lat / _CELL_DEGREES)
    return Cell(row, floor(lon / _width(row)), peak)


def _width(row: int) -> float:
    """The degrees of longitude of a cell in that row."""
    return _CELL_DEGREES / max(cos(radians((row + 0.5) * _CELL_DEGREES)), _LEAST_COSINE)
