"""What a hospital's box is told of a patient: all that was answered, nothing more."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import telling
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState, Part
from shared.emergency import Kind, Priority, Transport
from sync.events import DispatchChanged, DispatchOffered

Facts = Mapping[str, Any]


def offered(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> DispatchOffered:
    """Everything that the hospital may know, as it is now."""
    caller_phone = None
    referred_by = ""
    if emergency.referred_by is not None:
        # Whoever treats the patient now is asked about them, and not the patient.
        referrer = uow.services.hospitals.card(uow.connection, emergency.referred_by)
        referred_by = referrer.name
        phones = uow.services.hospitals.phones(uow.connection, referrer.id, uow.now)
        caller_phone = next(iter(phones.voice), None)
    elif emergency.caller_id is not None and not telling.is_discreet(emergency):
        caller_phone = callers.phone(uow, emergency.caller_id)
    return DispatchOffered(
        at=uow.now,
        dispatch_id=dispatch.id,
        emergency_id=emergency.id,
        version=dispatch.version,
        help_code=emergency.help_code,
        answer_code=dispatch.answer_code,
        raised_at=emergency.raised_at,
        valid_until=valid_until(dispatch.offered_at, dispatch.travel_min),
        caller_phone=caller_phone,
        referred_by=referred_by,
        part=Part(dispatch.part),
        **_facts(emergency, dispatch),
    )


def changed(
    uow: UnitOfWork,
    emergency: Row[Any],
    dispatch: Row[Any],
    reason: str = "",
    *,
    everything: bool = False,
) -> DispatchChanged:
    """Where the dispatch stands now, and those facts that this command has changed; every command
    that changes one tells the boxes. `everything` is for a box that was left out meanwhile.
    """
    told: Facts = {}
    if not everything:
        told = _changing_facts(
            uow.before.get(emergency.id, emergency), uow.before.get(dispatch.id, dispatch)
        )
    facts = _changing_facts(emergency, dispatch)
    new = {name: value for name, value in facts.items() if told.get(name) != value}
    return DispatchChanged(
        at=uow.now,
        dispatch_id=dispatch.id,
        version=dispatch.version,
        state=DispatchState(dispatch.state),
        reason=reason,
        **new,
    )


def standing(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> DispatchChanged:
    """Where the dispatch stands, for a box that has just been told every fact of it."""
    return DispatchChanged(
        at=uow.now,
        dispatch_id=dispatch.id,
        version=dispatch.version,
        state=DispatchState(dispatch.state),
        transport=_transport(emergency),
    )


def valid_until(offered_at: datetime, travel_min: int) -> datetime:
    """After this moment the patient must have arrived somewhere: a box shows the event,
    silently.
    """
    return offered_at + max(timedelta(hours=2), timedelta(minutes=3 * travel_min))


def _facts(emergency: Row[Any], dispatch: Row[Any]) -> Facts:
    return {
        "kind": Kind(emergency.kind),
        "priority": Priority(emergency.priority),
        "needs": emergency.needs,
        "answer_by": dispatch.answer_by,
        "place_text": emergency.place_text,
        "place_name": emergency.place_name,
        "lat": emergency.lat,
        "lon": emergency.lon,
        "radius_m": emergency.radius_m,
        "travel_min": dispatch.travel_min,
        "distance_m": dispatch.distance_m,
        "patient_count": emergency.patient_count,
        "age_years": emergency.age_years,
        "note": emergency.note,
        "signs": tuple(emergency.answers.values()),
        "rule_id": emergency.rule_id,
        "ruleset": emergency.ruleset,
    }


def _changing_facts(emergency: Row[Any], dispatch: Row[Any]) -> Facts:
    return {**_facts(emergency, dispatch), "transport": _transport(emergency)}


def _transport(emergency: Row[Any]) -> Transport | None:
    return None if emergency.transport is None else Transport(emergency.transport)
