"""Asks hospitals, one after another and never fewer: silence moves on to the next as well."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from gateway import audit
from gateway.callers import store as callers
from gateway.emergencies import store, telling, timers
from gateway.emergencies.tables import dispatches
from gateway.emergencies.timers import TimerKind
from gateway.notifications.outbox import Channel, enqueue
from gateway.operators.alarms import raise_alarm
from gateway.ports import HospitalCard
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import LIVE, WAITING, DispatchState
from shared.dispatch import move as move_dispatch
from shared.emergency import EmergencyState, Kind, Priority, Transport
from shared.emergency import move as move_emergency
from shared.identifier import to_text
from shared.matching import Match, MatchQuery
from sync.events import DispatchChanged, DispatchOffered
from sync.prepared import Prepared

_DEFAULT_RADIUS_M = 3000
_STAFF_LANGUAGE = "en"
_OVER = frozenset({DispatchState.SUPERSEDED, DispatchState.WITHDRAWN})
_ADD = Prepared(
    dispatches.insert().returning(*dispatches.c),
    (
        "id",
        "emergency_id",
        "hospital_id",
        "version",
        "state",
        "position",
        "answer_code",
        "travel_min",
        "distance_m",
        "explanation",
        "reserved",
        "reachable",
        "offered_at",
        "answer_by",
    ),
)


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
    """Asks the best hospital that has not been asked yet; when nobody is left, operators own the
    emergency.

    `sends_caller` makes it the one that the caller is told to go to. `facts` are what else is new
    about the emergency, its state among them, written in the same statement.
    """
    provisional = emergency.state == EmergencyState.PROVISIONAL
    asked = () if provisional else store.dispatches_of(uow.connection, emergency.id)
    match = _choose(uow, emergency, frozenset(row.hospital_id for row in asked))
    if match is None:
        return Asked(_nobody_left(uow, emergency, facts), None, None)
    hospital = uow.services.hospitals.card(uow.connection, match.hospital_id)
    deadlines = DEADLINES[Priority(emergency.priority)]
    answer_by = uow.now + timedelta(seconds=deadlines.ask_next_s)
    dispatch_id = uow.system.new_id()
    travel_min = max(1, round(match.travel_min))
    dispatch = _ADD.one(
        uow.connection,
        id=dispatch_id,
        emergency_id=emergency.id,
        hospital_id=match.hospital_id,
        version=1,
        state=DispatchState.OFFERED.value,
        position=len(asked) + 1,
        answer_code=store.unused_answer_code(uow),
        travel_min=travel_min,
        distance_m=round(match.distance_m),
        explanation=list(uow.services.hospitals.explain(uow.connection, match)),
        reserved=True,
        reachable=hospital.reachable,
        offered_at=uow.now,
        answer_by=answer_by,
    )
    state = EmergencyState(facts.get("state", emergency.state))
    if state is not EmergencyState.DISPATCHED:
        facts["state"] = move_emergency(state, EmergencyState.DISPATCHED).value
    if sends_caller:
        facts["told_dispatch_id"] = dispatch_id
    if facts:
        emergency = store.change(uow, emergency, **facts)
    _ring(uow, emergency, dispatch, hospital)
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
    if not hospital.reachable:
        raise_alarm(
            uow,
            "not_reachable",
            emergency=emergency,
            hospital=hospital.name,
        )
    audit.record(
        uow.connection,
        uow.system,
        "gateway",
        "dispatch offered",
        f"dispatch:{to_text(dispatch_id)}",
    )
    return Asked(emergency, dispatch, hospital)


def query_for(uow: UnitOfWork, emergency: Row[Any], exclude: frozenset[int]) -> MatchQuery:
    """What is asked of the register for this patient, without these hospitals."""
    return MatchQuery(
        lat=emergency.lat,
        lon=emergency.lon,
        radius_m=emergency.radius_m or _DEFAULT_RADIUS_M,
        needs=emergency.needs,
        priority=Priority(emergency.priority),
        depart_at=uow.now,
        stabilise_first=emergency.stabilise_first,
        exclude=exclude,
    )


def _choose(uow: UnitOfWork, emergency: Row[Any], exclude: frozenset[int]) -> Match | None:
    query = query_for(uow, emergency, exclude)
    return uow.services.hospitals.assign(uow.connection, query, uow.now)


def _ring(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], hospital: HospitalCard) -> None:
    uow.tell_hospital(hospital.id, offered_event(uow, emergency, dispatch))
    for phone in hospital.duty_phones:
        enqueue(
            uow,
            channel=Channel.SMS,
            recipient=phone,
            text=uow.text(
                _STAFF_LANGUAGE, "hospital.offer", _staff_words(uow, emergency, dispatch)
            ),
            purpose="hospital offer",
            urgency=1 if emergency.priority == Priority.CRITICAL else 2,
            emergency_id=emergency.id,
            dispatch_id=dispatch.id,
        )


def _staff_words(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> dict[str, str]:
    priority = Priority(emergency.priority).name.lower()
    return {
        "answer_code": dispatch.answer_code,
        "minutes": str(dispatch.travel_min),
        "priority": uow.text(_STAFF_LANGUAGE, f"priorities.{priority}", {}),
    }


def offered_event(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> DispatchOffered:
    """What the hospital's box is told of this patient: all that was answered, nothing more."""
    caller_phone = None
    if emergency.caller_id is not None and not telling.is_discreet(emergency):
        caller_phone = callers.phone(uow, emergency.caller_id)
    return DispatchOffered(
        at=uow.now,
        dispatch_id=dispatch.id,
        emergency_id=emergency.id,
        version=dispatch.version,
        help_code=emergency.help_code,
        answer_code=dispatch.answer_code,
        kind=Kind(emergency.kind),
        priority=Priority(emergency.priority),
        needs=emergency.needs,
        raised_at=emergency.raised_at,
        answer_by=dispatch.answer_by,
        valid_until=valid_until(dispatch.offered_at, dispatch.travel_min),
        place_text=emergency.place_text,
        place_name=emergency.place_name,
        lat=emergency.lat,
        lon=emergency.lon,
        radius_m=emergency.radius_m,
        travel_min=dispatch.travel_min,
        distance_m=dispatch.distance_m,
        caller_phone=caller_phone,
        patient_count=emergency.patient_count,
        age_years=emergency.age_years,
        note=emergency.note,
        signs=tuple(emergency.answers.values()),
        rule_id=emergency.rule_id,
        ruleset=emergency.ruleset,
    )


