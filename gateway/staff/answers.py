"""Answers that a duty phone gives to offers: the same use cases, and the same verdicts, as from a
box or by SMS. Each takes the number that asks, and answers only for that number's hospitals.
"""

from gateway.emergencies import hospital_answers, store
from gateway.emergencies.hospital_answers import Answered, Answerer
from gateway.hospitals.reachability import duty_phone_answered
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import CannotTreatReason
from shared.errors import InvalidInput, NotFound

BY_USSD = Answerer(via="ussd")


def accept(uow: UnitOfWork, number: str, dispatch_id: int) -> Answered:
    """The hospital expects the patient. Raises InvalidInput for a dispatch that is not theirs."""
    _require_own(uow, number, dispatch_id)
    return _answered(uow, number, hospital_answers.accept(uow, dispatch_id, BY_USSD))


def cannot_treat(
    uow: UnitOfWork, number: str, dispatch_id: int, reason: CannotTreatReason
) -> Answered:
    """The hospital cannot treat this: the next one is asked. Raises InvalidInput for a dispatch
    that is not theirs.
    """
    _require_own(uow, number, dispatch_id)
    answered = hospital_answers.cannot_treat(uow, dispatch_id, reason, "", BY_USSD)
    return _answered(uow, number, answered)


def arrived(uow: UnitOfWork, number: str, dispatch_id: int) -> Answered:
    """The patient is there. Raises InvalidInput for a dispatch that is not theirs."""
    _require_own(uow, number, dispatch_id)
    return _answered(uow, number, hospital_answers.arrived(uow, dispatch_id, BY_USSD))


def _require_own(uow: UnitOfWork, number: str, dispatch_id: int) -> None:
    theirs = uow.services.hospitals.with_duty_phone(uow.connection, number)
    try:
        own = store.dispatch(uow, dispatch_id).hospital_id in theirs
    except NotFound:
        own = False
    if not own:
        raise InvalidInput(
            "No such patient was announced to your hospital. Look at the list again."
        )


def _answered(uow: UnitOfWork, number: str, answered: Answered) -> Answered:
    # Last, as it locks the counter of changes: emergencies are locked before it.
    duty_phone_answered(uow.connection, uow.system, answered.dispatch.hospital_id, number)
    return answered
