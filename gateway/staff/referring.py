"""A hospital refers a patient onward: another one, which has what is needed, is asked from where
this one stands (docs/adr/011).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from gateway.emergencies import caller_answers, hospital_answers, noting, onward, store
from gateway.emergencies.dispatching import Asked
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.tables import emergencies
from gateway.staff.answers import BY_USSD
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState, Part
from shared.emergency import EmergencyState, Priority
from shared.errors import Conflict, InvalidInput, NotFound
from shared.identifier import to_text

# The sign under which the triage rules know what is asked for a patient who is referred.
_SIGN = "referral"


@dataclass(frozen=True, slots=True)
class Referral:
    """A patient whom this hospital refers onward, and who has not arrived there yet."""

    emergency_id: int
    help_code: str
    state: EmergencyState
    priority: Priority


def needs(uow: UnitOfWork) -> tuple[str, ...]:
    """What a patient may be referred for, in the order of the triage rules."""
    return uow.services.rules.details_of(_SIGN)


def refer(
    uow: UnitOfWork, hospital_id: int, needed: str, *, dispatch_id: int | None = None
) -> Asked:
    """Asks another hospital that has what is `needed` (one of `needs`), or, when none is left,
    operators. `dispatch_id` is the patient's own at this hospital; None is somebody who came by
    themselves. One who was only expected counts as arrived from now on.

    Raises InvalidInput for an unknown need or a patient who is not at this hospital, Conflict for
    one who is being referred already, NotFound for an unknown hospital.
    """
    if needed not in needs(uow):
        raise InvalidInput(f"A patient is referred for one of {', '.join(needs(uow))}.")
    patient = None if dispatch_id is None else _patient_here(uow, hospital_id, dispatch_id)
    who = f"hospital:{to_text(hospital_id)} {BY_USSD.via}"
    emergency = noting.note_emergency(
        uow,
        caller_id=None,
        channel=BY_USSD.via,
        language=uow.services.menus.default_language,
        answers={"sign": _SIGN, "detail": needed},
        quiet_at=None,
        actor=who,
    )
    facts: dict[str, Any] = {"referred_by": hospital_id, **onward.place_of(uow, hospital_id)}
    if patient is not None:
        facts |= {
            "referred_from": patient.id,
            "incident_id": patient.incident_id,
            "age_years": patient.age_years,
        }
    return raise_emergency(uow, store.change(uow, emergency, **facts))


def open_referrals(uow: UnitOfWork, hospital_id: int) -> list[Referral]:
    """The patients whom this hospital refers onward, the most urgent first."""
    rows = uow.connection.execute(
        select(emergencies)
        .where(
            emergencies.c.referred_by == hospital_id,
            emergencies.c.state.in_([state.value for state in store.ACTIVE]),
        )
        .order_by(emergencies.c.priority, emergencies.c.id)
    )
    return [
        Referral(row.id, row.help_code, EmergencyState(row.state), Priority(row.priority))
        for row in rows
    ]


def withdraw(uow: UnitOfWork, hospital_id: int, emergency_id: int) -> None:
    """The patient is referred no more: they stay, or went another way. Raises InvalidInput where
    this hospital refers nobody like that any more.
    """
    try:
        earlier = _earlier(uow, emergency_id)
        emergency = store.lock(uow, emergency_id)
    except NotFound:
        earlier = emergency = None
    waits = emergency is not None and EmergencyState(emergency.state) in store.ACTIVE
    if emergency is None or not waits or emergency.referred_by != hospital_id:
        raise InvalidInput("That referral is not open any more. Look at the list again.")
    caller_answers.cancel(uow, emergency, by_sms=False, reason="the referring hospital withdrew it")
    if earlier is not None:
        _treats_them(uow, earlier, hospital_id)


def _earlier(uow: UnitOfWork, emergency_id: int) -> Row[Any] | None:
    """The emergency in which the patient came to the hospital that refers them, locked: before the
    later one, as always.
    """
    query = select(emergencies.c.referred_from).where(emergencies.c.id == emergency_id)
    earlier_id = uow.connection.execute(query).scalar()
    return None if earlier_id is None else store.lock(uow, earlier_id)


def _treats_them(uow: UnitOfWork, earlier: Row[Any], hospital_id: int) -> None:
    """Whoever withdraws a referral that Haven made ahead needs no other one made."""
    for row in store.dispatches_of(uow.connection, earlier.id):
        if row.hospital_id == hospital_id and row.part == Part.STABILISE:
            store.change_dispatch(uow, row, part=Part.TREAT.value)


def _patient_here(uow: UnitOfWork, hospital_id: int, dispatch_id: int) -> Row[Any]:
    """The emergency, locked, of a patient who is at this hospital."""
    try:
        hospital_answers.require_own(uow, dispatch_id, hospital_id)
    except NotFound:
        raise InvalidInput(
            "No such patient was announced to your hospital. Refer them as somebody who came by "
            "themselves."
        ) from None
    emergency = store.lock(uow, store.dispatch(uow, dispatch_id).emergency_id)
    if store.dispatch(uow, dispatch_id).state == DispatchState.ACCEPTED:
        hospital_answers.arrived(uow, dispatch_id, BY_USSD)
        emergency = store.lock(uow, emergency.id)
    at = store.dispatch(uow, dispatch_id).state
    if at != DispatchState.ARRIVED or emergency.state != EmergencyState.ARRIVED:
        raise InvalidInput(
            "That patient is not at your hospital as far as Haven knows. Say first that they have "
            "arrived, or refer them as somebody who came by themselves."
        )
    already = onward.open_from(uow, emergency)
    if already:
        raise Conflict(f"This patient is being referred already: {already[0].help_code}.")
    return emergency
