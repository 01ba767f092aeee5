"""Where somebody says they are, as the use cases ask: three choices at most, and when to be
sure.
"""

from collections.abc import Iterable, Sequence

from gateway.database.database import Database
from gateway.places.confirmations import Mark, spelling_mark
from gateway.places.current_gazetteer import CurrentGazetteer
from gateway.places.gazetteer import PlaceHit
from gateway.places.same_place import are_one
from gateway.places.spelling import is_only_filler
from gateway.ports import FoundPlace, PlaceAnswer
from shared.place import Place, PlaceKind
from shared.typed_position import Unreadable, WithoutLink

# A name that only one place has, letter by letter, needs no asking; anything less is never accepted
# silently: real spellings reach about half of the places at the first guess.
_CLEAR_LEAD = 0.15
_TOO_WIDE = frozenset({PlaceKind.COUNTY, PlaceKind.AREA})
# Words of a cry for help that name no place hardly ever score as much on some place or other; of a
# hundred places that were meant and misspelt, two score less.
_LIKELY_SCORE = 0.74
# A misspelt name scores at least this on its own, beside a name that is spelt right.
_WORTH_ASKING_SCORE = 0.6
_CHOICES = 3
_LOOKED_AT = 10
# So that one choice at least is what the search itself finds.
_MOST_LEARNT = 2


class PlaceFinder:
    """See `gateway.ports.Places`. Searches run inside a caller's transaction, so they only use what
    `refresh` has loaded: reading 25,000 places takes seconds.
    """

    def __init__(
        self,
        database: Database,
        country: str,
        *,
        mark: Mark | None = None,
        confirmations: int = 0,
        loaded: bool = True,
    ) -> None:
        """Loads the gazetteer at once, unless `loaded` is false: then `refresh` does. `mark` hashes
        what callers typed; without it nothing that they confirmed is looked up.
        """
        self._gazetteer = CurrentGazetteer(database, country, confirmations)
        self._mark = mark
        if loaded:
            self._gazetteer.refresh()

    def refresh(self) -> None:
        """Loads the gazetteer again if an import or a person has changed it."""
        self._gazetteer.refresh()

    def search(self, typed: str) -> PlaceAnswer:
        read = self._gazetteer.read(typed)
        if isinstance(read, Unreadable):
            return PlaceAnswer(sure=False, hits=(), unreadable=read)
        if isinstance(read, WithoutLink):
            named = self._search_words(read.words)
            if named.likely:
                return named
            return PlaceAnswer(sure=False, hits=(), unreadable=Unreadable.LINK)
        return self._search_words(typed)

    def _search_words(self, typed: str) -> PlaceAnswer:
        hits = _choices(self._gazetteer.search(typed, limit=_LOOKED_AT))
        sure = _sure(hits)
        likely = sure or (
            not is_only_filler(typed) and any(hit.score >= _LIKELY_SCORE for hit in hits)
        )
        if not likely:
            # A sentence: what it names comes before what all of it together is a little like.
            mentioned = self._gazetteer.mentioned(typed, limit=_LOOKED_AT)
            near = [hit for hit in hits if hit.score >= _WORTH_ASKING_SCORE]
            hits, likely = (_choices(mentioned + near) if mentioned else hits), bool(mentioned)
        hits = [hit for hit in hits if not _hidden_by_its_town(hit.place, hits)]
        places = [hit.place for hit in hits]
        if not sure:
            learnt = self._learnt(typed)
            likely = likely or bool(learnt)
            # Nobody can teach us that a place's own name means another, or to be sure.
            called = [hit.place for hit in hits if hit.exact]
            places = _each_once((*called, *learnt, *places))[:_CHOICES]
        return PlaceAnswer(
            sure=sure,
            hits=tuple(
                FoundPlace(label, place.lat, place.lon, round(place.radius_m))
                for place, label in zip(places, _labels(places), strict=True)
            ),
            likely=likely,
        )

    def _learnt(self, typed: str) -> list[Place]:
        spelling = None if self._mark is None else spelling_mark(self._mark, typed)
        return [] if spelling is None else self._gazetteer.learnt(spelling)[:_MOST_LEARNT]

    def identify(self, place: FoundPlace) -> int | None:
        for known in self._gazetteer.at(place.lat, place.lon):
            if place.name == known.name or place.name.startswith(f"{known.name}, "):
                return known.id
        return None

    def counties(self) -> Sequence[str]:
        return self._gazetteer.areas.counties

    def sub_counties(self, county: str) -> Sequence[str]:
        return self._gazetteer.areas.sub_counties(county)

    def wards(self, county: str, sub_county: str) -> Sequence[FoundPlace]:
        return _found(self._gazetteer.areas.wards(county, sub_county))

    def towns(self, county: str) -> Sequence[FoundPlace]:
        return _found(self._gazetteer.areas.towns(county))


def _found(places: Sequence[Place]) -> list[FoundPlace]:
    return [FoundPlace(place.name, place.lat, place.lon, round(place.radius_m)) for place in places]


def _each_once(places: Iterable[Place]) -> list[Place]:
    chosen: list[Place] = []
    for place in places:
        if not any(are_one(place, other) for other in chosen):
            chosen.append(place)
    return chosen


def _choices(found: list[PlaceHit]) -> list[PlaceHit]:
    """What is worth asking: no place twice, and a whole county only after anything smaller, since
    its name was most likely typed to say where the smaller one is.
    """
    chosen: list[PlaceHit] = []
    for hit in sorted(found, key=lambda hit: hit.place.kind is PlaceKind.COUNTY):
        if not any(are_one(hit.place, other.place) for other in chosen):
            chosen.append(hit)
    return chosen[:_CHOICES]


def _hidden_by_its_town(place: Place, hits: list[PlaceHit]) -> bool:
    """True for a county beside its town of that name: the same words twice are no choice."""
    return place.kind is PlaceKind.COUNTY and any(
        hit.place.kind is not PlaceKind.COUNTY
        and (hit.place.county, hit.place.name) == (place.county, place.name)
        for hit in hits
    )


def _labels(places: list[Place]) -> list[str]:
    """Each with its county; with the next larger area instead where that alone tells two apart."""
    short = [
        place.name if place.name == place.county else f"{place.name}, {place.county}"
        for place in places
    ]
    return [
        f"{place.name}, {place.parent}" if short.count(label) > 1 and place.parent else label
        for place, label in zip(places, short, strict=True)
    ]


def _sure(hits: list[PlaceHit]) -> bool:
    if not hits or not hits[0].exact or hits[0].place.kind in _TOO_WIDE:
        return False
    return len(hits) == 1 or hits[0].score - hits[1].score >= _CLEAR_LEAD
