"""Places as people name them, and how sure anybody can be of them."""

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
