"""Folds what a hospital's box claims into the state tables, and answers each claim with a
verdict.
"""

from gateway.emergencies import hospital_answers
from gateway.emergencies.hospital_answers import Answered, Answerer
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState
from shared.errors import HavenError
from sync.events import (
    AcceptDispatch,
    CannotTreat,
    Claim,
    DispatchDelivered,
    PatientArrived,
    Verdict,
)


def fold(uow: UnitOfWork, hospital_id: int, claim: Claim) -> Verdict:
    """The verdict on a claim. A claim about another hospital's dispatch is refused like an
    unknown one.
    """
    try:
        answered = _apply(uow, hospital_id, claim)
    except HavenError as error:
        return Verdict(
            at=uow.now,
            claim_id=claim.claim_id,
            dispatch_id=claim.dispatch_id,
            accepted=False,
            state=DispatchState.WITHDRAWN,
            version=0,
            reason=str(error),
        )
    return Verdict(
        at=uow.now,
        claim_id=claim.claim_id,
        dispatch_id=claim.dispatch_id,
        accepted=answered.accepted,
        state=DispatchState(answered.dispatch.state),
        version=answered.dispatch.version,
        reason=answered.reason,
    )


def _apply(uow: UnitOfWork, hospital_id: int, claim: Claim) -> Answered:
    hospital_answers.require_own(uow, claim.dispatch_id, hospital_id)
    who = Answerer(via="box", by=claim.by)
    match claim:
        case DispatchDelivered():
            return hospital_answers.delivered(uow, claim.dispatch_id)
        case AcceptDispatch():
            return hospital_answers.accept(uow, claim.dispatch_id, who)
        case CannotTreat():
            return hospital_answers.cannot_treat(
                uow, claim.dispatch_id, claim.reason, claim.note, who
            )
        case PatientArrived():
            return hospital_answers.arrived(uow, claim.dispatch_id, who)
    raise AssertionError(f"a claim that nobody folds: {type(claim).__name__}")
