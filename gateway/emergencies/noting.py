"""Stores an emergency from the first answer on, and improves it with each later one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import store, timers
from gateway.emergencies.tables import emergencies
from gateway.emergencies.timers import TimerKind
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from shared.emergency import DISCREET_KINDS, EmergencyState, Kind, move
from shared.identifier import to_text
from sync.prepared import Prepared

_PLACE_TEXT_LENGTH = 160
_PLACE_NAME_LENGTH = 120
_NOTE_LENGTH = 1000
_ADD = Prepared(
    emergencies.insert().returning(*emergencies.c),
    (
        "id",
        "version",
        "state",
        "help_code",
        "incident_id",
        "caller_id",
        "channel",
        "language",
        "answers",
        "kind",
        "priority",
        "needs",
        "stabilise_first",
        "advice",
        "rule_id",
        "ruleset",
        "note",
        "token_hash",
        "created_at",
    ),
)


def note_emergency(
    uow: UnitOfWork,
    *,
    caller_id: int | None,
    channel: str,
    language: str,
    answers: Mapping[str, str],
    quiet_at: datetime | None,
    note: str = "",
    token_hash: bytes | None = None,
    actor: str = "",
) -> Row[Any]:
    """A new provisional emergency. After `quiet_at` it is raised with what is known by then.

    `actor` is whom the audit trail names where that is not the caller.
    """
    triage = uow.services.rules.triage(answers)
    emergency_id = uow.system.new_id()
    incident_id = store.recent_incident(uow, caller_id) if caller_id is not None else None
    emergency = _ADD.one(
        uow.connection,
        id=emergency_id,
        version=1,
        state=EmergencyState.PROVISIONAL.value,
        help_code=store.unused_help_code(uow),
        incident_id=incident_id or emergency_id,
        caller_id=caller_id,
        channel=channel,
        language=language,
        answers=dict(answers),
        kind=triage.kind.value,
        priority=triage.priority.value,
        needs=triage.needs.value,
        stabilise_first=triage.stabilise_first,
        advice=triage.advice,
        rule_id=triage.rule_id,
        ruleset=triage.ruleset,
        note=note[:_NOTE_LENGTH],
        token_hash=token_hash,
        created_at=uow.now,
    )
    if quiet_at is not None:
        timers.put(uow, TimerKind.SESSION_QUIET, emergency_id, quiet_at)
    uow.audit(
        actor or _actor(caller_id, channel),
        "emergency noted",
        f"emergency:{to_text(emergency_id)}",
    )
    return emergency


def _actor(caller_id: int | None, channel: str) -> str:
    return f"anonymous:{channel}" if caller_id is None else f"caller:{to_text(caller_id)}"


def improve_emergency(uow: UnitOfWork, emergency: Row[Any], answers: Mapping[str, str]) -> Row[Any]:
    """The emergency triaged again with these answers."""
    triage = uow.services.rules.triage(answers)
    return store.change(
        uow,
        emergency,
        answers=dict(answers),
        kind=triage.kind.value,
        priority=triage.priority.value,
        needs=triage.needs.value,
        stabilise_first=triage.stabilise_first,
        advice=triage.advice,
        rule_id=triage.rule_id,
        ruleset=triage.ruleset,
    )


def place_emergency(uow: UnitOfWork, emergency: Row[Any], place: FoundPlace) -> Row[Any]:
    """The emergency at this place, which the caller confirmed."""
    # Where somebody is who may be watched is offered to nobody who dials from their phone later.
    if emergency.caller_id is not None and Kind(emergency.kind) not in DISCREET_KINDS:
        callers.remember_place(uow, emergency.caller_id, place)
    return store.change(
        uow,
        emergency,
        place_name=place.name[:_PLACE_NAME_LENGTH],
        lat=place.lat,
        lon=place.lon,
        radius_m=place.radius_m,
        place_choices=None,
    )


def note_typed_place(
    uow: UnitOfWork, emergency: Row[Any], typed: str, choices: tuple[FoundPlace, ...]
) -> Row[Any]:
    """Keeps the words that were typed: the hospital sees them too. `choices` are what they may
    mean.
    """
    return store.change(
        uow,
        emergency,
        place_text=typed[:_PLACE_TEXT_LENGTH],
        place_choices=[[hit.name, hit.lat, hit.lon, hit.radius_m] for hit in choices] or None,
    )


def add_note(uow: UnitOfWork, emergency: Row[Any], words: str) -> Row[Any]:
    """The emergency with these words of the caller added to what the hospital reads."""
    note = f"{emergency.note}\n{words}" if emergency.note else words
    return store.change(uow, emergency, note=note[-_NOTE_LENGTH:])


def withdraw_provisional(uow: UnitOfWork, emergency: Row[Any]) -> Row[Any]:
    """Back or cancel before anybody was told: nothing happens any more. Raises IllegalMove
    later.
    """
    state = move(EmergencyState(emergency.state), EmergencyState.CANCELLED)
    timers.clear(uow, emergency.id)
    return store.change(uow, emergency, state=state.value, ended_at=uow.now)
