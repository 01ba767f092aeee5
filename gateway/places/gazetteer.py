"""The gazetteer in memory: what a frightened person types, against every place that is known."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from gateway.places.areas import Areas
from gateway.places.counties import Counties
from gateway.places.gram_index import GramIndex, highest
from gateway.places.likeness import Likeness
from gateway.places.named_place import NamedPlace
from gateway.places.names import Names
from gateway.places.place_columns import KINDS, PlaceColumns
from gateway.places.spelling import EVERYDAY, GENERIC, is_only_filler, sound, words
from gateway.places.surroundings import Surroundings, with_surroundings
from shared.geo import COUNTRY_BOXES, distance_m
from shared.place import Place, PlaceKind
from shared.typed_position import (
    Hashed,
    ShortCode,
    TypedPosition,
    Unreadable,
    WithoutLink,
    read_position,
)

_CANDIDATES = 90
_CANDIDATES_AROUND = 40
_LONGEST_TEXT = 120
_LONGEST_SENTENCE = 2_000
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

# Candidates that lie in what was typed or chosen as well go before others that share as much.
_AROUND_SHARE = 1.2

# The linear score. Tuned on half of the places as tests/bench/typist.py types them (TUNING).
_TYPED_WEIGHT = 0.48
_NAME_WEIGHT = 0.24
_WHOLE_WEIGHT = 0.28
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
_BONUS_OF_KIND = np.array([_KIND_BONUS[kind] for kind in KINDS])
_EXACT_BONUS = 0.05
_ALIAS_MALUS = 0.02
# Who says hospital means one, rather than the village of that name.
_GENERIC_BONUS = 0.08
# The name comes first and what lies around it behind: "olympic kibra".
_LED_BY_SURROUNDINGS_MALUS = 0.04
_COUNTY_BONUS = 0.3
_NEAR_BONUS = 0.10
_NEAR_SCALE_M = 30_000.0
_LEAST_SCORE = 0.42
# From here on, the words beside a short Plus Code name the place that it counts from.
_LOCALITY_SCORE = 0.75

_NO_NAMES = EVERYDAY | GENERIC
_MAY_HOLD_POSITION = re.compile(r"[0-9+/]")


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place that may be meant. `score` is about 0 to 1.2, comparable within one search; `exact`
    is whether the words are a name of it, letter by letter.
    """

    place: Place
    score: float
    exact: bool


