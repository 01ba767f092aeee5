"""The gazetteer in memory: what a frightened person types, against every place that is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp

import numpy as np
from numpy.typing import NDArray

from gateway.places.areas import Areas
from gateway.places.counties import Counties
from gateway.places.gram_index import GramIndex
from gateway.places.likeness import Name, Surroundings, Typed
from gateway.places.spelling import EVERYDAY, GENERIC, words
from shared.errors import InvalidInput
from shared.geo import check_position, distance_m
from shared.place import TYPICAL_RADIUS_M, Place, PlaceKind, parse_position

_CANDIDATES = 90
_LONGEST_TEXT = 120
_MOST_WORDS = 8
# Words of a name within a sentence, and letters of one that is a single word.
_LONGEST_NAME = 4
_SHORTEST_NAME = 4
# Hits of one name that are nearer than this are one place to a caller.
_SAME_PLACE_M = 2_500.0

# By these a position is described to people.
_CALLED_BY_NAME = frozenset(
    {PlaceKind.WARD, PlaceKind.TOWN, PlaceKind.VILLAGE, PlaceKind.LANDMARK, PlaceKind.STAGE}
)

# The linear score. Found by trying on generated misspellings (tests/bench/places.py).
_TYPED_WEIGHT = 0.55
_NAME_WEIGHT = 0.22
_WHOLE_WEIGHT = 0.23
_KIND_BONUS = {
    PlaceKind.COUNTY: 0.03,
    PlaceKind.WARD: 0.04,
    PlaceKind.TOWN: 0.05,
    PlaceKind.VILLAGE: 0.03,
    PlaceKind.STAGE: 0.02,
    PlaceKind.AREA: 0.02,
    PlaceKind.LANDMARK: 0.0,
    PlaceKind.POSITION: 0.0,
}
_EXACT_BONUS = 0.05
_ALIAS_MALUS = 0.02
_COUNTY_BONUS = 0.12
_NEAR_BONUS = 0.10
_NEAR_SCALE_M = 30_000.0
_LEAST_SCORE = 0.42


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place that may be meant. `score` is about 0 to 1.2, comparable within one search; `exact`
    is whether the words are a name of it, letter by letter.
    """

    place: Place
    score: float
    exact: bool


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place with its other names and its population (0: not known)."""

    place: Place
    aliases: tuple[str, ...] = ()
    population: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    """One name of one place, which is given by its number."""

    place: int
    name: Name
    is_alias: bool


class Gazetteer:
    """Searches places by name. Built once (about a second for 25,000 places), then only read, so
    threads may share it.
    """

    def __init__(self, named: Sequence[NamedPlace], country: str) -> None:
        """`country` is ISO 3166 alpha-2."""
        self._counties = Counties(country)
        self._places, self._around = _with_surroundings([each.place for each in named])
        self.areas = Areas(self._places)
        self._prominence = [min(each.population, 1_000_000) / 1e6 * 0.05 for each in named]
        self._entries: list[_Entry] = []
        split_names: list[tuple[str, ...]] = []
        for number, each in enumerate(named):
            for name in dict.fromkeys((each.place.name, *each.aliases)):
                split = words(name)
                if split:
                    split_names.append(split)
                    self._entries.append(_Entry(number, Name(split), name != each.place.name))
        self._named: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            self._named.setdefault(entry.name.joined, []).append(number)
        self._index = GramIndex(split_names)

    def __len__(self) -> int:
        return len(self._places)

    def search(
        self,
        text: str,
        county: str | None = None,
        near: tuple[float, float] | None = None,
        limit: int = 3,
    ) -> list[PlaceHit]:
        """The places that the text may mean, likeliest first; empty when nothing is like it.

        `county` and `near` (latitude, longitude) are hints that move places up and leave none out.
        A typed position is the only hit of its own. Text beyond 120 characters is not looked at.
        """
        text = text[:_LONGEST_TEXT]
        typed_position = self._typed_position(text)
        if typed_position is not None:
            return [typed_position]
        typed = words(text)[:_MOST_WORDS]
        if not typed or not self._entries:
            return []
        hinted = self._counties.find(county) if county else None
        query = Typed(typed)
        best: dict[int, tuple[float, bool]] = {}
        for number in self._index.likeliest(typed, _CANDIDATES):
            entry = self._entries[number]
            judged = self._judge(query, entry, hinted, near)
            known = best.get(entry.place)
            if known is None or known[0] < judged[0]:
                best[entry.place] = judged
        likely = sorted(
            (
                PlaceHit(self._places[place], score, exact)
                for place, (score, exact) in best.items()
                if score >= _LEAST_SCORE
            ),
            key=lambda hit: (-hit.score, hit.place.id),
        )
        return _distinct(likely, limit)

    def mentioned(self, text: str, limit: int = 3) -> list[PlaceHit]:
        """The places that are named, letter by letter, somewhere in a sentence, likeliest first:
        those with the names of their surroundings in it before others, then the longest names.

        A word that people use for other things (`EVERYDAY`), that many places share, or that is
        short or a number is no name by itself.
        """
        typed = words(text)
        spoken = set(typed)
        found: dict[int, tuple[tuple[int, int], PlaceHit]] = {}
        taken: set[int] = set()
        for length in range(_LONGEST_NAME, 0, -1):
            for start in range(len(typed) - length + 1):
                span = range(start, start + length)
                name = typed[start : start + length]
                if not taken.isdisjoint(span) or not _may_be_name(name):
                    continue
                numbers = self._named.get("".join(name), ())
                taken.update(span if numbers else ())
                query = Typed(name)
                for number in numbers:
                    place = self._entries[number].place
                    around = spoken.difference(name).intersection(self._around[place].words)
                    score, exact = self._judge(query, self._entries[number], None, None)
                    hit = PlaceHit(self._places[place], score, exact)
                    found.setdefault(place, ((len(around), length), hit))
        ordered = sorted(
            found.values(), key=lambda each: (each[0], each[1].score, -each[1].place.id)
        )
        return _distinct((hit for _, hit in reversed(ordered)), limit)

    def _judge(
        self,
        query: Typed,
        entry: _Entry,
        county: str | None,
        near: tuple[float, float] | None,
    ) -> tuple[float, bool]:
        """A hit's score, and whether it is exact."""
        place = self._places[entry.place]
        typed, named, whole = query.compared_with(entry.name, self._around[entry.place])
        score = (
            _TYPED_WEIGHT * typed
            + _NAME_WEIGHT * named
            + _WHOLE_WEIGHT * whole
            + _KIND_BONUS[place.kind]
            + self._prominence[entry.place]
        )
        exact = entry.name.joined == query.joined
        if exact:
            score += _EXACT_BONUS
        if entry.is_alias:
            score -= _ALIAS_MALUS
        if county is not None and place.county == county:
            score += _COUNTY_BONUS
        if near is not None:
            away_m = distance_m(near[0], near[1], place.lat, place.lon)
            score += _NEAR_BONUS * exp(-away_m / _NEAR_SCALE_M)
        return score, exact

    def _typed_position(self, text: str) -> PlaceHit | None:
        position = parse_position(text)
        if position is None:
            return None
        try:
            check_position(*position)
        except InvalidInput:
            return None
        lat, lon = position
        nearest = min(
            (place for place in self._places if place.kind in _CALLED_BY_NAME),
            key=lambda place: distance_m(lat, lon, place.lat, place.lon),
            default=None,
        )
        place = Place(
            id=0,
            name=f"{lat:.5f}, {lon:.5f}",
            kind=PlaceKind.POSITION,
            county="" if nearest is None else nearest.county,
            parent="" if nearest is None else nearest.name,
            lat=lat,
            lon=lon,
            radius_m=TYPICAL_RADIUS_M[PlaceKind.POSITION],
        )
        return PlaceHit(place, 1.0, exact=True)


