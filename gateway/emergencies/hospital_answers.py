"""What a hospital says of a dispatch, by whatever channel: the gateway folds it, in its own
order.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import solve, solve_about, solve_all
from gateway.emergencies import (
    boxes_told,
    dispatching,
    duty_phones,
    learning,
    onward,
    phoning,
    store,
    telling,
    timers,
)
from gateway.emergencies.timers import TimerKind
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import MAY_TREAT, WAITING, CannotTreatReason, DispatchState, Part
from shared.emergency import ENDED, EmergencyState, Transport
from shared.emergency import move as move_emergency
from shared.errors import NotFound
from shared.identifier import to_text

_SHORTEST_WAIT_MIN = 30


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a hospital's word: `accepted` false says why in `reason`."""

    dispatch: Row[Any]
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who speaks for the hospital, and how: `via` is box, sms, ussd or voice, operator for what
    staff said on the phone, or caller.
    """

    via: str
    by: str = ""


def require_own(uow: UnitOfWork, dispatch_id: int, hospital_id: int) -> None:
    """Raises NotFound unless the dispatch is this hospital's."""
    if store.dispatch(uow, dispatch_id).hospital_id != hospital_id:
        raise NotFound("There is no such dispatch.")


def delivered(uow: UnitOfWork, dispatch_id: int, *, audible: bool) -> Answered:
    """The hospital's box has the dispatch and, when `audible`, somebody can hear it ring."""
    emergency, dispatch = _locked(uow, dispatch_id)
    if DispatchState(dispatch.state) in WAITING:
        if audible:
            phoning.somebody_hears(uow, dispatch)
        else:
            phoning.nobody_hears(uow, emergency, dispatch)
    if dispatch.state == DispatchState.OFFERED:
        dispatch = store.change_dispatch(
            uow, dispatch, state=DispatchState.DELIVERED.value, delivered_at=uow.now
        )
    return Answered(dispatch, True, "")


def accept(uow: UnitOfWork, dispatch_id: int, who: Answerer) -> Answered:
    """The hospital expects the patient. The first in the gateway's order wins."""
    emergency, dispatch = _locked(uow, dispatch_id)
    if dispatch.state == DispatchState.CANNOT_TREAT:
        return Answered(dispatch, False, _standing_words(DispatchState.CANNOT_TREAT))
    return _expect(uow, emergency, dispatch, who)


def treat_after_all(uow: UnitOfWork, dispatch_id: int, who: Answerer) -> Answered:
    """The hospital takes back that it cannot treat here: it expects the patient, unless another one
    does by now or the patient needs none any more.
    """
    emergency, dispatch = _locked(uow, dispatch_id)
    return _expect(uow, emergency, dispatch, who)


def _expect(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], who: Answerer) -> Answered:
    state = DispatchState(dispatch.state)
    if state in (DispatchState.ACCEPTED, DispatchState.ARRIVED):
        return Answered(dispatch, True, "")
    refusal = _why_not_accept(emergency, state)
    if refusal:
        return Answered(dispatch, False, refusal)
    values = _answered_values(uow, who)
    if state is DispatchState.CANNOT_TREAT:
        values |= {"reason_code": None, "reason_note": ""}
    # Whoever looks at the box may not be who was on the phone.
    how = "your staff accepted on the phone" if who.via == "operator" else ""
    dispatch = dispatching.settle(uow, emergency, dispatch, DispatchState.ACCEPTED, how, **values)
    if emergency.state != EmergencyState.ACCEPTED:
        move_emergency(EmergencyState(emergency.state), EmergencyState.ACCEPTED)
    before = emergency.told_dispatch_id
    emergency = store.change(
        uow, emergency, state=EmergencyState.ACCEPTED.value, accepted_dispatch_id=dispatch.id
    )
    for other in store.dispatches_of(uow.connection, emergency.id):
        if other.id != dispatch.id and other.state in (
            DispatchState.OFFERED,
            DispatchState.DELIVERED,
            DispatchState.EXPIRED,
        ):
            reason = "another hospital accepted first"
            if other.id == before and _stays_on_the_way(emergency, dispatch, other):
                reason += "; the patient is on the way to you and has to be stabilised"
            dispatching.settle(uow, emergency, other, DispatchState.SUPERSEDED, reason)
    boxes_told.tell_who_cannot(uow, emergency, still_needed=False)
    _wait_for_arrival(uow, dispatch)
    solve(uow, "unanswered", emergency.id)
    solve(uow, "not_reachable", emergency.id)
    _tell_where_to_go(uow, emergency, dispatch, before)
    onward.ask_ahead(uow, emergency, dispatch)
    if dispatch.part != Part.STABILISE:
        learning.accepted(uow, emergency, dispatch.hospital_id)
    taken_back = state is DispatchState.CANNOT_TREAT
    _audit(uow, dispatch, "cannot treat taken back" if taken_back else "dispatch accepted", who)
    return Answered(dispatch, True, "")


