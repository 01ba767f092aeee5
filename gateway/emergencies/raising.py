"""Raises an emergency: from now on people act on it."""

from typing import Any

from sqlalchemy import Row

from gateway import audit
from gateway.emergencies import dispatching, store, telling, timers
from gateway.emergencies.dispatching import Asked
from gateway.emergencies.timers import TimerKind
from gateway.operators.alarms import raise_alarm
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState, move
from shared.identifier import to_text


def raise_emergency(uow: UnitOfWork, emergency: Row[Any]) -> Asked:
    """Raises a provisional emergency (locked by the caller); one that is raised already stays so.

    Without a place operators own it, and an SMS asks where the patient is.
    """
    if emergency.state != EmergencyState.PROVISIONAL:
        return standing(uow, emergency)
    timers.clear(uow, emergency.id, TimerKind.SESSION_QUIET)
    state = move(EmergencyState.PROVISIONAL, EmergencyState.OPEN)
    audit.record(
        uow.connection,
        uow.system,
        "gateway",
        "emergency raised",
        f"emergency:{to_text(emergency.id)}",
    )
    if emergency.lat is None:
        return _without_place(uow, emergency)
    return send_to_hospital(uow, emergency, state=state.value, raised_at=uow.now)


def send_to_hospital(uow: UnitOfWork, emergency: Row[Any], **facts: Any) -> Asked:
    """Asks the best hospital left, and sends the caller there; `facts` about the emergency are
    written with it.
    """
    asked = dispatching.offer_next(uow, emergency, sends_caller=True, **facts)
    if asked.dispatch is None or asked.hospital is None:
        return asked
    telling.tell_caller(
        uow,
        asked.emergency,
        "telling" if asked.dispatch.reachable else "not_reachable",
        {"hospital": asked.hospital.name, "minutes": str(asked.dispatch.travel_min)},
    )
    return asked


def standing(uow: UnitOfWork, emergency: Row[Any]) -> Asked:
    """How an emergency that is already raised stands."""
    if emergency.told_dispatch_id is None:
        return Asked(emergency, None, None)
    dispatch = store.dispatch(uow, emergency.told_dispatch_id)
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    return Asked(emergency, dispatch, hospital)


def _without_place(uow: UnitOfWork, emergency: Row[Any]) -> Asked:
    state = move(EmergencyState.OPEN, EmergencyState.UNANSWERED)
    emergency = store.change(uow, emergency, state=state.value, raised_at=uow.now)
    timers.leave_to_operators(uow, emergency.id)
    raise_alarm(uow, "no_place", emergency=emergency)
    choices = emergency.place_choices or []
    if choices:
        names = {f"hit_{n}": choice[0] for n, choice in enumerate(choices, start=1)}
        telling.tell_caller(uow, emergency, "place_unclear", names)
    else:
        telling.tell_caller(uow, emergency, "ask_place")
    return Asked(emergency, None, None)
