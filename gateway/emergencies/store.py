"""Reads, locks and changes the rows of emergencies and dispatches."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, or_, select, update

from gateway.database.rows import Rows
from gateway.emergencies.tables import dispatches, emergencies
from gateway.unit_of_work import UnitOfWork
from shared import help_code
from shared.dispatch import LIVE, DispatchState
from shared.emergency import ENDED, EmergencyState
from shared.errors import NotFound
from sync.prepared import Prepared, one_of

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
# So long both sides keep what they told each other: how old a backup may be (DESIGN 5).
KEPT_ON_BOXES = timedelta(days=35)
_HELP_CODE_STATES = (*ACTIVE, EmergencyState.ARRIVED)
_ANSWER_CODE_STATES = (*LIVE, DispatchState.EXPIRED)

_LOCK = Prepared(
    select(emergencies).where(emergencies.c.id == bindparam("emergency_id")).with_for_update()
)
_DISPATCH = Prepared(select(dispatches).where(dispatches.c.id == bindparam("dispatch_id")))
_DISPATCHES_OF = Prepared(
    select(dispatches)
    .where(dispatches.c.emergency_id == bindparam("of_emergency"))
    .order_by(dispatches.c.position)
)
# What was called off has ended for whoever holds the phone, also where it goes on in fact.
_open_to_caller = one_of(
    emergencies.c.state, [state.value for state in ACTIVE]
) & emergencies.c.cancel_asked_at.is_(None)
_ACTIVE_OF = Prepared(
    select(emergencies)
    .where(
        emergencies.c.caller_id == bindparam("of_caller"),
        _open_to_caller,
    )
    # Locked in the one order that lets nobody wait in a circle.
    .order_by(emergencies.c.id)
    .with_for_update()
)
_ACTIVE_WITH_CODE = Prepared(
    select(emergencies)
    .where(
        emergencies.c.caller_id == bindparam("of_caller"),
        emergencies.c.help_code == bindparam("code"),
        _open_to_caller,
    )
    .limit(1)
    .with_for_update()
)
_OF_PATIENT = Prepared(
    select(emergencies)
    .where(
        emergencies.c.caller_id == bindparam("of_caller"),
        emergencies.c.caller_is_patient,
        one_of(
            emergencies.c.state, [state.value for state in EmergencyState if state not in ENDED]
        ),
    )
    .order_by(emergencies.c.id)
    .with_for_update()
)
_RECENT_INCIDENT = Prepared(
    select(emergencies.c.incident_id)
    .where(
        emergencies.c.caller_id == bindparam("of_caller"),
        emergencies.c.created_at >= bindparam("since"),
    )
    .order_by(emergencies.c.created_at.desc())
    .limit(1)
)


_EMERGENCIES = Rows(emergencies)


@cache
def _change(table: Table, columns: tuple[str, ...], returning: bool) -> Prepared:
    given: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    changed = (
        update(table)
        .where(table.c.id == bindparam("changed_id"))
        .values(version=table.c.version + 1, **given)
    )
    return Prepared(changed.returning(*table.c) if returning else changed)


@cache
def _with_code(table: Table, column: str, states: tuple[str, ...]) -> Prepared:
    return Prepared(
        select(table.c.id)
        .where(table.c[column] == bindparam("code"), one_of(table.c.state, states))
        .limit(1)
    )


def lock(uow: UnitOfWork, emergency_id: int) -> Row[Any]:
    """The emergency, locked until the transaction ends: turn, sweeper and claims lock it first.

    Raises NotFound.
    """
    found = uow.locked.get(emergency_id) or _LOCK.first(uow.connection, emergency_id=emergency_id)
    if found is None:
        raise NotFound("There is no such emergency.")
    uow.locked[emergency_id] = found
    return found


def lock_all(
    connection: Connection, which: ColumnElement[bool], also: ColumnElement[bool] | None = None
) -> None:
    """Locks the emergencies of these dispatches, and `also` these emergencies, in the one order
    that lets nobody wait in a circle.
    """
    of_these = select(dispatches.c.emergency_id).where(which)
    connection.execute(
        select(emergencies.c.id)
        .where(or_(emergencies.c.id.in_(of_these), *([] if also is None else [also])))
        .order_by(emergencies.c.id)
        .with_for_update()
    )


def change(uow: UnitOfWork, emergency: Row[Any], **values: Any) -> Row[Any]:
    """The emergency with these values and a new version."""
    locked = uow.locked.get(emergency.id)
    if locked is None:
        changed = _changed(uow, emergencies, emergency, values)
    else:
        # Nobody else can have changed it since: what it is now need not be read again.
        uow.before.setdefault(locked.id, locked)
        _change(emergencies, tuple(values), False).run(
            uow.connection, changed_id=locked.id, **_given(values)
        )
        changed = _EMERGENCIES.changed(locked, {**values, "version": locked.version + 1})
    uow.locked[emergency.id] = changed
    return changed


def dispatch(uow: UnitOfWork, dispatch_id: int) -> Row[Any]:
    """The dispatch. Lock its emergency before changing it. Raises NotFound."""
    found = _DISPATCH.first(uow.connection, dispatch_id=dispatch_id)
    if found is None:
        raise NotFound("There is no such dispatch.")
    return found


def dispatches_of(connection: Connection, emergency_id: int) -> Sequence[Row[Any]]:
    """All hospitals that were asked, in the order in which they were asked."""
    return _DISPATCHES_OF.all(connection, of_emergency=emergency_id)


def change_dispatch(uow: UnitOfWork, row: Row[Any], **values: Any) -> Row[Any]:
    """The dispatch with these values and a new version."""
    return _changed(uow, dispatches, row, values)


def _changed(uow: UnitOfWork, table: Table, row: Row[Any], values: dict[str, Any]) -> Row[Any]:
    uow.before.setdefault(row.id, row)
    return _change(table, tuple(values), True).one(
        uow.connection, changed_id=row.id, **_given(values)
    )


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def newest_active(uow: UnitOfWork, caller_id: int) -> Row[Any] | None:
    """The caller's latest emergency that still waits for something as far as their phone may show
    it, locked.
    """
    return next(iter(active(uow, caller_id)), None)


def active(uow: UnitOfWork, caller_id: int) -> Sequence[Row[Any]]:
    """All that `newest_active` chooses from, the latest first, locked."""
    found = _ACTIVE_OF.all(uow.connection, of_caller=caller_id)
    uow.locked.update((emergency.id, emergency) for emergency in found)
    return found[::-1]


def of_patient(uow: UnitOfWork, caller_id: int) -> Sequence[Row[Any]]:
    """The emergencies that have not ended in which this caller is the patient, locked."""
    found = _OF_PATIENT.all(uow.connection, of_caller=caller_id)
    uow.locked.update((emergency.id, emergency) for emergency in found)
    return found


def active_with_code(uow: UnitOfWork, caller_id: int, code: str) -> Row[Any] | None:
    """That one of the emergencies that `newest_active` chooses from, locked."""
    return _ACTIVE_WITH_CODE.first(uow.connection, of_caller=caller_id, code=code)


def recent_incident(uow: UnitOfWork, caller_id: int) -> int | None:
    """The incident of this caller's emergency of the last 10 minutes: the new one belongs to it."""
    since = uow.now - timedelta(minutes=10)
    found = _RECENT_INCIDENT.first(uow.connection, of_caller=caller_id, since=since)
    return None if found is None else int(found.incident_id)


def _unused(uow: UnitOfWork, table: Table, column: str, states: tuple[str, ...]) -> str:
    taken = _with_code(table, column, states)
    for _ in range(_CODE_ATTEMPTS):
        code = help_code.new(uow.system.rng)
        if taken.first(uow.connection, code=code) is None:
            return code
    raise RuntimeError("no free code found: are there hundreds of thousands of open emergencies?")


def unused_help_code(uow: UnitOfWork) -> str:
    """A help code that no open emergency has."""
    return _unused(uow, emergencies, "help_code", _HELP_CODE_STATES)


def unused_answer_code(uow: UnitOfWork) -> str:
    """An answer code that no live dispatch has."""
    return _unused(uow, dispatches, "answer_code", _ANSWER_CODE_STATES)
