"""What an operator does to an emergency by hand: the same use cases that callers and hospitals
have, with the operator named in the audit trail. Every function takes the emergency locked, and
needs an emergency that has not ended.
"""

from typing import Any

from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import (
    caller_answers,
    closing,
    dispatching,
    duty_phones,
    hospital_answers,
    noting,
    store,
    telling,
)
from gateway.emergencies.dispatching import Asked
from gateway.emergencies.hospital_answers import Answered, Answerer
from gateway.emergencies.raising import send_to
from gateway.operators.operator import Operator
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import MAY_TREAT, CannotTreatReason, DispatchState
from shared.emergency import ENDED, EmergencyState
from shared.errors import Conflict, IllegalMove, InvalidInput, NotFound
from shared.identifier import to_text

_LONGEST_REASON = 160
_MAY_BE_SENT = (EmergencyState.OPEN, EmergencyState.DISPATCHED, EmergencyState.UNANSWERED)


def place(
    uow: UnitOfWork, emergency: Row[Any], found: FoundPlace, operator: Operator, typed: str = ""
) -> Row[Any]:
    """The operator learnt where the patient is: a hospital is asked at once, and the caller told,
    as when the caller says so. `typed` are the words for it, which the hospital sees too.

    Raises IllegalMove when nobody waits for the patient any more.
    """
    _require_not_ended(emergency)
    if EmergencyState(emergency.state) not in store.ACTIVE:
        raise IllegalMove(f"{emergency.help_code} is {emergency.state}: its place is settled.")
    if typed:
        emergency = noting.note_typed_place(uow, emergency, typed, ())
    emergency = caller_answers.place_confirmed(uow, emergency, found, answers_them=False)
    _audit(uow, emergency, "place given", operator)
    return emergency


def send(uow: UnitOfWork, emergency: Row[Any], hospital_id: int, operator: Operator) -> Asked:
    """Asks this hospital now, whatever the ranking said. The caller is sent there when nobody else
    may still answer; otherwise they read that it is asked as well, and keep going.

    Raises IllegalMove in a state where nobody is asked, InvalidInput without a place, Conflict when
    the hospital was asked already, NotFound when the register has no position for it.
    """
    _require_not_ended(emergency)
    state = EmergencyState(emergency.state)
    if state is EmergencyState.PROVISIONAL:
        raise IllegalMove(
            f"{emergency.help_code} is not finished: it is raised by itself within two minutes. "
            "Then send it, or give its place now: emergencies place"
        )
    if state not in _MAY_BE_SENT:
        raise IllegalMove(
            f"{emergency.help_code} is {state}: a hospital has this patient. If it cannot treat "
            "them, say so first: emergencies cannot-treat"
        )
    if emergency.lat is None:
        raise InvalidInput(
            "Nobody knows where the patient is. Say it first: emergencies place "
            f"{emergency.help_code} --name PLACE (or --lat and --lon)"
        )
    why = f"Chosen by operator {operator.initials}, not by the ranking."
    if state is EmergencyState.UNANSWERED or emergency.told_dispatch_id is None:
        asked = send_to(uow, emergency, hospital_id, why)
    else:
        asked = dispatching.offer_to(uow, emergency, hospital_id, why, sends_caller=False)
        if asked.hospital is not None:
            telling.tell_of_another(uow, asked.emergency, asked.hospital)
    _audit(uow, asked.emergency, "hospital chosen", operator)
    return asked


def accept(uow: UnitOfWork, emergency: Row[Any], hospital_id: int, operator: Operator) -> Answered:
    """Staff said on the phone that they expect the patient, also after all. Raises NotFound when
    the hospital was never asked, Conflict when its acceptance does not count any more.
    """
    dispatch = _dispatch_of(uow, emergency, hospital_id)
    answered = hospital_answers.treat_after_all(uow, dispatch.id, _for(operator))
    return _taken(uow, answered, operator)