def cannot_treat(
    uow: UnitOfWork, dispatch_id: int, reason: CannotTreatReason, note: str, who: Answerer
) -> Answered:
    """The hospital cannot treat this here; the next is asked. Whoever arrives is still
    stabilised.
    """
    emergency, dispatch = _locked(uow, dispatch_id)
    state = DispatchState(dispatch.state)
    if state == DispatchState.CANNOT_TREAT:
        return Answered(dispatch, True, "")
    if state not in MAY_TREAT:
        return Answered(dispatch, False, _standing_words(state))
    had_accepted = emergency.accepted_dispatch_id == dispatch.id
    if had_accepted:
        onward.call_off(uow, emergency, "the hospital before cannot take the patient")
        boxes_told.tell_who_cannot(uow, emergency, still_needed=True)
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    solve_about(uow, "not_reachable", emergency.id, hospital.name)
    dispatch = dispatching.settle(
        uow,
        emergency,
        dispatch,
        DispatchState.CANNOT_TREAT,
        reason_code=reason.value,
        reason_note=note[:240],
        **_answered_values(uow, who),
    )
    # Before the next one is asked: what this answer teaches holds for that ranking too.
    learning.cannot_treat(uow, emergency, dispatch.hospital_id, reason)
    if had_accepted:
        timers.clear(uow, emergency.id, TimerKind.NOT_ARRIVED)
        solve(uow, "not_arrived", emergency.id)
        emergency = store.change(
            uow,
            emergency,
            state=move_emergency(EmergencyState(emergency.state), EmergencyState.DISPATCHED).value,
            accepted_dispatch_id=None,
        )
    if emergency.state in (EmergencyState.DISPATCHED, EmergencyState.UNANSWERED):
        asked = dispatching.offer_next(uow, emergency)
        if asked.hospital is not None and emergency.told_dispatch_id == dispatch.id:
            telling.tell_of_another(uow, asked.emergency, asked.hospital)
    _audit(uow, dispatch, "dispatch cannot treat", who)
    return Answered(dispatch, True, "")


def arrived(uow: UnitOfWork, dispatch_id: int, who: Answerer) -> Answered:
    """The patient is there. True whatever was agreed before: the place where they are decides."""
    emergency, dispatch = _locked(uow, dispatch_id)
    if dispatch.state == DispatchState.ARRIVED:
        return Answered(dispatch, True, "")
    dispatch = dispatching.settle(
        uow, emergency, dispatch, DispatchState.ARRIVED, **_answered_values(uow, who)
    )
    timers.clear(uow, emergency.id)
    for other in store.dispatches_of(uow.connection, emergency.id):
        if other.id != dispatch.id and other.state in MAY_TREAT:
            state = (
                DispatchState.WITHDRAWN
                if other.state == DispatchState.ACCEPTED
                else DispatchState.SUPERSEDED
            )
            here = other.hospital_id == dispatch.hospital_id
            reason = "the patient has arrived" if here else "the patient arrived elsewhere"
            dispatching.settle(uow, emergency, other, state, reason)
    boxes_told.tell_who_cannot(uow, emergency, still_needed=False)
    if EmergencyState(emergency.state) not in ENDED and emergency.state != EmergencyState.ARRIVED:
        move_emergency(EmergencyState(emergency.state), EmergencyState.ARRIVED)
        emergency = store.change(
            uow,
            emergency,
            state=EmergencyState.ARRIVED.value,
            transport=Transport.ARRIVED.value,
            accepted_dispatch_id=dispatch.id,
        )
        onward.has_arrived(uow, emergency, dispatch)
    timers.put(uow, TimerKind.CLOSE, emergency.id, uow.now + timers.CLOSE_AFTER)
    solve_all(uow, emergency.id)
    if emergency.referred_by is not None:
        _handed_over(uow, emergency, dispatch)
    _audit(uow, dispatch, "patient arrived", who)
    return Answered(dispatch, True, "")


