"""What hospitals' answers have taught (shared.experience), kept beside the register's own word. In
the simulation it is worth more than an hourly report of beds (docs/matching.md).
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, select, update

from gateway.hospitals import changes
from gateway.hospitals.tables import hospitals
from shared.experience import Learned, after_lacking, after_taking
from shared.system import System

# Machines are bought and break, and surgeons move: after so long it has to be learned anew.
KEPT_FOR = timedelta(days=90)
_AT_ONCE = 200


def took(connection: Connection, system: System, hospital_id: int, needs: int) -> None:
    """The hospital takes a patient with these needs."""
    _learn(connection, system, hospital_id, needs, after_taking)


def lacked(connection: Connection, system: System, hospital_id: int, needs: int) -> None:
    """The hospital has not the equipment for a patient with these needs."""
    _learn(connection, system, hospital_id, needs, after_lacking)


def forget(connection: Connection, system: System) -> int:
    """Forgets what was learned too long ago, for a batch of hospitals at most; how many."""
    old = select(hospitals.c.id).where(hospitals.c.learned_at <= system.now() - KEPT_FOR)
    ids = list(connection.execute(old.order_by(hospitals.c.id).limit(_AT_ONCE)).scalars())
    for hospital_id in ids:
        _write(connection, system, hospital_id, Learned())
    return len(ids)


def _learn(
    connection: Connection,
    system: System,
    hospital_id: int,
    needs: int,
    taught: Callable[[int, int, Learned, int], Learned],
) -> None:
    # Locked, so that two answers at once lose nothing.
    changes.lock(connection)
    row = connection.execute(
        select(
            hospitals.c.has, hospitals.c.lacks, hospitals.c.learned_has, hospitals.c.learned_lacks
        ).where(hospitals.c.id == hospital_id)
    ).one()
    before = Learned(row.learned_has, row.learned_lacks)
    learned = taught(row.has, row.lacks, before, needs)
    if learned != before:
        _write(connection, system, hospital_id, learned)


def _write(connection: Connection, system: System, hospital_id: int, learned: Learned) -> None:
    (number,) = changes.take_numbers(connection)
    connection.execute(
        update(hospitals)
        .where(hospitals.c.id == hospital_id)
        .values(
            learned_has=learned.has,
            learned_lacks=learned.lacks,
            learned_at=system.now() if learned != Learned() else None,
        )
    )
    changes.record(connection, [changes.Change(number, system.new_id(), hospital_id)])
