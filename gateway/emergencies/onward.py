"""Where a patient goes on to: an emergency of its own, whose place is the hospital that has them
(docs/adr/011). Staff ask for it; and where a hospital only stabilises the patient on the way, it is
raised as soon as that one expects them (docs/adr/024).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select

from gateway.emergencies import boxes_told, noting, stop_before, store, urgency, withdrawing
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.tables import emergencies
from gateway.hospitals.tables import hospitals
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import Part
from shared.errors import NotFound
from shared.identifier import to_text
from sync.prepared import Prepared, one_of

# As far as a ward may be from the gate.
_RADIUS_M = 200
# What the next hospital has to know as well, when it changes.
_SHARED = (
    "answers",
    "kind",
    "priority",
    "needs",
    "advice",
    "rule_id",
    "ruleset",
    "patient_count",
    "age_years",
)
_OPEN = Prepared(
    select(emergencies)
    .where(
        emergencies.c.incident_id == bindparam("incident"),
        emergencies.c.referred_from == bindparam("earlier"),
        one_of(emergencies.c.state, [state.value for state in store.ACTIVE]),
    )
    .order_by(emergencies.c.id)
    .with_for_update()
)


def place_of(uow: UnitOfWork, hospital_id: int) -> Mapping[str, Any]:
    """The hospital as a patient's place. Raises NotFound."""
    query = select(hospitals.c.name, hospitals.c.lat, hospitals.c.lon)
    row = uow.connection.execute(query.where(hospitals.c.id == hospital_id)).first()
    if row is None:
        raise NotFound("There is no such hospital.")
    if row.lat is None:
        # Operators look for another hospital: the register does not say where this one is.
        return {"place_text": row.name}
    return {
        "place_name": row.name[:120],
        "lat": row.lat,
        "lon": row.lon,
        "radius_m": _RADIUS_M,
    }


def open_from(uow: UnitOfWork, emergency: Row[Any]) -> Sequence[Row[Any]]:
    """The open emergencies in which this one's patient goes on from its hospital, locked. Lock this
    one first.
    """
    found = _OPEN.all(uow.connection, incident=emergency.incident_id, earlier=emergency.id)
    uow.locked.update((row.id, row) for row in found)
    return found


def ask_ahead(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """Where this hospital, which expects or has the patient, only stabilises them: the one that
    takes them over is asked, unless it is already.
    """
    if dispatch.part != Part.STABILISE or open_from(uow, emergency):
        return
    noted = noting.note_emergency(
        uow,
        caller_id=None,
        channel=emergency.channel,
        language=uow.services.menus.default_language,
        answers=emergency.answers,
        quiet_at=None,
        note=emergency.note,
        actor="gateway",
    )
    onward = store.change(
        uow,
        noted,
        **{name: getattr(emergency, name) for name in _SHARED},
        **place_of(uow, dispatch.hospital_id),
        incident_id=emergency.incident_id,
        referred_by=dispatch.hospital_id,
        referred_from=emergency.id,
        # That has happened by then.
        stabilise_first=False,
    )
    raise_emergency(uow, onward)


def tell_more(uow: UnitOfWork, emergency: Row[Any], reason: str, note: str = "") -> None:
    """What is new about a patient who is on the way to a hospital that stabilises them concerns the
    next one too. Once they are there, its staff know better, and say so when they refer them.
    """
    if emergency.state not in stop_before.ON_THE_WAY:
        return
    for before in open_from(uow, emergency):
        facts = {name: getattr(emergency, name) for name in _SHARED}
        onward = store.change(uow, before, **facts)
        if note:
            onward = noting.add_note(uow, onward, note)
        urgency.hasten(uow, before, onward)
        boxes_told.tell_live(uow, onward, reason)
        urgency.ask_better(uow, before, onward)


def has_arrived(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """The patient is at the hospital of this dispatch. The one that takes them over hears so; one
    that was asked because they would come from another is not needed.
    """
    for row in open_from(uow, emergency):
        if row.referred_by != dispatch.hospital_id:
            _withdraw(uow, row, "the patient arrived elsewhere")
            continue
        hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
        told = noting.add_note(uow, row, f"The patient has arrived at {hospital.name}.")
        boxes_told.tell_live(uow, told, reason="the patient has arrived there")
    ask_ahead(uow, emergency, dispatch)


def call_off(uow: UnitOfWork, emergency: Row[Any], reason: str) -> None:
    """The patient will not come to the hospital that would have stabilised them: whoever was asked
    to take them over from there is not needed.
    """
    if emergency.accepted_dispatch_id is not None:
        for row in open_from(uow, emergency):
            _withdraw(uow, row, reason)


def _withdraw(uow: UnitOfWork, onward: Row[Any], reason: str) -> None:
    withdrawing.withdraw(uow, onward, reason)
    uow.audit("gateway", "cancelled", f"emergency:{to_text(onward.id)}")
