"""Takes an emergency back from every hospital that was asked."""

from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import solve_all
from gateway.emergencies import boxes_told, dispatching, store, summaries, timers
from gateway.emergencies.timers import TimerKind
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import MAY_TREAT, DispatchState
from shared.emergency import EmergencyState, move


def withdraw(
    uow: UnitOfWork,
    emergency: Row[Any],
    reason: str,
    into: EmergencyState = EmergencyState.CANCELLED,
) -> Row[Any]:
    """Nobody need expect this patient any more: beds are free, every hospital that might still
    treat them hears why, and alarms are solved. Raises IllegalMove where the emergency cannot come
    `into` that state.
    """
    state = move(EmergencyState(emergency.state), into)
    emergency = store.change(uow, emergency, state=state.value, ended_at=uow.now)
    timers.clear(uow, emergency.id)
    asked = store.dispatches_of(uow.connection, emergency.id)
    for row in asked:
        if DispatchState(row.state) in MAY_TREAT:
            dispatching.settle(uow, emergency, row, DispatchState.WITHDRAWN, reason)
    boxes_told.tell_who_cannot(uow, emergency, still_needed=False)
    # Also where the patient has arrived, which is over now.
    summaries.follow(uow, emergency)
    solve_all(uow, emergency.id)
    if asked:
        leaves_at = uow.now + timers.LEAVES_BOXES_AFTER
        timers.put(uow, TimerKind.LEAVE_BOXES, emergency.id, leaves_at)
    return emergency
