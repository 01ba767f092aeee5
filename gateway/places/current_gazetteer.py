"""The gazetteer of a running process: loaded from the database, and again when it changed."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from gateway.database.database import Database
from gateway.places.areas import Areas
from gateway.places.confirmations import read_learnt
from gateway.places.gazetteer import Gazetteer, PlaceHit
from gateway.places.landmarks import read_landmarks
from gateway.places.named_place import NamedPlace
from gateway.places.place_record import read_versions
from gateway.places.tables import place_aliases, places
from shared.place import Place, PlaceKind
from shared.typed_position import Unreadable, WithoutLink


def load_gazetteer(connection: Connection, country: str) -> Gazetteer:
    """Every place in the database, and every facility that can be found on a map; some seconds for
    60,000 names.
    """
    aliases: dict[int, list[str]] = {}
    for place_id, name in connection.execute(
        select(place_aliases.c.place_id, place_aliases.c.name).order_by(place_aliases.c.name)
    ):
        aliases.setdefault(place_id, []).append(name)
    named = [
        NamedPlace(
            Place(
                id=row.id,
                name=row.name,
                kind=PlaceKind(row.kind),
                county=row.county,
                parent=row.parent,
                lat=row.lat,
                lon=row.lon,
                radius_m=row.radius_m,
            ),
            tuple(aliases.get(row.id, ())),
            row.population,
        )
        for row in connection.execute(
            select(places).order_by(places.c.id).execution_options(yield_per=1_000)
        )
    ]
    named.extend(read_landmarks(connection))
    return Gazetteer(named, country)


class CurrentGazetteer:
    """The gazetteer as of the last refresh. Searching never waits for the database.

    Whoever runs the process calls `refresh` at its start and then every minute or so, outside any
    transaction: loading takes seconds, and nobody's session should pay for them.
    """

    def __init__(self, database: Database, country: str, confirmations: int = 0) -> None:
        """`confirmations` as in `confirmations.read_learnt`."""
        self._database = database
        self._country = country
        self._confirmations = confirmations
        self._versions = (0, 0)
        self._gazetteer = Gazetteer((), country)
        self._learnt: Mapping[bytes, tuple[int, ...]] = {}

    def refresh(self) -> bool:
        """Loads the gazetteer if an import or a person changed it; whether it did."""
        versions = self._database.read(read_versions)
        if versions == self._versions:
            return False
        if versions[0] != self._versions[0]:
            self._gazetteer = self._database.read(
                lambda connection: load_gazetteer(connection, self._country)
            )
        self._learnt = self._database.read(
            lambda connection: read_learnt(connection, self._confirmations)
        )
        self._versions = versions
        return True

    def learnt(self, spelling: bytes) -> list[Place]:
        """The places that callers meant by this spelling, most often meant first."""
        gazetteer = self._gazetteer
        found = (gazetteer.with_id(place_id) for place_id in self._learnt.get(spelling, ()))
        return [place for place in found if place is not None]

    def at(self, lat: float, lon: float) -> list[Place]:
        """The places in exactly this spot."""
        return self._gazetteer.at(lat, lon)

    @property
    def areas(self) -> Areas:
        """The areas that the places lie in."""
        return self._gazetteer.areas

    def search(
        self,
        text: str,
        county: str | None = None,
        near: tuple[float, float] | None = None,
        limit: int = 3,
    ) -> list[PlaceHit]:
        """See `Gazetteer.search`."""
        return self._gazetteer.search(text, county, near, limit)

    def read(self, text: str) -> PlaceHit | WithoutLink | Unreadable | None:
        """See `Gazetteer.read`."""
        return self._gazetteer.read(text)

    def mentioned(self, text: str, limit: int = 3) -> list[PlaceHit]:
        """See `Gazetteer.mentioned`."""
        return self._gazetteer.mentioned(text, limit)
