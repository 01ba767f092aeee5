"""Raises an emergency: from now on people act on it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from gateway import audit
from gateway.emergencies import dispatching, store, telling, timers
from gateway.emergencies.timers import TimerKind
from gateway.operators.alarms import raise_alarm, solve
from gateway.ports import HospitalCard
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState, move
from shared.identifier import to_text


@dataclass(frozen=True, slots=True)
class Raised:
    """What the caller can be told at once."""

    emergency: Row[Any]
    # None while no place is known or no hospital is left to ask.
    dispatch: Row[Any] | None
    hospital: HospitalCard | None


def raise_emergency(uow: UnitOfWork, emergency: Row[Any]) -> Raised:
    """Raises a provisional emergency (locked by the caller); one that is raised already stays so.

    Without a place operators own it, and an SMS asks where the patient is.
    """
    if emergency.state != EmergencyState.PROVISIONAL:
        return standing(uow, emergency)
    timers.clear(uow, emergency.id, TimerKind.SESSION_QUIET)
    state = move(EmergencyState.PROVISIONAL, EmergencyState.OPEN)
    emergency = store.change(uow, emergency, state=state.value, raised_at=uow.now)
    audit.record(
        uow.connection,
        uow.system,
        "gateway",
        "emergency raised",
        f"emergency:{to_text(emergency.id)}",
    )
    if emergency.lat is None:
        return _without_place(uow, emergency)
    return send_to_hospital(uow, emergency)


def send_to_hospital(uow: UnitOfWork, emergency: Row[Any]) -> Raised:
    """Asks the first hospital, and tells the caller which."""
    emergency, dispatch = dispatching.offer_next(uow, emergency)
    if dispatch is None:
        return Raised(emergency, None, None)
    solve(uow, "no_place", emergency.id)
    emergency = store.change(uow, emergency, told_dispatch_id=dispatch.id)
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    telling.tell_caller(
        uow,
        emergency,
        "telling" if dispatch.reachable else "not_reachable",
        {"hospital": hospital.name, "minutes": str(dispatch.travel_min)},
    )
    return Raised(emergency, dispatch, hospital)


def standing(uow: UnitOfWork, emergency: Row[Any]) -> Raised:
    """How an emergency that is already raised stands."""
    if emergency.told_dispatch_id is None:
        return Raised(emergency, None, None)
    dispatch = store.dispatch(uow, emergency.told_dispatch_id)
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    return Raised(emergency, dispatch, hospital)


def _without_place(uow: UnitOfWork, emergency: Row[Any]) -> Raised:
    state = move(EmergencyState.OPEN, EmergencyState.UNANSWERED)
    emergency = store.change(uow, emergency, state=state.value)
    timers.leave_to_operators(uow, emergency.id)
    raise_alarm(uow, "no_place", emergency=emergency)
    choices = emergency.place_choices or []
    if choices:
        names = {f"hit_{n}": choice[0] for n, choice in enumerate(choices, start=1)}
        telling.tell_caller(uow, emergency, "place_unclear", names)
    else:
        telling.tell_caller(uow, emergency, "ask_place")
    return Raised(emergency, None, None)
