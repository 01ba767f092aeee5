"""Where somebody says they are, as the use cases ask: three choices at most, and when to be
sure.
"""

from gateway.database.database import Database
from gateway.places.current_gazetteer import CurrentGazetteer
from gateway.places.gazetteer import PlaceHit
from gateway.ports import FoundPlace, PlaceAnswer
from shared.place import PlaceKind

# A name that only one place has, letter by letter, needs no asking; anything less is never accepted
# silently: real spellings reach about half of the places at the first guess.
_CLEAR_LEAD = 0.15
_TOO_WIDE = frozenset({PlaceKind.COUNTY, PlaceKind.AREA})


class PlaceFinder:
    """See `gateway.ports.Places`. Searches run inside a caller's transaction, so they only use what
    `refresh` has loaded: reading 25,000 places takes a second.
    """

    def __init__(self, database: Database, country: str) -> None:
        self._gazetteer = CurrentGazetteer(database, country)
        self._gazetteer.refresh()

    def refresh(self) -> None:
        """Loads the gazetteer again if an import or a person has changed it."""
        self._gazetteer.refresh()

    def search(self, typed: str) -> PlaceAnswer:
        hits = self._gazetteer.search(typed, limit=3)
        return PlaceAnswer(
            sure=_sure(hits),
            hits=tuple(
                FoundPlace(hit.place.label, hit.place.lat, hit.place.lon, round(hit.place.radius_m))
                for hit in hits
            ),
        )


def _sure(hits: list[PlaceHit]) -> bool:
    if not hits or not hits[0].exact or hits[0].place.kind in _TOO_WIDE:
        return False
    return len(hits) == 1 or hits[0].score - hits[1].score >= _CLEAR_LEAD
