"""Asks hospitals, one after another and never fewer: silence moves on to the next as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gateway.alarms.alarm import raise_alarm
from gateway.database.rows import Rows
from gateway.emergencies import (
    box_events,
    boxes_told,
    duty_phones,
    phoning,
    stop_before,
    store,
    summaries,
    telling,
    timers,
)
from gateway.emergencies.tables import dispatches
from gateway.emergencies.timers import TimerKind
from gateway.mass_casualty import incidents
from gateway.ports import HospitalCard
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import LIVE, MAY_TREAT, WAITING, DispatchState, Part
from shared.dispatch import move as move_dispatch
from shared.emergency import EmergencyState, Priority
from shared.emergency import move as move_emergency
from shared.errors import Conflict
from shared.identifier import to_text
from shared.match_query import MatchQuery
from shared.matching import Match, Role
from sync.prepared import Prepared

_DEFAULT_RADIUS_M = 3000
_OVER = frozenset({DispatchState.SUPERSEDED, DispatchState.WITHDRAWN})
_ADD = Prepared(dispatches.insert(), dispatches.c.keys())
_DISPATCHES = Rows(dispatches)


@dataclass(frozen=True, slots=True)
class Asked:
    """An emergency as it now is, and the hospital that is asked."""

    emergency: Row[Any]
    # None while no place is known or no hospital is left to ask.
    dispatch: Row[Any] | None
    hospital: HospitalCard | None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """When silence has consequences, in seconds from the commit of the offer."""

    not_delivered_s: int | None
    not_answered_s: int | None
    ask_next_s: int


# DESIGN: critical rings the phone at 20 s or 45 s and asks the next at 90 s; the others are slower.
DEADLINES = {
    Priority.CRITICAL: Deadlines(20, 45, 90),
    Priority.HIGH: Deadlines(None, 90, 240),
    Priority.MEDIUM: Deadlines(None, 300, 600),
}


def offer_next(
    uow: UnitOfWork, emergency: Row[Any], *, sends_caller: bool = False, **facts: Any
) -> Asked:
    """Asks the best hospital that has not been asked yet, or that another one took the place of;
    when nobody is left, operators own the emergency.

    `sends_caller` makes it the one that the caller is told to go to. `facts` are what else is new
    about the emergency, its state among them, written in the same statement.
    """
    provisional = emergency.state == EmergencyState.PROVISIONAL
    asked = () if provisional else store.dispatches_of(uow.connection, emergency.id)
    incidents.notice_many(uow, emergency)
    query = query_for(uow.connection, uow.now, emergency, asked_hospitals(asked))
    match = _choose(uow, emergency, query)
    if match is None:
        return Asked(_nobody_left(uow, emergency, facts), None, None)
    choice = _Choice(
        match.hospital_id,
        match.travel_min,
        match.distance_m,
        uow.services.hospitals.explain(uow.connection, match, query),
        Part.STABILISE if match.role is Role.STABILISE else Part.TREAT,
    )
    incidents.notice_around(uow, emergency, match.assigned_since)
    return _offer(uow, emergency, choice, len(asked) + 1, sends_caller=sends_caller, **facts)


def offer_to(
    uow: UnitOfWork, emergency: Row[Any], hospital_id: int, why: str, *, sends_caller: bool
) -> Asked:
    """Asks this hospital, which a person chose, whatever the ranking says and however full it is.

    The emergency needs a place. Raises NotFound when the hospital has no coordinates, and Conflict
    when it was asked already.
    """
    asked = store.dispatches_of(uow.connection, emergency.id)
    if hospital_id in asked_hospitals(asked):
        raise Conflict("That hospital was asked already.")
    if hospital_id == emergency.referred_by:
        raise Conflict("That hospital has the patient, and refers them onward.")
    query = query_for(uow.connection, uow.now, emergency, frozenset())
    minutes, metres = uow.services.hospitals.travel(uow.connection, hospital_id, query)
    uow.services.hospitals.reserve(uow.connection, hospital_id)
    choice = _Choice(hospital_id, minutes, metres, (why,))
    return _offer(uow, emergency, choice, len(asked) + 1, sends_caller=sends_caller)


def asked_hospitals(asked: Iterable[Row[Any]]) -> frozenset[int]:
    """The hospitals that are not asked again: one that never got to answer, because another was
    faster, may be needed after all.
    """
    return frozenset(row.hospital_id for row in asked if row.state != DispatchState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A hospital whose bed is reserved, why it was chosen, and what for."""

    hospital_id: int
    travel_min: float
    distance_m: float
    explanation: Sequence[str]
    part: Part = Part.TREAT


