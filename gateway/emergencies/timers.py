"""Moments at which something has to happen to an emergency, durable and fired exactly once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Insert, bindparam, delete, select, update

from gateway.emergencies.tables import timers
from gateway.restoring.tables import is_not_held
from gateway.unit_of_work import UnitOfWork
from sync.prepared import Prepared, insert_into


class TimerKind(StrEnum):
    """What has to happen."""

    # A provisional emergency whose session has gone quiet is raised with what is known.
    SESSION_QUIET = "session_quiet"
    # The hospital's phone is rung: its box has not got the dispatch, or nobody can hear it.
    NOT_DELIVERED = "not_delivered"
    # The hospital's phone is rung: nobody has answered.
    NOT_ANSWERED = "not_answered"
    # The next hospital is asked as well.
    ASK_NEXT = "ask_next"
    # Twice the estimated time has passed since a hospital accepted.
    NOT_ARRIVED = "not_arrived"
    # No hospital has the patient, and no operator has said anything: they are told once more.
    REMIND = "remind"
    # Only people act on it, and a day has passed: it ends by itself.
    CLOSE = "close"
    # The patient has arrived at the hospital that this one referred them to: it ends here.
    HANDED_OVER = "handed_over"
    # It ended a day ago: boxes need not show it any more.
    LEAVE_BOXES = "leave_boxes"


class Timer(NamedTuple):
    """What a moment is for; there is one of each. `dispatch_id` is 0 where it concerns the whole
    emergency. `kind` may be one that only another version of Haven knows.
    """

    emergency_id: int
    dispatch_id: int
    kind: str


REMIND_AFTER = timedelta(minutes=5)
CLOSE_AFTER = timedelta(hours=24)
# Until then staff may read on their screen how it ended.
LEAVES_BOXES_AFTER = timedelta(hours=24)

_PUT_OFF = Prepared(
    update(timers)
    .where(
        timers.c.emergency_id == bindparam("of_emergency"),
        timers.c.dispatch_id == 0,
        timers.c.kind == bindparam("of_kind"),
    )
    .values(due_at=bindparam("until"))
)
_BRING_FORWARD = Prepared(
    update(timers)
    .where(
        timers.c.emergency_id == bindparam("of_emergency"),
        timers.c.dispatch_id == bindparam("of_dispatch"),
        timers.c.kind == bindparam("of_kind"),
        timers.c.due_at > bindparam("until"),
    )
    .values(due_at=bindparam("until"))
)
_NEXT_DUE = Prepared(
    select(timers.c.emergency_id, timers.c.dispatch_id, timers.c.kind)
    .where(timers.c.due_at <= bindparam("now"), is_not_held(timers.c.due_at))
    .order_by(timers.c.due_at, *timers.primary_key)
    .limit(bindparam("most"))
)


@cache
def _put(count: int) -> Prepared:
    rows = [
        {column: bindparam(f"{column.key}_{row}", type_=column.type) for column in timers.c}
        for row in range(count)
    ]

    def statement(dialect_name: str) -> Insert:
        insert = insert_into(timers, dialect_name).values(rows)
        return insert.on_conflict_do_update(
            index_elements=timers.primary_key.columns.keys(),
            set_={"due_at": insert.excluded.due_at},
        )

    return Prepared(statement)


@cache
def _clear(*columns: str) -> Prepared:
    return Prepared(delete(timers).where(*(timers.c[name] == bindparam(name) for name in columns)))


def put(
    uow: UnitOfWork, kind: TimerKind, emergency_id: int, due_at: datetime, dispatch_id: int = 0
) -> None:
    """Sets the moment, or moves it when it was set already."""
    put_all(uow, {kind: due_at}, emergency_id, dispatch_id)


def put_all(
    uow: UnitOfWork,
    moments: Mapping[TimerKind, datetime],
    emergency_id: int,
    dispatch_id: int = 0,
) -> None:
    """Sets several moments at once, or moves those that were set already."""
    values: dict[str, Any] = {}
    for row, (kind, due_at) in enumerate(moments.items()):
        values |= {
            f"kind_{row}": kind.value,
            f"emergency_id_{row}": emergency_id,
            f"dispatch_id_{row}": dispatch_id,
            f"due_at_{row}": due_at,
        }
    _put(len(moments)).run(uow.connection, **values)


def leave_to_operators(uow: UnitOfWork, emergency_id: int) -> None:
    """No hospital is left to wait for: people are reminded, and one day it ends."""
    moments = {
        TimerKind.REMIND: uow.now + REMIND_AFTER,
        TimerKind.CLOSE: uow.now + CLOSE_AFTER,
    }
    put_all(uow, moments, emergency_id)


def put_off(uow: UnitOfWork, kind: TimerKind, emergency_id: int, due_at: datetime) -> None:
    """Moves the moment if it is still to come; one that was fired or taken back stays away."""
    _PUT_OFF.run(uow.connection, of_emergency=emergency_id, of_kind=kind.value, until=due_at)


def bring_forward(
    uow: UnitOfWork, kind: TimerKind, emergency_id: int, due_at: datetime, dispatch_id: int
) -> None:
    """Moves the moment if it is still to come and would come later."""
    _BRING_FORWARD.run(
        uow.connection,
        of_emergency=emergency_id,
        of_dispatch=dispatch_id,
        of_kind=kind.value,
        until=due_at,
    )


def clear(
    uow: UnitOfWork,
    emergency_id: int,
    kind: TimerKind | None = None,
    dispatch_id: int | None = None,
) -> None:
    """Takes moments back: all of the emergency's, or those of one kind or one dispatch."""
    of: dict[str, Any] = {"emergency_id": emergency_id}
    if kind is not None:
        of["kind"] = kind.value
    if dispatch_id is not None:
        of["dispatch_id"] = dispatch_id
    _clear(*of).run(uow.connection, **of)


def next_due(connection: Connection, now: datetime, limit: int) -> list[Timer]:
    """What is due, oldest first."""
    due = _NEXT_DUE.all(connection, now=now, most=limit)
    return [Timer(row.emergency_id, row.dispatch_id, row.kind) for row in due]


def postpone(uow: UnitOfWork, timer: Timer, due_at: datetime) -> None:
    """Moves one timer, whatever it is for."""
    uow.connection.execute(update(timers).where(*_is(timer)).values(due_at=due_at))


def take(uow: UnitOfWork, timer: Timer) -> bool:
    """Removes the timer; False when somebody else was faster, or it was taken back or put off."""
    due = timers.c.due_at <= uow.now
    return uow.connection.execute(delete(timers).where(*_is(timer), due)).rowcount == 1


def _is(timer: Timer) -> list[ColumnElement[bool]]:
    return [timers.c[name] == value for name, value in timer._asdict().items()]