def _may_be_name(name: Sequence[str]) -> bool:
    if len(name) > 1:
        return not EVERYDAY.union(GENERIC).issuperset(name)
    (only,) = name
    return len(only) >= _SHORTEST_NAME and not only.isdigit() and only not in EVERYDAY | GENERIC


def _distinct(hits: Iterable[PlaceHit], limit: int) -> list[PlaceHit]:
    """The first hits that a caller can tell apart: several stops of one name are one place."""
    chosen: list[PlaceHit] = []
    for hit in hits:
        if len(chosen) == limit:
            break
        if not any(_is_same(hit.place, other.place) for other in chosen):
            chosen.append(hit)
    return chosen


def _is_same(place: Place, other: Place) -> bool:
    # Most are far apart, and taking words apart takes longer than finding that out.
    return distance_m(place.lat, place.lon, other.lat, other.lon) < _SAME_PLACE_M and (
        words(place.name) == words(other.name)
    )


def _with_surroundings(places: Sequence[Place]) -> tuple[list[Place], list[Surroundings]]:
    """The places, each with a parent and a county: those of the nearest ward (or else town), where
    the source named none. And what lies around each.
    """
    shared: dict[tuple[str, ...], Surroundings] = {}

    def around(place: Place, *more: str) -> Surroundings:
        every = tuple(w for name in (place.parent, place.county, *more) for w in words(name))
        known = shared.get(every)
        if known is None:
            known = shared[every] = Surroundings(every)
        return known

    known = [
        place for place in places if place.county and place.kind in (PlaceKind.WARD, PlaceKind.TOWN)
    ]
    wards = [place for place in known if place.kind is PlaceKind.WARD] or known
    if not wards:
        return list(places), [around(place) for place in places]
    filled: list[Place] = []
    surroundings: list[Surroundings] = []
    for place, number in zip(places, _nearest(places, wards), strict=True):
        ward = wards[number]
        if place.kind is PlaceKind.COUNTY:
            filled.append(place)
            surroundings.append(around(place))
            continue
        parent = place.parent or (ward.name if ward.name != place.name else ward.parent)
        filled.append(replace(place, parent=parent, county=place.county or ward.county))
        surroundings.append(around(filled[-1], ward.name, ward.parent))
    return filled, surroundings


def _nearest(places: Sequence[Place], among: Sequence[Place]) -> list[int]:
    """For each place, the number of the nearest of the others; flat distances are enough here."""
    targets = np.array([(place.lat, place.lon) for place in among])
    found: list[int] = []
    for start in range(0, len(places), 1000):
        block: NDArray[np.float64] = np.array(
            [(place.lat, place.lon) for place in places[start : start + 1000]]
        )
        offsets = block[:, None, :] - targets[None, :, :]
        found.extend(int(number) for number in (offsets**2).sum(axis=2).argmin(axis=1))
    return found
