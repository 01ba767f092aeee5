"""The gazetteer of a running process: loaded from the database, and again when it changed."""

from sqlalchemy import Connection, select

from gateway.database.database import Database
from gateway.places.areas import Areas
from gateway.places.gazetteer import Gazetteer, NamedPlace, PlaceHit
from gateway.places.place_record import read_version
from gateway.places.tables import place_aliases, places
from shared.place import Place, PlaceKind


def load_gazetteer(connection: Connection, country: str) -> Gazetteer:
    """Every place in the database; about a second for 25,000."""
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
        for row in connection.execute(select(places).order_by(places.c.id))
    ]
    return Gazetteer(named, country)


class CurrentGazetteer:
    """The gazetteer as of the last refresh. Searching never waits for the database.

    Whoever runs the process calls `refresh` at its start and then every minute or so, outside any
    transaction: loading takes seconds, and nobody's session should pay for them.
    """

    def __init__(self, database: Database, country: str) -> None:
        self._database = database
        self._country = country
        self._version = 0
        self._gazetteer = Gazetteer((), country)

    def refresh(self) -> bool:
        """Loads the gazetteer if an import or a person changed it; whether it did."""
        version = self._database.read(read_version)
        if version == self._version:
            return False
        self._gazetteer = self._database.read(
            lambda connection: load_gazetteer(connection, self._country)
        )
        self._version = version
        return True

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

    def mentioned(self, text: str, limit: int = 3) -> list[PlaceHit]:
        """See `Gazetteer.mentioned`."""
        return self._gazetteer.mentioned(text, limit)
