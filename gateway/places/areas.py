"""Counties, their parts, wards and towns: the way to a place for whoever cannot spell it."""

from collections.abc import Iterable, Sequence

from shared.place import Place, PlaceKind


class Areas:
    """The areas that a gazetteer's places lie in. Names are in alphabetical order."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._wards: dict[str, dict[str, list[Place]]] = {}
        self._towns: dict[str, list[Place]] = {}
        counties = set()
        for place in places:
            if not place.county:
                continue
            if place.kind is PlaceKind.COUNTY:
                counties.add(place.county)
            elif place.kind is PlaceKind.WARD and place.parent:
                parts = self._wards.setdefault(place.county, {})
                parts.setdefault(place.parent, []).append(place)
            elif place.kind is PlaceKind.TOWN:
                self._towns.setdefault(place.county, []).append(place)
        self._counties = sorted(counties | self._wards.keys() | self._towns.keys())

    @property
    def counties(self) -> Sequence[str]:
        """The counties that any place lies in."""
        return self._counties

    def sub_counties(self, county: str) -> Sequence[str]:
        """The parts of the county that wards are known in; empty when no wards were imported."""
        return sorted(self._wards.get(county, ()))

    def wards(self, county: str, sub_county: str) -> Sequence[Place]:
        """The wards of that part of the county."""
        return _by_name(self._wards.get(county, {}).get(sub_county, ()))

    def towns(self, county: str) -> Sequence[Place]:
        """The county's towns."""
        return _by_name(self._towns.get(county, ()))


def _by_name(places: Iterable[Place]) -> Sequence[Place]:
    return sorted(places, key=lambda place: (place.name, place.id))