def cannot_treat(
    uow: UnitOfWork,
    emergency: Row[Any],
    hospital_id: int,
    reason: CannotTreatReason,
    note: str,
    operator: Operator,
) -> Answered:
    """Staff said on the phone that they cannot treat this: the next hospital is asked. Raises
    NotFound when the hospital was never asked, Conflict when its word does not count any more.
    """
    dispatch = _dispatch_of(uow, emergency, hospital_id)
    answered = hospital_answers.cannot_treat(uow, dispatch.id, reason, note, _for(operator))
    return _taken(uow, answered, operator)


def arrived(
    uow: UnitOfWork, emergency: Row[Any], hospital_id: int | None, operator: Operator
) -> Answered:
    """The patient is at this hospital; None is the one that they were told to go to. Raises
    NotFound when that hospital was never asked, or the patient was sent nowhere.
    """
    if hospital_id is not None:
        dispatch_id = _dispatch_of(uow, emergency, hospital_id).id
    else:
        dispatch_id = emergency.told_dispatch_id or emergency.accepted_dispatch_id
        if dispatch_id is None:
            raise NotFound(
                f"{emergency.help_code} was sent to no hospital yet. If the patient is at one, "
                f"end it: emergencies close {emergency.help_code} --reason 'arrived at …'"
            )
    answered = hospital_answers.arrived(uow, dispatch_id, _for(operator))
    return _taken(uow, answered, operator)


def close(uow: UnitOfWork, emergency: Row[Any], reason: str, operator: Operator) -> Row[Any]:
    """Ends it: beds are free, boxes and duty phones hear why, its alarms are solved, and the caller
    is told where that is safe.

    Raises InvalidInput without a reason, IllegalMove while it is provisional or has ended.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= _LONGEST_REASON:
        raise InvalidInput(f"--reason takes 1 to {_LONGEST_REASON} characters: staff read them.")
    _require_not_ended(emergency)
    before = EmergencyState(emergency.state)
    if before is EmergencyState.PROVISIONAL:
        raise IllegalMove(
            f"{emergency.help_code} is not finished: it is raised by itself within two minutes, "
            "and can be closed then."
        )
    asked = store.dispatches_of(uow.connection, emergency.id)
    words = f"Closed by Haven's operators: {reason}"
    emergency = closing.close(uow, emergency, reason=words, actor=operator.actor)
    for row in asked:
        if DispatchState(row.state) in MAY_TREAT:
            duty_phones.text_over(uow, row, "closed")
    emergency = noting.add_note(uow, emergency, words)
    if before in store.ACTIVE:
        telling.tell_caller(uow, emergency, "closed")
    return emergency


def reveal_phone(uow: UnitOfWork, emergency: Row[Any], operator: Operator) -> str | None:
    """The caller's number (E.164), and a line in the audit trail; None for a reporter whose number
    nobody verified.
    """
    _audit(uow, emergency, "phone revealed", operator)
    if emergency.caller_id is None:
        return None
    return callers.phone(uow, emergency.caller_id)


def _for(operator: Operator) -> Answerer:
    return Answerer(via="operator", by=operator.initials)


def _require_not_ended(emergency: Row[Any]) -> None:
    if EmergencyState(emergency.state) in ENDED:
        raise IllegalMove(f"{emergency.help_code} has ended: it is {emergency.state}.")


def _dispatch_of(uow: UnitOfWork, emergency: Row[Any], hospital_id: int) -> Row[Any]:
    # The latest first: one that was asked again answers that.
    for row in store.dispatches_of(uow.connection, emergency.id)[::-1]:
        if row.hospital_id == hospital_id:
            return row
    raise NotFound(
        f"That hospital was not asked about {emergency.help_code}. First: emergencies send "
        f"{emergency.help_code} {hospital_id}"
    )


def _taken(uow: UnitOfWork, answered: Answered, operator: Operator) -> Answered:
    """Raises Conflict for a word that came too late."""
    if not answered.accepted:
        raise Conflict(f"Nothing was changed. The hospital would read: {answered.reason}.")
    subject = f"dispatch:{to_text(answered.dispatch.id)}"
    uow.audit(operator.actor, "spoke for the hospital", subject)
    return answered


def _audit(uow: UnitOfWork, emergency: Row[Any], action: str, operator: Operator) -> None:
    subject = f"emergency:{to_text(emergency.id)}"
    uow.audit(operator.actor, action, subject)
