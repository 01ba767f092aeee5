"""Reads, locks and changes the rows of emergencies and dispatches."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from gateway.emergencies.tables import dispatches, emergencies
from gateway.unit_of_work import UnitOfWork
from shared import help_code
from shared.dispatch import LIVE, DispatchState
from shared.emergency import EmergencyState
from shared.errors import NotFound

# States in which a caller still waits for something.
ACTIVE = (
    EmergencyState.PROVISIONAL,
    EmergencyState.OPEN,
    EmergencyState.DISPATCHED,
    EmergencyState.ACCEPTED,
    EmergencyState.UNANSWERED,
    EmergencyState.NOT_ARRIVED,
)
_CODE_ATTEMPTS = 50


def lock(uow: UnitOfWork, emergency_id: int) -> Row[Any]:
    """The emergency, locked until the transaction ends: turn, sweeper and claims lock it first.

    Raises NotFound.
    """
    query = select(emergencies).where(emergencies.c.id == emergency_id).with_for_update()
    found = uow.connection.execute(query).first()
    if found is None:
        raise NotFound("There is no such emergency.")
    return found


def change(uow: UnitOfWork, emergency: Row[Any], **values: Any) -> Row[Any]:
    """The emergency with these values and a new version."""
    return uow.connection.execute(
        update(emergencies)
        .where(emergencies.c.id == emergency.id)
        .values(version=emergencies.c.version + 1, **values)
        .returning(emergencies)
    ).one()


def dispatch(uow: UnitOfWork, dispatch_id: int) -> Row[Any]:
    """The dispatch. Lock its emergency before changing it. Raises NotFound."""
    query = select(dispatches).where(dispatches.c.id == dispatch_id)
    found = uow.connection.execute(query).first()
    if found is None:
        raise NotFound("There is no such dispatch.")
    return found


def dispatches_of(connection: Connection, emergency_id: int) -> Sequence[Row[Any]]:
    """All hospitals that were asked, in the order in which they were asked."""
    query = (
        select(dispatches)
        .where(dispatches.c.emergency_id == emergency_id)
        .order_by(dispatches.c.position)
    )
    return connection.execute(query).all()


def change_dispatch(uow: UnitOfWork, row: Row[Any], **values: Any) -> Row[Any]:
    """The dispatch with these values and a new version."""
    return uow.connection.execute(
        update(dispatches)
        .where(dispatches.c.id == row.id)
        .values(version=dispatches.c.version + 1, **values)
        .returning(dispatches)
    ).one()


def newest_active(uow: UnitOfWork, caller_id: int) -> Row[Any] | None:
    """The caller's latest emergency that still waits for something, locked."""
    query = (
        select(emergencies)
        .where(
            emergencies.c.caller_id == caller_id,
            emergencies.c.state.in_([state.value for state in ACTIVE]),
        )
        .order_by(emergencies.c.created_at.desc(), emergencies.c.id.desc())
        .limit(1)
        .with_for_update()
    )
    return uow.connection.execute(query).first()


def recent_incident(uow: UnitOfWork, caller_id: int) -> int | None:
    """The incident of this caller's emergency of the last 10 minutes: the new one belongs to it."""
    query = (
        select(emergencies.c.incident_id)
        .where(
            emergencies.c.caller_id == caller_id,
            emergencies.c.created_at >= uow.now - timedelta(minutes=10),
        )
        .order_by(emergencies.c.created_at.desc())
        .limit(1)
    )
    found: int | None = uow.connection.execute(query).scalar()
    return found


def _unused(uow: UnitOfWork, table: Table, column: str, states: Sequence[str]) -> str:
    for _ in range(_CODE_ATTEMPTS):
        code = help_code.new(uow.system.rng)
        query = (
            select(table.c.id).where(table.c[column] == code, table.c.state.in_(states)).limit(1)
        )
        if uow.connection.execute(query).first() is None:
            return code
    raise RuntimeError("no free code found: are there hundreds of thousands of open emergencies?")


def unused_help_code(uow: UnitOfWork) -> str:
    """A help code that no open emergency has."""
    states = [s.value for s in (*ACTIVE, EmergencyState.ARRIVED)]
    return _unused(uow, emergencies, "help_code", states)


def unused_answer_code(uow: UnitOfWork) -> str:
    """An answer code that no live dispatch has."""
    states = [s.value for s in (*LIVE, DispatchState.EXPIRED)]
    return _unused(uow, dispatches, "answer_code", states)
