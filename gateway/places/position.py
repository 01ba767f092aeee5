"""A position that somebody gives in degrees, as a place."""

from gateway.ports import FoundPlace
from shared.errors import InvalidInput
from shared.geo import COUNTRY_BOXES, check_position, looks_swapped
from shared.place import TYPICAL_RADIUS_M, PlaceKind


def place_at(lat: float, lon: float, country: str, accuracy_m: float | None = None) -> FoundPlace:
    """The place at this position; `country` is ISO 3166 alpha-2.

    Raises InvalidInput for a position that cannot be, or whose two numbers look swapped.
    """
    check_position(lat, lon)
    box = COUNTRY_BOXES.get(country)
    if box is not None and looks_swapped(lat, lon, box):
        raise InvalidInput("lat and lon look swapped: latitude is the one near the equator's 0.")
    typical_m = TYPICAL_RADIUS_M[PlaceKind.POSITION]
    radius_m = round(typical_m if accuracy_m is None else max(accuracy_m, 1.0))
    return FoundPlace(f"{lat:.5f}, {lon:.5f}", lat, lon, radius_m)
