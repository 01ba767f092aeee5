"""Positions on the earth: distances, and the checks that a typed or imported position must pass.

All coordinates are WGS 84 degrees, latitude first.
"""

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt

from shared.errors import InvalidInput

# The IUGG's mean radius: great circles on this sphere are within 0.6 % of the geodesic.
EARTH_RADIUS_M = 6_371_008.8


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The great-circle distance in metres between two positions (haversine formula)."""
    half_lat = sin(radians(other_lat - lat) / 2)
    half_lon = sin(radians(other_lon - lon) / 2)
    square = half_lat * half_lat + cos(radians(lat)) * cos(radians(other_lat)) * half_lon * half_lon
    # Rounding may carry antipodes a hair above one, where asin is not defined.
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(square, 1.0)))


def check_position(lat: float, lon: float) -> None:
    """Raises InvalidInput unless the latitude is in -90..90 and the longitude in -180..180.

    Exactly 0, 0 is refused too: it lies in the sea off Ghana, and phones and registers write it for
    "not known".
    """
    if not (isfinite(lat) and isfinite(lon)):
        raise InvalidInput("The position is not a number; give degrees such as -1.29210, 36.82190.")
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise InvalidInput(
            f"The position {lat:g}, {lon:g} is not on the earth; "
            "give latitude (-90 to 90) and then longitude (-180 to 180)."
        )
    if lat == 0 and lon == 0:
        raise InvalidInput("The position 0, 0 means that nobody knows it; give the real one.")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of degrees that holds a country."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


# Each box is a little wider than the country, so that a border post is never refused.
COUNTRY_BOXES = {
    "KE": Box(south=-4.9, west=33.7, north=5.6, east=42.1),
}


def looks_swapped(lat: float, lon: float, box: Box) -> bool:
    """Whether the position lies outside the country but would lie inside it the other way round."""
    return not box.holds(lat, lon) and box.holds(lon, lat)


def check_in_country(lat: float, lon: float, country: str) -> None:
    """Raises InvalidInput when the position cannot be in the country (ISO 3166 alpha-2), and says
    so when latitude and longitude look swapped.

    For a country whose box is not known, only `check_position` applies.
    """
    box = COUNTRY_BOXES.get(country)
    if box is not None and looks_swapped(lat, lon, box):
        raise InvalidInput(
            f"Latitude and longitude look swapped: {lat:g}, {lon:g} is outside {country}, "
            f"{lon:g}, {lat:g} is inside. Correct the row and import again."
        )
    check_position(lat, lon)
    if box is not None and not box.holds(lat, lon):
        raise InvalidInput(f"The position {lat:g}, {lon:g} is outside {country}.")
