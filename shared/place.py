"""Places as people name them, and how sure anybody can be of them."""

import re
from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    """What sort of thing a place is, from large to small."""

    COUNTY = "county"
    AREA = "area"  # a division, location or stretch of land
    WARD = "ward"
    TOWN = "town"
    VILLAGE = "village"
    LANDMARK = "landmark"  # a school, market, church, clinic
    STAGE = "stage"  # where matatus stop
    POSITION = "position"  # coordinates that somebody typed


# How far off a place of that kind may be, in metres, where its source does not say. A ward's people
# live about 3 km (median) from its centroid.
TYPICAL_RADIUS_M = {
    PlaceKind.COUNTY: 40_000.0,
    PlaceKind.AREA: 5_000.0,
    PlaceKind.WARD: 3_000.0,
    PlaceKind.TOWN: 2_500.0,
    PlaceKind.VILLAGE: 1_500.0,
    PlaceKind.LANDMARK: 300.0,
    PlaceKind.STAGE: 200.0,
    PlaceKind.POSITION: 50.0,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A named place. WGS 84 degrees; `radius_m` is how far off it may be, in metres; `parent` is
    the next larger area. `id` is 0 for a position that somebody typed.
    """

    id: int
    name: str
    kind: PlaceKind
    county: str
    parent: str
    lat: float
    lon: float
    radius_m: float

    @property
    def label(self) -> str:
        """The name with what tells it from others of that name: `Olympic, Kibra, Nairobi`."""
        parts = [self.name]
        for larger in (self.parent, self.county):
            if larger and larger not in parts:
                parts.append(larger)
        return ", ".join(parts)


_POSITION = re.compile(r"\s*([+-]?\d{1,2}\.\d{2,8})\s*[, ]\s*([+-]?\d{1,3}\.\d{2,8})\s*")


def parse_position(text: str) -> tuple[float, float] | None:
    """Latitude and longitude out of text such as `-1.29210, 36.82190`; None if it is anything
    else. Whole degrees are not taken: they are more likely a house number.
    """
    match = _POSITION.fullmatch(text)
    return None if match is None else (float(match[1]), float(match[2]))
