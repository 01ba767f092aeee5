"""The log of changes to hospitals, in the order in which they became visible."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hospitals.tables import hospital_change_counter, hospital_changes
from sync.prepared import Prepared

_COUNTER = 1
# Whoever is further behind than this reads everything again, which takes a fraction of a second.
KEPT = 10_000
_PRUNE_EVERY = 1_000
_TAKE = Prepared(
    update(hospital_change_counter)
    .where(hospital_change_counter.c.id == _COUNTER)
    .values(number=hospital_change_counter.c.number + bindparam("taken"))
    .returning(hospital_change_counter.c.number)
)
_TAKE_NEXT = Prepared(
    update(hospital_change_counter)
    .where(hospital_change_counter.c.id == _COUNTER)
    .values(number=hospital_change_counter.c.number + 1)
    .returning(
        hospital_change_counter.c.number,
        select(hospital_changes.c.token)
        # In a RETURNING on SQLite SQLAlchemy leaves the tables' names out; both have a `number`.
        .where(hospital_changes.c.number == literal_column("hospital_change_counter.number") - 1)
        .scalar_subquery()
        .label("before"),
    )
)
_RECORD = Prepared(insert(hospital_changes), hospital_changes.c.keys())
_SINCE = Prepared(
    select(hospital_changes.c.number, hospital_changes.c.token, hospital_changes.c.hospital_id)
    .where(hospital_changes.c.number >= bindparam("since"))
    .order_by(hospital_changes.c.number)
)


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

    Takes the lock of the counter row until the transaction ends, so take them after emergencies,
    before the rows that change, and before the counters of streams: then nobody waits in a
    circle. Every number taken has to be recorded, or the log has a gap where indexes look.
    """
    row = _TAKE.first(connection, taken=count)
    if row is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(hospital_change_counter)
            .values(id=_COUNTER, number=0)
            .on_conflict_do_nothing()
        )
        row = _TAKE.one(connection, taken=count)
    last = int(row.number)
    return range(last - count + 1, last + 1)


def take_next(connection: Connection) -> tuple[int, int | None]:
    """One number, as `take_numbers` takes it, and the token of the change before it: whoever knows
    that one already knows them all. None where there is none, or this statement cannot see it yet.
    """
    row = _TAKE_NEXT.first(connection)
    if row is None:
        (number,) = take_numbers(connection)
        return number, None
    return int(row.number), row.before


def lock(connection: Connection) -> None:
    """Takes the lock that `take_numbers` takes, before something is read that must not change."""
    (number,) = take_numbers(connection)
    put_back(connection, number)


def put_back(connection: Connection, number: int) -> None:
    """Gives back the number taken last, for which there is no change after all."""
    connection.execute(update(hospital_change_counter).values(number=number - 1))


def record(connection: Connection, changes: Sequence[Change]) -> None:
    """Writes the changes under the numbers taken for them."""
    for change in changes:
        _RECORD.run(
            connection,
            number=change.number,
            token=change.token,
            hospital_id=change.hospital_id,
        )
    last = changes[-1].number
    if last % _PRUNE_EVERY < len(changes):
        connection.execute(delete(hospital_changes).where(hospital_changes.c.number <= last - KEPT))


def since(connection: Connection, number: int) -> list[Change]:
    """The changes from this number on, itself included, in order."""
    rows = _SINCE.all(connection, since=number)
    return [Change(row.number, row.token, row.hospital_id) for row in rows]


def last_number(connection: Connection) -> int:
    """The number of the last change that this connection sees; 0 before the first."""
    number = connection.execute(select(hospital_change_counter.c.number)).scalar()
    return 0 if number is None else int(number)
