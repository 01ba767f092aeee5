"""What lies around a place: the ward, its part of the county, the county."""

from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.places.spelling import words
from shared.place import Place, PlaceKind

# Places whose distances are held at once, each to every ward.
_AT_ONCE = 100


class Surroundings(NamedTuple):
    """What lies around a place, as words; places of one ward share one."""

    county: str
    words: tuple[str, ...]


def with_surroundings(
    places: Sequence[Place],
) -> tuple[list[Place], NDArray[np.int32], list[Surroundings]]:
    """The places, each with a parent and a county: those of the nearest ward (or else town), where
    the source named none. And for each the number of its surroundings in the list of them.
    """
    split: dict[str, tuple[str, ...]] = {}
    numbers: dict[Surroundings, int] = {}

    def around(place: Place, *more: str) -> int:
        every: dict[str, None] = {}
        for name in (place.parent, place.county, *more):
            if name not in split:
                split[name] = words(name)
            every.update(dict.fromkeys(split[name]))
        return numbers.setdefault(Surroundings(place.county, tuple(every)), len(numbers))

    known = [
        place for place in places if place.county and place.kind in (PlaceKind.WARD, PlaceKind.TOWN)
    ]
    wards = [place for place in known if place.kind is PlaceKind.WARD] or known
    if not wards:
        of_each = np.array([around(place) for place in places], dtype=np.int32)
        return list(places), of_each, list(numbers)
    filled: list[Place] = []
    surroundings = array("i")
    for place, number in zip(places, _nearest(places, wards), strict=True):
        ward = wards[number]
        if place.kind is PlaceKind.COUNTY:
            filled.append(place)
            surroundings.append(around(place))
            continue
        parent = place.parent or (ward.name if ward.name != place.name else ward.parent)
        filled.append(replace(place, parent=parent, county=place.county or ward.county))
        surroundings.append(around(filled[-1], ward.name, ward.parent))
    return filled, np.array(surroundings, dtype=np.int32), list(numbers)


def _nearest(places: Sequence[Place], among: Sequence[Place]) -> list[int]:
    """For each place, the number of the nearest of the others; flat distances are enough here."""
    targets = np.array([(place.lat, place.lon) for place in among])
    found: list[int] = []
    for start in range(0, len(places), _AT_ONCE):
        block: NDArray[np.float64] = np.array(
            [(place.lat, place.lon) for place in places[start : start + _AT_ONCE]]
        )
        offsets = block[:, None, :] - targets[None, :, :]
        found.extend(int(number) for number in (offsets**2).sum(axis=2).argmin(axis=1))
    return found
