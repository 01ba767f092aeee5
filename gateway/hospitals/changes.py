"""The log of changes to hospitals, in the order in which they became visible."""

from collections.abc import Sequence
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
    """One entry of the log. `token` is a fresh identifier: it tells a number that was rolled back
    from the same one given out anew.
    """

    number: int
    token: int
    hospital_id: int


def take_numbers(connection: Connection, count: int = 1) -> range:
    """Numbers for changes that this transaction is about to make, one for each hospital.

    Takes the lock of the counter row until the transaction ends, so take them before the rows that
    change and before the counters of streams: then nobody waits in a circle. Every number taken has
    to be recorded, or the log has a gap where indexes look.
    """
    taken = (
        update(hospital_change_counter)
        .where(hospital_change_counter.c.id == _COUNTER)
        .values(number=hospital_change_counter.c.number + count)
        .returning(hospital_change_counter.c.number)
    )
    last = connection.execute(taken).scalar()
    if last is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(hospital_change_counter)
            .values(id=_COUNTER, number=0)
            .on_conflict_do_nothing()
        )
        last = connection.execute(taken).scalar_one()
    return range(last - count + 1, last + 1)


def record(connection: Connection, changes: Sequence[Change]) -> None:
    """Writes the changes under the numbers taken for them."""
    connection.execute(
        insert(hospital_changes),
        [
            {"number": change.number, "token": change.token, "hospital_id": change.hospital_id}
            for change in changes
        ],
    )
    last = changes[-1].number
    if last % _PRUNE_EVERY < len(changes):
        connection.execute(delete(hospital_changes).where(hospital_changes.c.number <= last - KEPT))


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
