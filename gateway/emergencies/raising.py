"""Raises an emergency: from now on people act on it."""

from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies import dispatching, store, telling, timers
from gateway.emergencies.dispatching import Asked
from gateway.emergencies.timers import TimerKind
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
    uow.audit(
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
    return _tell_where(uow, dispatching.offer_next(uow, emergency, sends_caller=True, **facts))


def send_to(uow: UnitOfWork, emergency: Row[Any], hospital_id: int, why: str) -> Asked:
    """Asks this hospital, and sends the caller there. Raises what `dispatching.offer_to` does."""
    return _tell_where(
        uow, dispatching.offer_to(uow, emergency, hospital_id, why, sends_caller=True)
    )


def _tell_where(uow: UnitOfWork, asked: Asked) -> Asked:
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
    if emergency.place_choices:
        telling.ask_which_place(uow, emergency)
    else:
        telling.tell_caller(uow, emergency, "ask_place")
    return Asked(emergency, None, None)
