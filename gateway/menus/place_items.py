"""Places as lines of a list: each line carries the place itself, so that it means the same whatever
changed since it was shown.
"""

from collections.abc import Iterable

from pydantic_core import from_json, to_json

from gateway.ports import FoundPlace
from ussd_menus.session import Item


def place_items(places: Iterable[FoundPlace]) -> list[Item]:
    """A line for each place."""
    return [
        Item(to_json([place.name, place.lat, place.lon, place.radius_m]).decode(), place.name)
        for place in places
    ]


def chosen_place(value: str) -> FoundPlace:
    """The place of a line."""
    name, lat, lon, radius_m = from_json(value)
    return FoundPlace(name, lat, lon, radius_m)
