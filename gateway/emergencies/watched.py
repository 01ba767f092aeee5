"""Whoever may be watched: what their phone calls off goes on, and the phone does not show it
(docs/adr/012).
"""

from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm, solve
from gateway.emergencies import boxes_told, noting, store, telling, timers
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.timers import TimerKind
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState, move
from shared.identifier import to_text

_ALARM = "cancel_asked"
_FOR_STAFF = (
    "Somebody asked from this phone to cancel. It may not be the patient: go on expecting them "
    "until Haven's operators say otherwise."
)


def seem_cancelled(uow: UnitOfWork, emergency: Row[Any]) -> Row[Any]:
    """Whoever holds the phone called off an emergency that is discreet. They see it cancelled and
    hear nothing more of it; hospitals go on, and operators decide whether it ends. One that nobody
    was told of yet is raised.

    Raises IllegalMove where any other emergency could not be cancelled either.
    """
    if emergency.cancel_asked_at is not None:
        return emergency
    state = EmergencyState(emergency.state)
    move(state, EmergencyState.CANCELLED)
    emergency = store.change(uow, emergency, cancel_asked_at=uow.now)
    emergency = noting.add_note(uow, emergency, _FOR_STAFF)
    if state is EmergencyState.PROVISIONAL:
        emergency = raise_emergency(uow, emergency).emergency
    else:
        boxes_told.tell_live(uow, emergency, reason="caller: asked to cancel")
    raise_alarm(uow, _ALARM, emergency=emergency)
    uow.audit(
        telling.actor(emergency),
        "cancel asked",
        f"emergency:{to_text(emergency.id)}",
    )
    return emergency


def ask_operators_again(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """A day has passed and nobody has decided, or they decided to keep it: only people end it."""
    solve(uow, _ALARM, emergency.id)
    raise_alarm(uow, _ALARM, emergency=emergency)
    timers.put(uow, TimerKind.CLOSE, emergency.id, uow.now + timers.CLOSE_AFTER)
