"""Places as lines of a list: each line carries the place itself, so that it means the same whatever
changed since it was shown.
"""

import json
from collections.abc import Iterable

from gateway.ports import FoundPlace
from ussd_menus.session import Item


def place_items(places: Iterable[FoundPlace]) -> list[Item]:
    """A line for each place."""
    return [
        Item(json.dumps([place.name, place.lat, place.lon, place.radius_m]), place.name)
        for place in places
    ]


def chosen_place(value: str) -> FoundPlace:
    """The place of a line."""
    name, lat, lon, radius_m = json.loads(value)
    return FoundPlace(name, lat, lon, radius_m)
