"""Rings a hospital's duty phones: where nobody has answered, and where nobody can hear its box."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select

from gateway.emergencies import duty_phones, store, timers
from gateway.emergencies.tables import dispatches, emergencies
from gateway.emergencies.timers import TimerKind
from gateway.notifications.outbox import Channel
from gateway.notifications.tables import messages
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import WAITING, DispatchState
from shared.emergency import Priority
from sync.prepared import Prepared

# As long as a critical patient's hospital has for taking in the offer (DESIGN).
_UNHEARD_AFTER = timedelta(seconds=20)
_CALL_OF = Prepared(
    select(messages.c.id)
    .where(
        messages.c.emergency_id == bindparam("of_emergency"),
        messages.c.dispatch_id == bindparam("of_dispatch"),
        messages.c.channel == Channel.VOICE.value,
    )
    .limit(1)
)


def nobody_hears(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """Nobody can hear the hospital's box: its duty phone is rung at once for a critical patient,
    soon for any other, and once for each. A hospital without one keeps its deadlines, so that
    operators hear of a patient only when nobody has answered.
    """
    phones = uow.services.hospitals.phones(uow.connection, dispatch.hospital_id, uow.now)
    if not phones.voice or _was_rung(uow, dispatch):
        return
    if emergency.priority == Priority.CRITICAL:
        timers.clear(uow, emergency.id, TimerKind.NOT_DELIVERED, dispatch.id)
        duty_phones.call(uow, emergency, dispatch)
        return
    due_at = max(uow.now, dispatch.offered_at + _UNHEARD_AFTER)
    timers.put(uow, TimerKind.NOT_DELIVERED, emergency.id, due_at, dispatch.id)


def somebody_hears(uow: UnitOfWork, dispatch: Row[Any]) -> None:
    """A box that rings, and can be heard: its phone is rung only if nobody answers."""
    timers.clear(uow, dispatch.emergency_id, TimerKind.NOT_DELIVERED, dispatch.id)


def alarm_changed(uow: UnitOfWork, hospital_id: int, *, audible: bool) -> None:
    """The hospital's box can be heard now, or not any more: what rings there is phoned or left to
    the box accordingly.
    """
    # The exchange has locked them. Whoever was sent here in this very moment is left out, since
    # waiting for them now could make two wait in a circle: their own delivery says who hears it.
    waiting = uow.connection.execute(
        select(dispatches)
        .join(emergencies, emergencies.c.id == dispatches.c.emergency_id)
        .where(
            dispatches.c.hospital_id == hospital_id,
            dispatches.c.state.in_([state.value for state in WAITING]),
        )
        .order_by(emergencies.c.id)
        .with_for_update(of=emergencies, skip_locked=True)
    ).all()
    for dispatch in waiting:
        emergency = store.lock(uow, dispatch.emergency_id)
        if not audible:
            nobody_hears(uow, emergency, dispatch)
        elif dispatch.state == DispatchState.DELIVERED:
            somebody_hears(uow, dispatch)


def _was_rung(uow: UnitOfWork, dispatch: Row[Any]) -> bool:
    call = _CALL_OF.first(
        uow.connection, of_emergency=dispatch.emergency_id, of_dispatch=dispatch.id
    )
    return call is not None
