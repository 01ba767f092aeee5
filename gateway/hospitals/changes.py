"""The log of changes to hospitals, in the order in which they became visible."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hospitals.tables import hospital_change_counter, hospital_changes

_COUNTER = 1
# Whoever is further behind than this reads everything again, which takes a fraction of a second.
KEPT = 10_000
_PRUNE_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log; `hospital_id` is None when everything may have changed."""

    number: int
    token: int
    hospital_id: int | None


def next_number(connection: Connection) -> int:
    """The number of a change that this transaction is about to make.

    Takes the lock of the counter row until the transaction ends, so take it before the rows that
    change and before the counters of streams: then nobody waits in a circle.
    """
    taken = (
        update(hospital_change_counter)
        .where(hospital_change_counter.c.id == _COUNTER)
        .values(number=hospital_change_counter.c.number + 1)
        .returning(hospital_change_counter.c.number)
    )
    number = connection.execute(taken).scalar()
    if number is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(hospital_change_counter)
            .values(id=_COUNTER, number=0)
            .on_conflict_do_nothing()
        )
        number = connection.execute(taken).scalar_one()
    return int(number)


def record(connection: Connection, number: int, token: int, hospital_id: int | None) -> None:
    """Writes the change under its number. `token` is a fresh identifier."""
    connection.execute(
        insert(hospital_changes), {"number": number, "token": token, "hospital_id": hospital_id}
    )
    if number % _PRUNE_EVERY == 0:
        connection.execute(
            delete(hospital_changes).where(hospital_changes.c.number <= number - KEPT)
        )


def since(connection: Connection, number: int) -> list[Change]:
    """The changes from this number on, itself included, in order."""
    rows = connection.execute(
        select(hospital_changes.c.number, hospital_changes.c.token, hospital_changes.c.hospital_id)
        .where(hospital_changes.c.number >= number)
        .order_by(hospital_changes.c.number)
    )
    return [Change(*row) for row in rows]


def last_number(connection: Connection) -> int:
    """The number of the last change that this connection sees; 0 before the first."""
    number = connection.execute(select(hospital_change_counter.c.number)).scalar()
    return 0 if number is None else int(number)