def open_offers(uow: UnitOfWork, hospital_id: int) -> list[DispatchOffered]:
    """What a hospital's new box starts from: every patient who still concerns it."""
    rows = uow.connection.execute(
        select(dispatches)
        .where(
            dispatches.c.hospital_id == hospital_id,
            dispatches.c.state.in_([state.value for state in LIVE]),
        )
        .order_by(dispatches.c.id)
    ).all()
    return [offered_event(uow, store.lock(uow, row.emergency_id), row) for row in rows]


def valid_until(offered_at: datetime, travel_min: int) -> datetime:
    """After this moment the patient must have arrived somewhere: a box shows the event,
    silently.
    """
    return offered_at + max(timedelta(hours=2), timedelta(minutes=3 * travel_min))


def ring_phone(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """Has the hospital's duty phones called; when there are none, operators are alarmed."""
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    for phone in hospital.duty_phones:
        enqueue(
            uow,
            channel=Channel.VOICE,
            recipient=phone,
            text=uow.text(_STAFF_LANGUAGE, "voice.offer", _staff_words(uow, emergency, dispatch)),
            purpose="hospital call",
            urgency=1,
            emergency_id=emergency.id,
            dispatch_id=dispatch.id,
        )
    if not hospital.duty_phones:
        raise_alarm(
            uow,
            "not_reachable",
            emergency=emergency,
            hospital=hospital.name,
        )


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
    tell_box(uow, emergency, changed, reason)
    if state in _OVER and emergency.state != EmergencyState.CLOSED:
        _tell_duty_phones(uow, emergency, changed)
    return changed


def _tell_duty_phones(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """Staff who were asked by SMS, and may have accepted so, stop expecting the patient."""
    cancelled = emergency.state == EmergencyState.CANCELLED
    for phone in uow.services.hospitals.card(uow.connection, dispatch.hospital_id).duty_phones:
        enqueue(
            uow,
            channel=Channel.SMS,
            recipient=phone,
            text=uow.text(
                _STAFF_LANGUAGE,
                "hospital.withdrawn" if cancelled else "hospital.taken",
                {"answer_code": dispatch.answer_code},
            ),
            purpose="hospital over",
            urgency=2,
            emergency_id=emergency.id,
            dispatch_id=dispatch.id,
        )


def tell_box(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], reason: str = "") -> None:
    """Sends the hospital's box how things stand now, with every improved fact."""
    uow.tell_hospital(
        dispatch.hospital_id,
        DispatchChanged(
            at=uow.now,
            dispatch_id=dispatch.id,
            version=dispatch.version,
            state=DispatchState(dispatch.state),
            reason=reason,
            transport=None if emergency.transport is None else Transport(emergency.transport),
            place_text=emergency.place_text,
            place_name=emergency.place_name,
            lat=emergency.lat,
            lon=emergency.lon,
            radius_m=emergency.radius_m,
            patient_count=emergency.patient_count,
            age_years=emergency.age_years,
            note=emergency.note,
            priority=Priority(emergency.priority),
            travel_min=dispatch.travel_min,
        ),
    )


def estimate_again(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """How far every hospital that may still treat the patient is from where they are in fact."""
    for row in store.dispatches_of(uow.connection, emergency.id):
        if DispatchState(row.state) in LIVE | {DispatchState.EXPIRED}:
            query = query_for(uow, emergency, frozenset())
            minutes, metres = uow.services.hospitals.travel(uow.connection, row.hospital_id, query)
            store.change_dispatch(
                uow, row, travel_min=max(1, round(minutes)), distance_m=round(metres)
            )


def tell_live_boxes(uow: UnitOfWork, emergency: Row[Any], reason: str = "") -> None:
    """Sends every hospital that still has this patient the improved facts, as a new version: also
    one that was silent, while it may still accept.
    """
    told = LIVE if emergency.accepted_dispatch_id is not None else LIVE | {DispatchState.EXPIRED}
    for row in store.dispatches_of(uow.connection, emergency.id):
        if DispatchState(row.state) in told:
            tell_box(uow, emergency, store.change_dispatch(uow, row), reason)


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
    telling.tell_caller(uow, emergency, "unanswered")
    return emergency
