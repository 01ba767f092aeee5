"""One place as a source describes it, and how it gets into the tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.importing.importing import Stored
from gateway.places.tables import place_aliases, place_version, places
from shared.place import PlaceKind

# The rows of place_version.
PLACES = 1
PICKS = 2


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """A row of a source, understood. `aliases` are other names, without the name itself."""

    source: str
    source_id: str
    name: str
    kind: PlaceKind
    county: str
    parent: str
    lat: float
    lon: float
    radius_m: float
    population: int = 0
    aliases: tuple[str, ...] = ()

    def likeness(self) -> Iterable[tuple[str, str]]:
        """Nothing: several places of one name, or in one spot, are as it should be."""
        return ()

    def values(self) -> dict[str, Any]:
        """The columns of the table of places, by name."""
        return {
            "source": self.source,
            "source_id": self.source_id,
            "name": self.name,
            "kind": str(self.kind),
            "county": self.county,
            "parent": self.parent,
            "lat": self.lat,
            "lon": self.lon,
            "radius_m": self.radius_m,
            "population": self.population,
        }


def store_places(connection: Connection, batch: Sequence[PlaceRecord], dry_run: bool) -> Stored:
    """Stores a batch of records of one source by their source's ids. An alias that a person added
    stays; those of the source are added, never removed.
    """
    known = _known(connection, batch)
    new = [record for record in batch if record.source_id not in known]
    changed = [
        (known[record.source_id]["id"], record.values())
        for record in batch
        if record.source_id in known
        and any(known[record.source_id][name] != value for name, value in record.values().items())
    ]
    stored = Stored(len(new), len(changed), len(batch) - len(new) - len(changed))
    if dry_run:
        return stored
    ids = {record_id: int(row["id"]) for record_id, row in known.items()}
    if new:
        created = connection.execute(
            insert(places).returning(places.c.id, sort_by_parameter_order=True),
            [record.values() for record in new],
        )
        ids.update(
            (record.source_id, int(row.id)) for record, row in zip(new, created, strict=True)
        )
    for place_id, values in changed:
        connection.execute(
            update(places).where(places.c.id == bindparam("known_id")),
            {"known_id": place_id, **values},
        )
    _add_aliases(connection, [(ids[record.source_id], record.aliases) for record in batch])
    if new or changed:
        raise_version(connection)
    return stored


def raise_version(connection: Connection, of: int = PLACES) -> None:
    """Makes every process read the places, or what is learnt of callers' picks, again."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(place_version)
        .values(id=of, number=1)
        .on_conflict_do_update(
            index_elements=[place_version.c.id], set_={"number": place_version.c.number + 1}
        )
    )


def read_versions(connection: Connection) -> tuple[int, int]:
    """The versions of the places and of what is learnt of picks; 0 while there are none."""
    numbers = {row.id: int(row.number) for row in connection.execute(select(place_version))}
    return numbers.get(PLACES, 0), numbers.get(PICKS, 0)


def _known(connection: Connection, batch: Sequence[PlaceRecord]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        select(places).where(
            places.c.source == batch[0].source,
            places.c.source_id.in_([record.source_id for record in batch]),
        )
    )
    return {row["source_id"]: dict(row) for row in rows.mappings()}


def _add_aliases(connection: Connection, wanted: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    rows = [{"place_id": id_, "name": name} for id_, names in wanted for name in names]
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(place_aliases).on_conflict_do_nothing(), rows)
