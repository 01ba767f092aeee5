"""Places as columns of numbers: an object for each would take five times the memory."""

from collections.abc import Collection, Iterator, Sequence
from math import cos, radians
from typing import overload

import numpy as np
from numpy.typing import NDArray

from shared.place import Place, PlaceKind

# Kinds by their code.
KINDS = tuple(PlaceKind)
_KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}


class PlaceColumns(Sequence[Place]):
    """Places by number; each is put together when it is asked for. Never changed."""

    __slots__ = (
        "_county",
        "_county_names",
        "_names",
        "_parent",
        "_parent_names",
        "_radius_m",
        "ids",
        "kinds",
        "lat",
        "lon",
    )

    def __init__(self, places: Sequence[Place]) -> None:
        self._names = [place.name for place in places]
        self.ids = np.array([place.id for place in places], dtype=np.int64)
        # Codes of KINDS.
        self.kinds = np.array([_KIND_CODES[place.kind] for place in places], dtype=np.uint8)
        self.lat = np.array([place.lat for place in places], dtype=np.float64)
        self.lon = np.array([place.lon for place in places], dtype=np.float64)
        self._radius_m = np.array([place.radius_m for place in places], dtype=np.float32)
        counties = {
            name: code for code, name in enumerate(dict.fromkeys(place.county for place in places))
        }
        parents = {
            name: code for code, name in enumerate(dict.fromkeys(place.parent for place in places))
        }
        self._county = np.array([counties[place.county] for place in places], dtype=np.int16)
        self._parent = np.array([parents[place.parent] for place in places], dtype=np.int32)
        self._county_names = tuple(counties)
        self._parent_names = tuple(parents)

    def in_county(self, county: str) -> NDArray[np.bool_]:
        """For each place, whether it lies there."""
        if county not in self._county_names:
            return np.zeros(len(self), dtype=np.bool_)
        return np.equal(self._county, self._county_names.index(county), dtype=np.bool_)

    def nearest(self, lat: float, lon: float, kinds: Collection[PlaceKind]) -> Place | None:
        """The nearest place of these kinds; flat distances are enough here."""
        among = np.flatnonzero(np.isin(self.kinds, [_KIND_CODES[kind] for kind in kinds]))
        if not len(among):
            return None
        north = self.lat[among] - lat
        east = (self.lon[among] - lon) * cos(radians(lat))
        return self[int(among[np.argmin(north * north + east * east)])]

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, number: int) -> Place: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Place]: ...
    def __getitem__(self, number: int | slice) -> Place | Sequence[Place]:
        if isinstance(number, slice):
            return [self[at] for at in range(*number.indices(len(self)))]
        return Place(
            id=int(self.ids[number]),
            name=self._names[number],
            kind=KINDS[self.kinds[number]],
            county=self._county_names[self._county[number]],
            parent=self._parent_names[self._parent[number]],
            lat=float(self.lat[number]),
            lon=float(self.lon[number]),
            radius_m=float(self._radius_m[number]),
        )

    def __iter__(self) -> Iterator[Place]:
        return (self[number] for number in range(len(self)))
