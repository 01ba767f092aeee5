"""The gazetteer of a running process: loaded from the database, and again when it changed."""

import threading

from sqlalchemy import Connection, select

from gateway.places.gazetteer import Gazetteer, NamedPlace
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
    """Holds the gazetteer as of the last look. Searching never waits for a load of another thread,
    except the first.
    """

    def __init__(self, country: str) -> None:
        self._country = country
        self._lock = threading.Lock()
        self._loaded: tuple[int, Gazetteer] | None = None

    def get(self, connection: Connection) -> Gazetteer:
        """The gazetteer, read again first if an import or a person changed it."""
        version = read_version(connection)
        loaded = self._loaded
        if loaded is not None and loaded[0] == version:
            return loaded[1]
        if not self._lock.acquire(blocking=loaded is None):
            # Another thread is reading it: the old one serves until then.
            assert loaded is not None  # noqa: S101 - the lock is only given up when there is one
            return loaded[1]
        try:
            if self._loaded is None or self._loaded[0] != version:
                self._loaded = (version, load_gazetteer(connection, self._country))
            return self._loaded[1]
        finally:
            self._lock.release()