def _offer(
    uow: UnitOfWork,
    emergency: Row[Any],
    choice: _Choice,
    position: int,
    *,
    sends_caller: bool,
    **facts: Any,
) -> Asked:
    hospital = uow.services.hospitals.card(uow.connection, choice.hospital_id)
    # Whoever enrols another one waits until the reservation, which stands by now, is committed.
    uow.boxes[hospital.id] = uow.services.boxes.find(uow.connection, hospital.id)
    deadlines = DEADLINES[Priority(emergency.priority)]
    answer_by = uow.now + timedelta(seconds=deadlines.ask_next_s)
    dispatch_id = uow.system.new_id()
    part, before_min = choice.part, stop_before.minutes_until_there(uow, emergency)
    if before_min is not None:
        part = Part.TAKE_OVER
    added = {
        "id": dispatch_id,
        "emergency_id": emergency.id,
        "hospital_id": choice.hospital_id,
        "version": 1,
        "state": DispatchState.OFFERED.value,
        "position": position,
        "answer_code": store.unused_answer_code(uow),
        "travel_min": max(1, round((before_min or 0.0) + choice.travel_min)),
        "distance_m": round(choice.distance_m),
        "explanation": list(choice.explanation),
        "part": part.value,
        "reserved": True,
        "reachable": hospital.reachable,
        "offered_at": uow.now,
        "answer_by": answer_by,
        "delivered_at": None,
        "answered_at": None,
        "answered_via": "",
        "answered_by": "",
        "reason_code": None,
        "reason_note": "",
    }
    _ADD.run(uow.connection, **added)
    dispatch = _DISPATCHES.new(added)
    state = EmergencyState(facts.get("state", emergency.state))
    if state is not EmergencyState.DISPATCHED:
        facts["state"] = move_emergency(state, EmergencyState.DISPATCHED).value
    if sends_caller:
        facts["told_dispatch_id"] = dispatch_id
    if facts:
        emergency = store.change(uow, emergency, **facts)
    uow.tell_hospital(hospital.id, box_events.offered(uow, emergency, dispatch))
    summaries.follow(uow, emergency, dispatch)
    duty_phones.text_offer(uow, emergency, dispatch, hospital)
    delays_s = {
        TimerKind.NOT_DELIVERED: deadlines.not_delivered_s,
        TimerKind.NOT_ANSWERED: deadlines.not_answered_s,
        TimerKind.ASK_NEXT: deadlines.ask_next_s,
    }
    moments = {
        kind: uow.now + timedelta(seconds=delay_s)
        for kind, delay_s in delays_s.items()
        if delay_s is not None
    }
    timers.put_all(uow, moments, emergency.id, dispatch_id)
    if uow.is_unheard(hospital.id):
        phoning.nobody_hears(uow, emergency, dispatch)
    if not hospital.reachable:
        raise_alarm(
            uow,
            "not_reachable",
            emergency=emergency,
            hospital=hospital.name,
        )
    uow.audit(
        "gateway",
        "dispatch offered",
        f"dispatch:{to_text(dispatch_id)}",
    )
    return Asked(emergency, dispatch, hospital)


