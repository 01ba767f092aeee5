"""Counties, their parts, wards and towns: the way to a place for whoever cannot spell it."""

from collections.abc import Iterable, Sequence

from gateway.places.same_place import are_one
from shared.place import Place, PlaceKind

# What is offered of a county without wards: the first of these kinds that it has any of.
_SETTLED = (PlaceKind.TOWN, PlaceKind.VILLAGE, PlaceKind.STAGE, PlaceKind.LANDMARK)


class Areas:
    """The areas that a gazetteer's places lie in. Everything is in alphabetical order."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._wards: dict[str, dict[str, list[Place]]] = {}
        settled: dict[str, dict[PlaceKind, list[Place]]] = {}
        counties = set()
        for place in places:
            if not place.county:
                continue
            counties.add(place.county)
            if place.kind is PlaceKind.WARD and place.parent:
                parts = self._wards.setdefault(place.county, {})
                parts.setdefault(place.parent, []).append(place)
            elif place.kind in _SETTLED:
                kinds = settled.setdefault(place.county, {})
                kinds.setdefault(place.kind, []).append(place)
        self.counties: Sequence[str] = sorted(counties)
        # The others are never offered: most of a country's places need not be kept here.
        self._towns = {
            county: next(kinds[kind] for kind in _SETTLED if kind in kinds)
            for county, kinds in settled.items()
        }

    def sub_counties(self, county: str) -> Sequence[str]:
        """The parts of the county that wards are known in; empty when no wards were imported."""
        return sorted(self._wards.get(county, ()))

    def wards(self, county: str, sub_county: str) -> Sequence[Place]:
        """The wards of that part of the county."""
        return _by_name(self._wards.get(county, {}).get(sub_county, ()))

    def towns(self, county: str) -> Sequence[Place]:
        """The county's towns; where none is known, its villages, or else what there is."""
        return _by_name(self._towns.get(county, ()))


def _by_name(places: Iterable[Place]) -> Sequence[Place]:
    """In alphabetical order, each once, whichever of two sources named it first."""
    chosen: list[Place] = []
    for place in sorted(places, key=lambda place: (place.name, place.id)):
        if not chosen or not are_one(place, chosen[-1]):
            chosen.append(place)
    return chosen
