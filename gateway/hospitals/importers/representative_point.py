"""The one position that stands for a GeoJSON geometry (RFC 7946)."""

from collections.abc import Sequence
from typing import Any

from shared.errors import InvalidInput

Ring = Sequence[tuple[float, float]]


def representative_point(geometry: Any) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None where the geometry is null.

    A point is itself, an area the centre of its outer ring, the largest one of several. The centre
    of a bent building may lie beside it, some metres away; that of a ring which crosses itself is
    the middle of its box where it would lie outside of it. Raises InvalidInput for any other
    geometry and for coordinates that are no numbers.
    """
    if geometry is None:
        return None
    if not isinstance(geometry, dict):
        raise InvalidInput("geometry is no object.")
    kind = geometry.get("type")
    coordinates: Any = geometry.get("coordinates")
    try:
        if kind == "Point":
            ((lon, lat),) = _ring([coordinates])
            return lat, lon
        if kind == "LineString":
            return _centre(_ring(coordinates))[1]
        if kind == "Polygon":
            return _centre(_ring(coordinates[0]))[1]
        if kind == "MultiPolygon":
            return max(_centre(_ring(polygon[0])) for polygon in coordinates)[1]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise InvalidInput(f"geometry is no {kind} as in RFC 7946.") from None
    raise InvalidInput(f"geometry is a {str(kind)[:30]!r}; it should be a Point or a Polygon.")


def _ring(coordinates: Any) -> Ring:
    """Longitudes and latitudes; heights are left away."""
    ring = []
    for lon, lat, *_ in coordinates:
        if isinstance(lon, bool | str) or isinstance(lat, bool | str):
            raise TypeError
        ring.append((float(lon), float(lat)))
    if not ring:
        raise ValueError
    return ring


def _centre(ring: Ring) -> tuple[float, tuple[float, float]]:
    """The area of the ring in square degrees, and its centroid as latitude and longitude (shoelace
    formula, from the first corner so that small areas far from 0, 0 keep their digits).
    """
    lon_0, lat_0 = ring[0]
    doubled, lon_sum, lat_sum = 0.0, 0.0, 0.0
    for (lon, lat), (next_lon, next_lat) in zip(ring, (*ring[1:], ring[0]), strict=True):
        x, y, next_x, next_y = lon - lon_0, lat - lat_0, next_lon - lon_0, next_lat - lat_0
        cross = x * next_y - next_x * y
        doubled += cross
        lon_sum += (x + next_x) * cross
        lat_sum += (y + next_y) * cross
    lats, lons = [lat for _, lat in ring], [lon for lon, _ in ring]
    middle = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    if doubled == 0:
        return 0.0, middle
    lat, lon = lat_0 + lat_sum / (3 * doubled), lon_0 + lon_sum / (3 * doubled)
    # A ring that crosses itself may have its centroid anywhere, even in another country.
    if min(lats) <= lat <= max(lats) and min(lons) <= lon <= max(lons):
        middle = lat, lon
    return abs(doubled) / 2, middle