def _handed_over(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """The hospital that referred the patient has them no more."""
    if emergency.referred_from is not None:
        # By a timer: locking the earlier emergency now, after this one, would be the wrong order.
        timers.put(uow, TimerKind.HANDED_OVER, emergency.referred_from, uow.now)
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    duty_phones.text_referrer(uow, emergency, "arrived", {"hospital": hospital.name})


def expect_again(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """A patient who was given up is on the way after all: the bed is theirs again for as long."""
    dispatch = store.dispatch(uow, emergency.accepted_dispatch_id)
    if not dispatch.reserved:
        uow.services.hospitals.reserve(uow.connection, dispatch.hospital_id)
        store.change_dispatch(uow, dispatch, reserved=True)
    _wait_for_arrival(uow, dispatch)
    solve(uow, "not_arrived", emergency.id)
    onward.ask_ahead(uow, emergency, dispatch)


def _wait_for_arrival(uow: UnitOfWork, dispatch: Row[Any]) -> None:
    wait = timedelta(minutes=max(2 * dispatch.travel_min, _SHORTEST_WAIT_MIN))
    timers.put(uow, TimerKind.NOT_ARRIVED, dispatch.emergency_id, uow.now + wait)


def _locked(uow: UnitOfWork, dispatch_id: int) -> tuple[Row[Any], Row[Any]]:
    emergency = store.lock(uow, store.dispatch(uow, dispatch_id).emergency_id)
    # Read again under the lock: somebody may have moved it since.
    return emergency, store.dispatch(uow, dispatch_id)


def _why_not_accept(emergency: Row[Any], state: DispatchState) -> str:
    if state in (DispatchState.SUPERSEDED, DispatchState.WITHDRAWN):
        return _standing_words(state)
    if EmergencyState(emergency.state) in ENDED:
        return "the caller cancelled"
    if emergency.state in (EmergencyState.ARRIVED, EmergencyState.NOT_ARRIVED):
        return "the patient is no longer on the way"
    if emergency.accepted_dispatch_id is not None:
        return "another hospital accepted first"
    return ""


def _standing_words(state: DispatchState) -> str:
    return {
        DispatchState.SUPERSEDED: "another hospital accepted first",
        DispatchState.WITHDRAWN: "it was withdrawn",
        DispatchState.CANNOT_TREAT: "you said before that you cannot treat here",
        DispatchState.ARRIVED: "the patient has arrived",
    }.get(state, f"it is {state}")


def _answered_values(uow: UnitOfWork, who: Answerer) -> dict[str, Any]:
    return {"answered_at": uow.now, "answered_via": who.via, "answered_by": who.by[:60]}


def _stays_on_the_way(emergency: Row[Any], accepted: Row[Any], told: Row[Any]) -> bool:
    """On the way to a nearer hospital that may not turn anybody away: turning round costs more."""
    return bool(
        emergency.transport == Transport.ON_THE_WAY
        and told.state != DispatchState.CANNOT_TREAT
        and accepted.travel_min > told.travel_min
    )


def _tell_where_to_go(
    uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], told_before: int | None
) -> None:
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    words = {"hospital": hospital.name, "minutes": str(dispatch.travel_min)}
    if told_before is None or told_before == dispatch.id:
        store.change(uow, emergency, told_dispatch_id=dispatch.id)
        telling.tell_caller(uow, emergency, "accepted", words)
        return
    previous = store.dispatch(uow, told_before)
    words["other"] = uow.services.hospitals.card(uow.connection, previous.hospital_id).name
    if previous.state == DispatchState.CANNOT_TREAT:
        text = "redirect"
    elif dispatch.travel_min <= previous.travel_min:
        text = "nearer"
    elif not _stays_on_the_way(emergency, dispatch, previous):
        text = "accepted"
    else:
        reason = f"the patient is on the way to {words['other']}, which is nearer"
        boxes_told.tell(uow, emergency, store.change_dispatch(uow, dispatch), reason)
        return
    store.change(uow, emergency, told_dispatch_id=dispatch.id)
    telling.tell_caller(uow, emergency, text, words)


def _audit(uow: UnitOfWork, dispatch: Row[Any], action: str, who: Answerer) -> None:
    uow.audit(
        f"hospital:{to_text(dispatch.hospital_id)} {who.via}",
        action,
        f"dispatch:{to_text(dispatch.id)}",
    )