class Gazetteer:
    """Searches places by name. Built once (some seconds for 60,000 names), then only read, so
    threads may share it.
    """

    def __init__(self, named: Sequence[NamedPlace], country: str) -> None:
        """`country` is ISO 3166 alpha-2."""
        self._counties = Counties(country)
        self._box = COUNTRY_BOXES.get(country)
        filled, around_of, around = with_surroundings([each.place for each in named])
        self._places = PlaceColumns(filled)
        self.areas = Areas(filled)
        # So that a place is found by where it is without looking at all of them.
        self._northward = np.argsort(self._places.lat, kind="stable").astype(np.int32)
        # Of each step only what is kept should stay: most of what a process grows by is its peak.
        del filled
        self._prominence = np.array(
            [min(each.population, 1_000_000) / 1e6 * 0.05 for each in named], dtype=np.float32
        )
        self._names = Names(named, (each.words for each in around))
        self._around_of = around_of[self._names.place_of]
        self._around_in = _by_county(around)
        self._around_by_sound = _by_sound(around)
        names = self._names
        self._likeness = Likeness(names.vocabulary, names.lists, names.around)
        self._index = GramIndex(map(names.words_of, range(len(names))))

    def __len__(self) -> int:
        return len(self._places)

    @property
    def places(self) -> Sequence[Place]:
        """All of them, each with the parent and the county that it lies in."""
        return self._places

    def with_id(self, place_id: int) -> Place | None:
        """The place with this id; None when there is none."""
        found = np.flatnonzero(self._places.ids == place_id)
        return self._places[int(found[0])] if len(found) else None

    def at(self, lat: float, lon: float) -> list[Place]:
        """The places in exactly this spot."""
        lats = self._places.lat
        first, last = (
            int(np.searchsorted(lats, lat, side, sorter=self._northward))
            for side in ("left", "right")
        )
        found = sorted(self._northward[first:last].tolist())
        return [self._places[number] for number in found if self._places.lon[number] == lon]

    def search(
        self,
        text: str,
        county: str | None = None,
        near: tuple[float, float] | None = None,
        limit: int = 3,
    ) -> list[PlaceHit]:
        """The places that the text may mean, likeliest first; empty when nothing is like it.

        `county` and `near` (latitude, longitude) are hints that move places up and leave none out.
        A typed position is the only hit of its own; one that nobody can use is none. Words beyond
        120 characters are not looked at.
        """
        read = self.read(text, county, near)
        if isinstance(read, PlaceHit):
            return [read]
        if isinstance(read, Unreadable):
            return []
        text = read.words if isinstance(read, WithoutLink) else text
        typed = words(text[:_LONGEST_TEXT])[:_MOST_WORDS]
        if not typed or not len(self._names):
            return []
        hinted = self._counties.find(county) if county else None
        return _distinct(self._likeliest(typed, hinted, near), limit)

    def _likeliest(
        self, typed: Sequence[str], county: str | None, near: tuple[float, float] | None
    ) -> Iterator[PlaceHit]:
        """Each place once, by the name of it that scores most, likeliest first."""
        names = self._candidates(typed, county)
        if not len(names):
            return
        scores, exact = self._judge(typed, names, county, near)
        places = self._names.place_of[names]
        seen: set[int] = set()
        for at in np.lexsort((self._places.ids[places], -scores)).tolist():
            if scores[at] < _LEAST_SCORE:
                return
            place = int(places[at])
            if place not in seen:
                seen.add(place)
                yield PlaceHit(self._places[place], float(scores[at]), bool(exact[at]))

    def _candidates(self, typed: Sequence[str], county: str | None) -> NDArray[np.intp]:
        """Names that share most with what was typed; and with what is left of it without words that
        say what lies around, among the names that lie there, unless the county says enough.
        """
        here = np.zeros(len(self._names.around), dtype=np.float32)
        if county is not None:
            here[self._around_in.get(county, [])] = 1
        names = highest(self._lifted(self._index.scores(typed), here), _CANDIDATES)
        if len(typed) > 1 and county is None:
            around = [self._around_by_sound.get(sound(word)) for word in typed]
            rest = [word for word, there in zip(typed, around, strict=True) if there is None]
            if 0 < len(rest) < len(typed):
                for there in around:
                    here[there or []] += 1
                others = highest(self._lifted(self._index.scores(rest), here), _CANDIDATES_AROUND)
                names = np.union1d(names, others)
        return names

    def _lifted(
        self, shared: NDArray[np.float64], here: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """The scores, higher for names that lie `here`."""
        return shared * (1 + _AROUND_SHARE * here)[self._around_of] if here.any() else shared

    def mentioned(self, text: str, limit: int = 3) -> list[PlaceHit]:
        """The places that are named, letter by letter, somewhere in a sentence, likeliest first:
        those with the names of their surroundings in it before others, then the longest names.

        A word that people use for other things (`EVERYDAY`), that many places share, or that is
        short or a number is no name by itself. Text beyond 2,000 characters is not looked at.
        """
        typed = words(text[:_LONGEST_SENTENCE])
        spoken = set(typed)
        found: dict[int, tuple[tuple[int, int], PlaceHit]] = {}
        taken: set[int] = set()
        judged: set[tuple[str, ...]] = set()
        for length in range(_LONGEST_NAME, 0, -1):
            for start in range(len(typed) - length + 1):
                span = range(start, start + length)
                name = typed[start : start + length]
                if not taken.isdisjoint(span) or not _may_be_name(name):
                    continue
                numbers = self._names.called("".join(name))
                if not len(numbers):
                    continue
                taken.update(span)
                if name in judged:
                    continue
                judged.add(name)
                scores, exact = self._judge(name, numbers, None, None)
                for at, place in enumerate(self._names.place_of[numbers].tolist()):
                    if place in found:
                        continue
                    around = spoken.difference(name).intersection(
                        self._names.words_around(self._around_of[numbers[at]])
                    )
                    hit = PlaceHit(self._places[place], float(scores[at]), bool(exact[at]))
                    found[place] = ((len(around), length), hit)
        ordered = sorted(
            found.values(), key=lambda each: (each[0], each[1].score, -each[1].place.id)
        )
        return _distinct((hit for _, hit in reversed(ordered)), limit)

    def _judge(
        self,
        typed: Sequence[str],
        names: NDArray[np.intp],
        county: str | None,
        near: tuple[float, float] | None,
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The scores of these names, and which are exact."""
        places = self._names.place_of[names].astype(np.intp)
        compared = self._likeness.compare(typed, names, self._around_of[names].astype(np.intp))
        scores: NDArray[np.float64] = (
            _TYPED_WEIGHT * compared.typed
            + _NAME_WEIGHT * compared.named
            + _WHOLE_WEIGHT * compared.whole
            + _BONUS_OF_KIND[self._places.kinds[places]]
            + self._prominence[places]
            + _EXACT_BONUS * compared.exact
            - _ALIAS_MALUS * self._names.is_alias[names]
            + _GENERIC_BONUS * compared.generic
            - _LED_BY_SURROUNDINGS_MALUS * ~compared.leads
        )
        if county is not None:
            scores += _COUNTY_BONUS * self._places.in_county(county)[places]
        if near is not None:
            scores += [
                _NEAR_BONUS * exp(-distance_m(*near, lat, lon) / _NEAR_SCALE_M)
                for lat, lon in zip(
                    self._places.lat[places].tolist(),
                    self._places.lon[places].tolist(),
                    strict=True,
                )
            ]
        return scores, compared.exact

    def read(
        self, text: str, county: str | None = None, near: tuple[float, float] | None = None
    ) -> PlaceHit | WithoutLink | Unreadable | None:
        """The position in a text, in any form that people paste (shared.typed_position); None where
        it holds words only. A short Plus Code counts from the place that is named with it, or else
        from `near`, or from the county.
        """
        if not _MAY_HOLD_POSITION.search(text):
            return None
        found = read_position(text, self._box)
        if isinstance(found, ShortCode):
            reference = self._locality(found) or near or self._middle(county)
            return Unreadable.NO_LOCALITY if reference is None else self._at(found.near(*reference))
        if isinstance(found, Hashed):
            return None if len(self._names.called(found.word)) else self._at(found.position)
        return self._at(found) if isinstance(found, TypedPosition) else found

    def _locality(self, code: ShortCode) -> tuple[float, float] | None:
        for text in (code.behind, code.before):
            typed = words(text)[:_MOST_WORDS]
            if typed and len(self._names) and not is_only_filler(text):
                hit = next(self._likeliest(typed, None, None), None)
                if hit is not None and hit.score >= _LOCALITY_SCORE:
                    return hit.place.lat, hit.place.lon
            mentioned = self.mentioned(text, limit=1)
            if mentioned:
                return mentioned[0].place.lat, mentioned[0].place.lon
        return None

    def _middle(self, county: str | None) -> tuple[float, float] | None:
        name = self._counties.find(county) if county else None
        within = self._places.in_county(name) if name else np.zeros(0, dtype=np.bool_)
        if not within.any():
            return None
        return float(self._places.lat[within].mean()), float(self._places.lon[within].mean())

    def _at(self, position: TypedPosition) -> PlaceHit | Unreadable:
        lat, lon = position.lat, position.lon
        if self._box is not None and not self._box.holds(lat, lon):
            return Unreadable.ABROAD
        nearest = self._places.nearest(lat, lon, _CALLED_BY_NAME)
        place = Place(
            id=0,
            name=f"{lat:.5f}, {lon:.5f}",
            kind=PlaceKind.POSITION,
            county="" if nearest is None else nearest.county,
            parent="" if nearest is None else nearest.name,
            lat=lat,
            lon=lon,
            radius_m=position.radius_m,
        )
        return PlaceHit(place, 1.0, exact=not position.swapped)


def _by_county(around: Iterable[Surroundings]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for code, each in enumerate(around):
        found.setdefault(each.county, []).append(code)
    return found


def _by_sound(around: Iterable[Surroundings]) -> Mapping[str, list[int]]:
    """The surroundings in which a word of that sound occurs; a sound of one consonant is none."""
    found: dict[str, list[int]] = {}
    for code, each in enumerate(around):
        for heard in {sound(word) for word in each.words}:
            if len(heard) > 1:
                found.setdefault(heard, []).append(code)
    return found


def _may_be_name(name: Sequence[str]) -> bool:
    if len(name) > 1:
        return not _NO_NAMES.issuperset(name)
    (only,) = name
    return len(only) >= _SHORTEST_NAME and not only.isdigit() and only not in _NO_NAMES


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
