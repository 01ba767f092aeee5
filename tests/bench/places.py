"""How often the gazetteer finds what was meant by a misspelt name, and how long it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter

from gateway.places.gazetteer import Gazetteer
from gateway.places.spelling import words
from shared.geo import distance_m
from shared.place import Place
from tests.bench.typist import Habits, type_place

# For help on the way that is the place.
_NEAR_ENOUGH_M = 5_000.0


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody typed, and the place that they mean."""

    typed: str
    meant: Place


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of the tries: the first hit was right, and one of the first three.

    A hit is right within 5 km of what was meant; strictly, when it is the place itself, or one of
    that name in that county as near. `seconds` is the mean of one search.
    """

    tries: int
    first: float
    first_three: float
    strictly_first: float
    strictly_first_three: float
    seconds: float


class Queries:
    """What people type for the places of a gazetteer."""

    def __init__(self, gazetteer: Gazetteer, habits: Habits, rng: Random) -> None:
        self._habits = habits
        self._rng = rng
        self._namesakes: dict[str, list[Place]] = {}
        for place in gazetteer.places:
            self._namesakes.setdefault(_joined(place), []).append(place)

    def about(self, meant: Sequence[Place], *, county_known: bool) -> list[Query]:
        """One query for each place. Whoever means a place that is not the only one of its name, in
        its county where that is known, or else in the country, says what lies around it: nobody
        could know otherwise which they mean.
        """
        return [self._query(place, county_known) for place in meant]

    def _query(self, place: Place, county_known: bool) -> Query:
        must_tell = any(
            distance_m(place.lat, place.lon, other.lat, other.lon) > _NEAR_ENOUGH_M
            for other in self._namesakes[_joined(place)]
            if not county_known or other.county == place.county
        )
        around = place.parent or place.county
        return Query(type_place(place.name, around, must_tell, self._habits, self._rng), place)


def measure(queries: Sequence[Query], search: Callable[[Query], Sequence[Place]]) -> Found:
    """Searches for each; `search` gives three places at most."""
    near, strict = [0, 0], [0, 0]
    seconds = 0.0
    for query in queries:
        began = perf_counter()
        hits = search(query)
        seconds += perf_counter() - began
        meant = query.meant
        right = [
            distance_m(hit.lat, hit.lon, meant.lat, meant.lon) <= _NEAR_ENOUGH_M for hit in hits
        ]
        very = [
            is_near and (hit.id == meant.id or _is_namesake(hit, meant))
            for hit, is_near in zip(hits, right, strict=True)
        ]
        for counted, marks in ((near, right), (strict, very)):
            counted[0] += any(marks[:1])
            counted[1] += any(marks[:3])
    tries = len(queries)
    return Found(
        tries,
        near[0] / tries,
        near[1] / tries,
        strict[0] / tries,
        strict[1] / tries,
        seconds / tries,
    )


def by_gazetteer(gazetteer: Gazetteer, *, county_known: bool) -> Callable[[Query], list[Place]]:
    """Haven's search."""

    def search(query: Query) -> list[Place]:
        county = query.meant.county if county_known else None
        return [hit.place for hit in gazetteer.search(query.typed, county=county)]

    return search


def _is_namesake(place: Place, other: Place) -> bool:
    return place.county == other.county and _joined(place) == _joined(other)


def _joined(place: Place) -> str:
    return "".join(words(place.name))
