"""How well misspelt places are found, beside a library's own search over the same names."""

from dataclasses import dataclass
from random import Random

from rapidfuzz.fuzz import WRatio
from rapidfuzz.process import extract

from gateway.places.gazetteer import Gazetteer
from shared.place import Place, PlaceKind
from tests.bench.gazetteer_memory import grown_bytes
from tests.bench.place_corpus import COUNTRY, corpus
from tests.bench.places import Found, Queries, Query, by_gazetteer, measure
from tests.bench.typist import HELD_OUT

NAMES = 60_000
TRIES = 4_000
# It takes a hundred times as long.
LIBRARY_TRIES = 300
_SEED = 20261124


@dataclass(frozen=True, slots=True)
class Measured:
    """With the county known and not, and the growth of a process that holds all names."""

    known: Found
    unknown: Found
    library_known: Found
    library_unknown: Found
    resident_bytes: int

    @property
    def times_faster(self) -> float:
        """How many times as fast as the library, the county not known."""
        return self.library_unknown.seconds / self.unknown.seconds


def measure_finding() -> Measured:
    """Asks for real places of the half that nothing was tuned on, by habits that nothing was tuned
    on. A county is no place where anybody is found, so none is asked for.

    Raises FileNotFoundError where the maintainers' data is not beside the project.
    """
    rng = Random(_SEED)
    places = corpus(NAMES, Random(_SEED))
    resident_bytes = grown_bytes(places)
    gazetteer = Gazetteer(places.named, COUNTRY)
    asked = [
        place
        for place in gazetteer.places[1 : places.real : 2]
        if place.kind is not PlaceKind.COUNTY
    ]
    queries = Queries(gazetteer, HELD_OUT, rng)
    meant = rng.sample(asked, TRIES)
    known = queries.about(meant, county_known=True)
    unknown = queries.about(meant, county_known=False)
    library = _Library(gazetteer, [each.aliases for each in places.named])
    return Measured(
        measure(known, by_gazetteer(gazetteer, county_known=True)),
        measure(unknown, by_gazetteer(gazetteer, county_known=False)),
        measure(known[:LIBRARY_TRIES], library.in_county),
        measure(unknown[:LIBRARY_TRIES], library.anywhere),
        resident_bytes,
    )


class _Library:
    """rapidfuzz's best score over every name and alias, as they are written but for case; where the
    county is known, over the names there: the most that it can be given.
    """

    def __init__(self, gazetteer: Gazetteer, aliases: list[tuple[str, ...]]) -> None:
        self._places = gazetteer.places
        self._names: list[str] = []
        self._place_of: list[int] = []
        self._in_county: dict[str, list[int]] = {}
        for number, (place, others) in enumerate(zip(self._places, aliases, strict=True)):
            for name in (place.name, *others):
                self._in_county.setdefault(place.county, []).append(len(self._names))
                self._names.append(name.lower())
                self._place_of.append(number)

    def anywhere(self, query: Query) -> list[Place]:
        return self._best(query, range(len(self._names)))

    def in_county(self, query: Query) -> list[Place]:
        return self._best(query, self._in_county[query.meant.county])

    def _best(self, query: Query, among: range | list[int]) -> list[Place]:
        names = self._names if isinstance(among, range) else [self._names[at] for at in among]
        # Several names may be one place's.
        best = extract(query.typed.lower(), names, scorer=WRatio, limit=9)
        numbers = dict.fromkeys(self._place_of[among[at]] for _, _, at in best)
        return [self._places[number] for number in list(numbers)[:3]]
