"""Moments at which something has to happen to an emergency, durable and fired exactly once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from gateway.emergencies.tables import timers
from gateway.unit_of_work import UnitOfWork


class TimerKind(StrEnum):
    """What has to happen."""

    # A provisional emergency whose session has gone quiet is raised with what is known.
    SESSION_QUIET = "session_quiet"
    # The hospital's phone is rung: its box has not got the dispatch.
    NOT_DELIVERED = "not_delivered"
    # The hospital's phone is rung: nobody has answered.
    NOT_ANSWERED = "not_answered"
    # The next hospital is asked as well.
    ASK_NEXT = "ask_next"
    # Twice the estimated time has passed since a hospital accepted.
    NOT_ARRIVED = "not_arrived"


def put(
    uow: UnitOfWork, kind: TimerKind, emergency_id: int, due_at: datetime, dispatch_id: int = 0
) -> None:
    """Sets the moment, or moves it when it was set already."""
    clear(uow, emergency_id, kind, dispatch_id)
    uow.connection.execute(
        timers.insert(),
        {
            "id": uow.system.new_id(),
            "kind": kind.value,
            "emergency_id": emergency_id,
            "dispatch_id": dispatch_id,
            "due_at": due_at,
        },
    )


def clear(
    uow: UnitOfWork,
    emergency_id: int,
    kind: TimerKind | None = None,
    dispatch_id: int | None = None,
) -> None:
    """Takes moments back: all of the emergency's, or those of one kind or one dispatch."""
    condition = timers.c.emergency_id == emergency_id
    if kind is not None:
        condition &= timers.c.kind == kind.value
    if dispatch_id is not None:
        condition &= timers.c.dispatch_id == dispatch_id
    uow.connection.execute(delete(timers).where(condition))


def next_due(connection: Connection, now: datetime, limit: int) -> list[tuple[int, int]]:
    """The (timer, emergency) ids that are due, oldest first."""
    query = (
        select(timers.c.id, timers.c.emergency_id)
        .where(timers.c.due_at <= now)
        .order_by(timers.c.due_at, timers.c.id)
        .limit(limit)
    )
    return [(row.id, row.emergency_id) for row in connection.execute(query)]


def take(uow: UnitOfWork, timer_id: int) -> Row[Any] | None:
    """The timer, removed; None when somebody else was faster or it was taken back."""
    taken = uow.connection.execute(
        delete(timers).where(timers.c.id == timer_id, timers.c.due_at <= uow.now).returning(timers)
    ).first()
    return taken
