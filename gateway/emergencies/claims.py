"""Folds what a hospital's box claims into the state tables, and answers each claim with a
verdict.
"""

from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies import hospital_answers, store
from gateway.emergencies.hospital_answers import Answered, Answerer
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState
from shared.errors import HavenError, NotFound
from sync.events import (
    AcceptDispatch,
    CannotTreat,
    Claim,
    DispatchDelivered,
    PatientArrived,
    TreatAfterAll,
    Verdict,
)

_NOT_TAKEN_IN = "Haven could not take this in; operators have been told and will phone you"


def fold(uow: UnitOfWork, hospital_id: int, claim: Claim) -> Verdict:
    """The verdict on a claim; nothing of a refused one stays. A claim about another hospital's
    dispatch is refused like an unknown one.
    """
    try:
        answered = uow.attempt(lambda: _apply(uow, hospital_id, claim))
    except HavenError as error:
        return _refused(uow, claim, _own(uow, hospital_id, claim), str(error))
    return Verdict(
        at=uow.now,
        claim_id=claim.claim_id,
        dispatch_id=claim.dispatch_id,
        accepted=answered.accepted,
        state=DispatchState(answered.dispatch.state),
        version=answered.dispatch.version,
        reason=answered.reason,
    )


def complete(uow: UnitOfWork, hospital_id: int, claim: Claim) -> None:
    """Takes in the whole note of a claim that was folded from a text in brief."""
    if isinstance(claim, CannotTreat) and claim.note:
        dispatch = _own(uow, hospital_id, claim)
        if dispatch is not None and dispatch.state == DispatchState.CANNOT_TREAT:
            store.change_dispatch(uow, dispatch, reason_note=claim.note[:240])


def set_aside(uow: UnitOfWork, hospital_id: int, claim: Claim) -> Verdict:
    """The verdict on a claim that could not be folded, for whatever reason: operators ask the
    hospital what it meant.
    """
    dispatch = _own(uow, hospital_id, claim)
    if dispatch is not None:
        raise_alarm(
            uow,
            "answer_failed",
            emergency=store.lock(uow, dispatch.emergency_id),
            hospital=uow.services.hospitals.card(uow.connection, hospital_id).name,
        )
    return _refused(uow, claim, dispatch, _NOT_TAKEN_IN)


def _own(uow: UnitOfWork, hospital_id: int, claim: Claim) -> Row[Any] | None:
    try:
        hospital_answers.require_own(uow, claim.dispatch_id, hospital_id)
        return store.dispatch(uow, claim.dispatch_id)
    except NotFound:
        return None


def _refused(uow: UnitOfWork, claim: Claim, dispatch: Row[Any] | None, reason: str) -> Verdict:
    return Verdict(
        at=uow.now,
        claim_id=claim.claim_id,
        dispatch_id=claim.dispatch_id,
        accepted=False,
        state=DispatchState.WITHDRAWN if dispatch is None else DispatchState(dispatch.state),
        version=0 if dispatch is None else dispatch.version,
        reason=reason,
    )


def _apply(uow: UnitOfWork, hospital_id: int, claim: Claim) -> Answered:
    hospital_answers.require_own(uow, claim.dispatch_id, hospital_id)
    who = Answerer(via="box", by=claim.by)
    match claim:
        case DispatchDelivered():
            return hospital_answers.delivered(uow, claim.dispatch_id, audible=claim.audible)
        case AcceptDispatch():
            return hospital_answers.accept(uow, claim.dispatch_id, who)
        case CannotTreat():
            return hospital_answers.cannot_treat(
                uow, claim.dispatch_id, claim.reason, claim.note, who
            )
        case TreatAfterAll():
            return hospital_answers.treat_after_all(uow, claim.dispatch_id, who)
        case PatientArrived():
            return hospital_answers.arrived(uow, claim.dispatch_id, who)
    raise AssertionError(f"a claim that nobody folds: {type(claim).__name__}")