def query_for(
    connection: Connection, now: datetime, emergency: Row[Any], exclude: frozenset[int]
) -> MatchQuery:
    """What is asked of the register for this patient, without these hospitals, and without the one
    that refers them.
    """
    if emergency.referred_by is not None:
        exclude |= {emergency.referred_by}
    return MatchQuery(
        lat=emergency.lat,
        lon=emergency.lon,
        radius_m=emergency.radius_m or _DEFAULT_RADIUS_M,
        needs=emergency.needs,
        priority=Priority(emergency.priority),
        depart_at=now,
        stabilise_first=emergency.stabilise_first,
        mass_casualty=incidents.covers(connection, emergency.lat, emergency.lon, now),
        in_hospital=emergency.referred_by is not None,
        exclude=exclude,
    )


def _choose(uow: UnitOfWork, emergency: Row[Any], query: MatchQuery) -> Match | None:
    hospitals = uow.services.hospitals
    if emergency.referred_by is not None:
        # Whoever is in a hospital is not moved to one that cannot do more: people find another.
        ranked = hospitals.rank(uow.connection, query, uow.now, 1)
        if not ranked or ranked[0].role is Role.LAST_RESORT:
            return None
    return hospitals.assign(uow.connection, query, uow.now)


def settle(
    uow: UnitOfWork,
    emergency: Row[Any],
    dispatch: Row[Any],
    state: DispatchState,
    reason: str = "",
    **values: Any,
) -> Row[Any]:
    """Moves a dispatch on (with these other values), keeps its bed's count true, and tells its
    box.
    """
    keeps_bed = state in LIVE or state == DispatchState.ARRIVED
    if dispatch.reserved and not keeps_bed:
        uow.services.hospitals.give_back(uow.connection, dispatch.hospital_id)
    elif keeps_bed and not dispatch.reserved:
        # It had expired, and its bed had been given back; now the patient needs it after all.
        uow.services.hospitals.reserve(uow.connection, dispatch.hospital_id)
    changed = store.change_dispatch(
        uow,
        dispatch,
        state=move_dispatch(DispatchState(dispatch.state), state).value,
        reserved=keeps_bed,
        **values,
    )
    if state not in WAITING:
        timers.clear(uow, emergency.id, dispatch_id=dispatch.id)
    was_told = DispatchState(dispatch.state) in MAY_TREAT
    boxes_told.tell(uow, emergency, changed, reason, everything=not was_told)
    summaries.follow(uow, emergency, changed)
    if state in _OVER and emergency.state != EmergencyState.CLOSED:
        duty_phones.text_over(uow, changed, _over(emergency))
    return changed


def _over(emergency: Row[Any]) -> str:
    """The text for a hospital that need not expect the patient."""
    if emergency.state != EmergencyState.CANCELLED:
        return "taken"
    return "withdrawn" if emergency.referred_by is None else "withdrawn_referral"


def estimate_again(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """How far every hospital that may still treat the patient is from where they are in fact."""
    for row in store.dispatches_of(uow.connection, emergency.id):
        if DispatchState(row.state) in MAY_TREAT:
            query = query_for(uow.connection, uow.now, emergency, frozenset())
            minutes, metres = uow.services.hospitals.travel(uow.connection, row.hospital_id, query)
            store.change_dispatch(
                uow, row, travel_min=max(1, round(minutes)), distance_m=round(metres)
            )


def _nobody_left(uow: UnitOfWork, emergency: Row[Any], facts: dict[str, Any]) -> Row[Any]:
    waiting = [
        row
        for row in store.dispatches_of(uow.connection, emergency.id)
        if DispatchState(row.state) in WAITING or row.state == DispatchState.ACCEPTED
    ]
    state = EmergencyState(facts.get("state", emergency.state))
    if not waiting and state is not EmergencyState.UNANSWERED:
        facts["state"] = move_emergency(state, EmergencyState.UNANSWERED).value
    if facts:
        emergency = store.change(uow, emergency, **facts)
    if waiting:
        return emergency  # somebody may still answer; the alarm is for when nobody can
    timers.leave_to_operators(uow, emergency.id)
    raise_alarm(uow, "unanswered", emergency=emergency)
    telling.tell_nobody_left(uow, emergency)
    return emergency
