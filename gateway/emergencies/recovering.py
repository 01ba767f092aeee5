"""Taking in again what a hospital's box was told, and what this gateway lost when its database was
set back to an older copy.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update

from gateway.alarms.alarm import raise_alarm
from gateway.callers import store as callers
from gateway.emergencies import box_events, hospital_answers, store, timers
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches, emergencies
from gateway.emergencies.timers import TimerKind
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import EmergencyState, Kind, Priority
from shared.errors import HavenError, NotFound
from shared.identifier import to_text
from sync.events import DispatchChanged, DispatchOffered, Event, Verdict

# Nobody has asked anybody since: unless the hospital's own word comes at once, the next is asked.
_ASK_NEXT_AFTER = timedelta(seconds=30)
_USUAL_LANGUAGE = "en"
_WHO = Answerer(via="box", by="given back")
_OVER = frozenset({DispatchState.SUPERSEDED, DispatchState.WITHDRAWN})

# The facts of the patient themselves; the others are of the way to this hospital.
_FACTS = (
    "kind",
    "priority",
    "needs",
    "rule_id",
    "ruleset",
    "place_text",
    "place_name",
    "lat",
    "lon",
    "radius_m",
    "patient_count",
    "age_years",
    "note",
)

_Told = DispatchOffered | DispatchChanged | Verdict


def recover(uow: UnitOfWork, hospital_id: int, events: Iterable[Event]) -> list[Event]:
    """Takes in what this hospital had been told; what its box is to be told now.

    A dispatch that is not known any more comes back as it was told, with its emergency, and
    operators are asked to look at it; what had been answered is answered again. One that is known
    goes on from a version that its box has not seen, so that the box believes what it hears from
    now on. The same again does nothing.
    """
    told: defaultdict[int, list[_Told]] = defaultdict(list)
    for event in events:
        if isinstance(event, _Told):
            told[event.dispatch_id].append(event)
    said: list[Event] = []
    for dispatch_id in sorted(told):
        said += _recover_one(uow, hospital_id, dispatch_id, told[dispatch_id])
    return said


def _recover_one(
    uow: UnitOfWork, hospital_id: int, dispatch_id: int, told: list[_Told]
) -> list[Event]:
    latest = max(told, key=lambda event: event.version)
    state = DispatchState.OFFERED if isinstance(latest, DispatchOffered) else latest.state
    try:
        dispatch = store.dispatch(uow, dispatch_id)
    except NotFound:
        offers = [event for event in told if isinstance(event, DispatchOffered)]
        if not offers or state in _OVER:
            return []  # over before we lost it, or told in a part that comes later
        dispatch = _bring_back(uow, hospital_id, offers[-1])
    if dispatch.hospital_id != hospital_id or dispatch.version > latest.version:
        return []
    emergency = store.lock(uow, dispatch.emergency_id)
    facts = _later_facts(told, dispatch.version)
    if facts:
        emergency = store.change(uow, emergency, **facts)
    uow.connection.execute(
        update(dispatches).where(dispatches.c.id == dispatch_id).values(version=latest.version)
    )
    _answer_again(uow, dispatch_id, state)
    dispatch = store.change_dispatch(uow, store.dispatch(uow, dispatch_id))
    emergency = store.lock(uow, emergency.id)
    return [box_events.changed(uow, emergency, dispatch, everything=True)]


def _later_facts(told: Iterable[_Told], version: int) -> dict[str, Any]:
    """What the hospital was told of the patient after that version, such as that it got worse."""
    facts: dict[str, Any] = {}
    for event in sorted(told, key=lambda event: event.version):
        if isinstance(event, DispatchChanged) and event.version > version:
            for name in _FACTS:
                value = getattr(event, name)
                if value is not None:
                    facts[name] = value.value if isinstance(value, Kind | Priority) else value
    return facts


def _answer_again(uow: UnitOfWork, dispatch_id: int, state: DispatchState) -> None:
    """The answer that the box had heard of, by whatever channel it was given. Where it no longer
    can be, what stands here counts.
    """

    def answer() -> None:
        if state in (DispatchState.ACCEPTED, DispatchState.ARRIVED):
            hospital_answers.accept(uow, dispatch_id, _WHO)
        if state is DispatchState.ARRIVED:
            hospital_answers.arrived(uow, dispatch_id, _WHO)
        if state is DispatchState.CANNOT_TREAT:
            hospital_answers.cannot_treat(
                uow, dispatch_id, CannotTreatReason.OTHER, "given back", _WHO
            )

    try:
        uow.attempt(answer)
    except HavenError:
        return


def _bring_back(uow: UnitOfWork, hospital_id: int, offer: DispatchOffered) -> Row[Any]:
    emergency = _emergency(uow, offer)
    asked = store.dispatches_of(uow.connection, emergency.id)
    uow.services.hospitals.reserve(uow.connection, hospital_id)
    uow.connection.execute(
        dispatches.insert().values(
            id=offer.dispatch_id,
            emergency_id=emergency.id,
            hospital_id=hospital_id,
            version=0,
            state=DispatchState.DELIVERED.value,
            position=max((row.position for row in asked), default=0) + 1,
            answer_code=offer.answer_code,
            travel_min=offer.travel_min,
            distance_m=offer.distance_m,
            explanation=["given back by the hospital's box"],
            part=offer.part.value,
            reserved=True,
            reachable=True,
            offered_at=offer.at,
            answer_by=offer.answer_by,
            delivered_at=uow.now,
        )
    )
    ask_next_at = max(offer.answer_by, uow.now + _ASK_NEXT_AFTER)
    timers.put(uow, TimerKind.ASK_NEXT, emergency.id, ask_next_at, offer.dispatch_id)
    raise_alarm(
        uow,
        "given_back",
        emergency=emergency,
        hospital=uow.services.hospitals.card(uow.connection, hospital_id).name,
    )
    uow.audit("gateway", "dispatch given back", f"dispatch:{to_text(offer.dispatch_id)}")
    return store.dispatch(uow, offer.dispatch_id)


def _emergency(uow: UnitOfWork, offer: DispatchOffered) -> Row[Any]:
    try:
        return store.lock(uow, offer.emergency_id)
    except NotFound:
        uow.connection.execute(emergencies.insert().values(_known_of(uow, offer)))
    uow.audit("gateway", "emergency given back", f"emergency:{to_text(offer.emergency_id)}")
    return store.lock(uow, offer.emergency_id)


def _known_of(uow: UnitOfWork, offer: DispatchOffered) -> dict[str, Any]:
    phone, caller_id, language = offer.caller_phone, None, None
    # Of a referral the number is the hospital's.
    if phone is not None and not offer.referred_by:
        language = callers.language_of(uow, phone)
        caller_id = callers.find_or_add(uow, phone).id
    return {
        "id": offer.emergency_id,
        "version": 1,
        "state": EmergencyState.DISPATCHED.value,
        "help_code": offer.help_code,
        "incident_id": offer.emergency_id,
        "caller_id": caller_id,
        "channel": "box",
        "language": language or _USUAL_LANGUAGE,
        "answers": {f"given_{number}": sign for number, sign in enumerate(offer.signs, start=1)},
        "kind": offer.kind.value,
        "priority": offer.priority.value,
        "needs": offer.needs,
        "stabilise_first": False,
        "advice": "",
        "rule_id": offer.rule_id,
        "ruleset": offer.ruleset,
        "place_text": offer.place_text,
        "place_name": offer.place_name,
        "lat": offer.lat,
        "lon": offer.lon,
        "radius_m": offer.radius_m,
        "patient_count": offer.patient_count,
        "age_years": offer.age_years,
        "note": offer.note,
        "created_at": offer.raised_at,
        "raised_at": offer.raised_at,
        "told_dispatch_id": offer.dispatch_id,
    }


def over_here(uow: UnitOfWork, hospital_id: int, kept: set[int]) -> list[int]:
    """The dispatches of which a box that was away for long may still show something although they
    are over, apart from the `kept`.
    """
    found = uow.connection.execute(
        select(dispatches.c.id)
        .where(
            dispatches.c.hospital_id == hospital_id,
            dispatches.c.offered_at >= uow.now - store.KEPT_ON_BOXES,
        )
        .order_by(dispatches.c.id)
    ).scalars()
    return [dispatch_id for dispatch_id in found if dispatch_id not in kept]
