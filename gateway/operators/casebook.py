"""Emergencies as operators read them: the list of open ones, and all that is kept of one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.alarms.alarm import alarms_waiting
from gateway.audit import audit_entries
from gateway.callers.tables import callers
from gateway.delivery.overview import DeliveryRow, of_emergency
from gateway.emergencies import store
from gateway.emergencies.tables import dispatches, emergencies, timers
from gateway.emergencies.timers import TimerKind
from gateway.hospitals.tables import hospitals
from gateway.keys import PhoneVault
from gateway.staff.tables import hospital_notes
from shared import help_code
from shared.dispatch import CannotTreatReason, Part
from shared.emergency import DISCREET_KINDS, ENDED, EmergencyState, Kind, Priority, Transport
from shared.errors import InvalidInput, NotFound
from shared.identifier import from_text, to_text
from shared.phone_number import masked

# A reporter without an account may have left a number in words; it stays hidden like the caller's.
_A_NUMBER = re.compile(r"\+?\d(?:[ -]?\d){7,14}")
_NEXT = {
    TimerKind.SESSION_QUIET: "it is raised with what is known",
    TimerKind.NOT_DELIVERED: "the hospital's duty phone is called",
    TimerKind.NOT_ANSWERED: "the hospital's duty phone is called",
    TimerKind.ASK_NEXT: "another hospital is asked as well",
    TimerKind.NOT_ARRIVED: "it counts as not arrived",
    TimerKind.REMIND: "operators are reminded of what nobody has solved",
    TimerKind.CLOSE: "it is closed by itself",
    TimerKind.HANDED_OVER: "it is closed: another hospital has the patient",
    TimerKind.LEAVE_BOXES: "hospitals' boxes forget it",
}


@dataclass(frozen=True, slots=True)
class OpenEmergency:
    """One line of the list. `hospital` is the one that has the patient or that they were told of,
    and how it stands; no medical fact.
    """

    id: str
    code: str
    state: str
    priority: str
    age_s: int
    place: str
    hospital: str
    phone: str
    do_not_phone: bool
    alarms: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AskedHospital:
    """One hospital's share."""

    hospital_id: int
    hospital: str
    state: str
    part: str
    travel_min: int
    offered_at: datetime
    answered_at: datetime | None
    answered_via: str
    answered_by: str
    reason: str
    had_proved_channel: bool
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffNote:
    """What staff of a hospital wrote about the patient."""

    at: datetime
    hospital: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, or that will."""

    at: datetime
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """All that is kept of one emergency. `phone` is masked, and so are numbers within `note` and
    what staff wrote, unless they were revealed.
    """

    id: str
    code: str
    state: str
    priority: str
    kind: str
    said: tuple[str, ...]
    note: str
    patient_count: int
    age_years: int | None
    transport: str
    channel: str
    language: str
    do_not_phone: bool
    phone: str
    referred_by: str
    place: str
    place_typed: str
    lat: float | None
    lon: float | None
    radius_m: int | None
    created_at: datetime
    raised_at: datetime | None
    ended_at: datetime | None
    asked: tuple[AskedHospital, ...]
    staff_notes: tuple[StaffNote, ...]
    messages: tuple[DeliveryRow, ...]
    alarms: tuple[str, ...]
    history: tuple[Moment, ...]
    next: tuple[Moment, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def find_emergency(connection: Connection, typed: str) -> int:
    """The id of the emergency with this help code or id: an open one before any that has ended,
    because codes are used again; the latest of those.

    Raises InvalidInput for what is neither, NotFound.
    """
    code = help_code.parse(typed)
    if code is None:
        try:
            which = emergencies.c.id == from_text(typed)
        except ValueError:
            raise InvalidInput(
                f"{typed!r} is no help code: that is four characters, such as 7K2F."
            ) from None
    else:
        which = emergencies.c.help_code == code
    ended = emergencies.c.state.in_([state.value for state in ENDED])
    found: int | None = connection.execute(
        select(emergencies.c.id).where(which).order_by(ended, emergencies.c.id.desc()).limit(1)
    ).scalar()
    if found is None:
        raise NotFound(f"No emergency has the code {typed}. See: haven-gateway emergencies list")
    return found


def open_emergencies(
    connection: Connection, vault: PhoneVault, now: datetime, *, arrived: bool = False
) -> list[OpenEmergency]:
    """Those in which somebody still waits for something (with `arrived`, also patients who are at
    a hospital): what needs a person first, then the most urgent, then the oldest.
    """
    states = [*store.ACTIVE, *([EmergencyState.ARRIVED] if arrived else [])]
    wanted = func.coalesce(emergencies.c.accepted_dispatch_id, emergencies.c.told_dispatch_id)
    rows = connection.execute(
        select(
            emergencies,
            callers.c.phone_sealed,
            hospitals.c.name.label("hospital_name"),
            dispatches.c.state.label("dispatch_state"),
        )
        .outerjoin(callers, callers.c.id == emergencies.c.caller_id)
        .outerjoin(dispatches, dispatches.c.id == wanted)
        .outerjoin(hospitals, hospitals.c.id == dispatches.c.hospital_id)
        .where(emergencies.c.state.in_([state.value for state in states]))
        .order_by(emergencies.c.priority, emergencies.c.created_at, emergencies.c.id)
    ).all()
    waiting = alarms_waiting(connection, [row.id for row in rows])
    listed = [
        OpenEmergency(
            id=to_text(row.id),
            code=row.help_code,
            state=row.state,
            priority=Priority(row.priority).name.lower(),
            age_s=int((now - row.created_at).total_seconds()),
            place=_place(row),
            hospital=f"{row.hospital_name} ({row.dispatch_state})" if row.hospital_name else "",
            phone=_masked(vault, row.phone_sealed),
            do_not_phone=Kind(row.kind) in DISCREET_KINDS,
            alarms=tuple(waiting.get(row.id, ())),
        )
        for row in rows
    ]
    return sorted(listed, key=lambda row: not row.alarms)


def case_file(
    connection: Connection, vault: PhoneVault, emergency_id: int, *, revealed: bool = False
) -> CaseFile:
    """All that is kept of this emergency. Numbers are shown whole when `revealed`: whoever asks for
    that has written so into the audit trail. Raises NotFound.
    """
    row = connection.execute(
        select(emergencies, callers.c.phone_sealed)
        .outerjoin(callers, callers.c.id == emergencies.c.caller_id)
        .where(emergencies.c.id == emergency_id)
    ).first()
    if row is None:
        raise NotFound("There is no such emergency.")
    asked = store.dispatches_of(connection, emergency_id)
    phone = _masked(vault, row.phone_sealed)
    if revealed and row.phone_sealed is not None:
        phone = vault.open(row.phone_sealed)
    return CaseFile(
        id=to_text(row.id),
        code=row.help_code,
        state=row.state,
        priority=Priority(row.priority).name.lower(),
        kind=Kind(row.kind).name.lower().replace("_", " "),
        said=tuple(value.replace("_", " ") for value in row.answers.values()),
        note=_shown(row.note, revealed=revealed),
        patient_count=row.patient_count,
        age_years=row.age_years,
        transport=""
        if row.transport is None
        else Transport(row.transport).name.lower().replace("_", " "),
        channel=row.channel,
        language=row.language,
        do_not_phone=Kind(row.kind) in DISCREET_KINDS,
        phone=phone,
        referred_by="" if row.referred_by is None else _name(connection, row.referred_by),
        place=_place(row),
        place_typed=row.place_text,
        lat=row.lat,
        lon=row.lon,
        radius_m=row.radius_m,
        created_at=row.created_at,
        raised_at=row.raised_at,
        ended_at=row.ended_at,
        asked=tuple(_asked(connection, asked)),
        staff_notes=tuple(_staff_notes(connection, asked, revealed=revealed)),
        messages=tuple(of_emergency(connection, emergency_id)),
        alarms=tuple(alarms_waiting(connection, [emergency_id]).get(emergency_id, ())),
        history=tuple(_history(connection, emergency_id, asked)),
        next=tuple(_next(connection, emergency_id)),
    )


def _asked(connection: Connection, asked: Sequence[Row[Any]]) -> Iterable[AskedHospital]:
    names = _names(connection, asked)
    for row in asked:
        yield AskedHospital(
            hospital_id=row.hospital_id,
            hospital=names[row.hospital_id],
            state=row.state,
            part=Part(row.part).name.lower(),
            travel_min=row.travel_min,
            offered_at=row.offered_at,
            answered_at=row.answered_at,
            answered_via=row.answered_via,
            answered_by=row.answered_by,
            reason=_reason(row),
            had_proved_channel=row.reachable,
            explanation=tuple(row.explanation),
        )


def _staff_notes(
    connection: Connection, asked: Sequence[Row[Any]], *, revealed: bool
) -> Iterable[StaffNote]:
    names = _names(connection, asked)
    rows = connection.execute(
        select(hospital_notes)
        .where(hospital_notes.c.dispatch_id.in_([row.id for row in asked]))
        .order_by(hospital_notes.c.at, hospital_notes.c.id)
    )
    for row in rows:
        text = _shown(row.text, revealed=revealed)
        yield StaffNote(row.at, names[row.hospital_id], row.by, text)


def _shown(written: str, *, revealed: bool) -> str:
    return written if revealed else _A_NUMBER.sub(lambda found: masked(found[0]), written)


def _reason(dispatch: Row[Any]) -> str:
    if dispatch.reason_code is None:
        return ""
    named = CannotTreatReason(dispatch.reason_code).name.lower().replace("_", " ")
    return f"{named}: {dispatch.reason_note}" if dispatch.reason_note else named


def _history(
    connection: Connection, emergency_id: int, asked: Sequence[Row[Any]]
) -> Iterable[Moment]:
    names = _names(connection, asked)
    about = {f"dispatch:{to_text(row.id)}": names[row.hospital_id] for row in asked}
    subjects = [f"emergency:{to_text(emergency_id)}", *about]
    for row in connection.execute(
        select(audit_entries)
        .where(audit_entries.c.subject.in_(subjects))
        .order_by(audit_entries.c.at, audit_entries.c.id)
    ):
        hospital = about.get(row.subject)
        # Who a caller is stands behind an id that says nothing to people.
        role, _, name = row.actor.partition(":")
        who = row.actor if role == "operator" else " ".join([role, *name.split()[1:]])
        yield Moment(row.at, f"{row.action}, {hospital}" if hospital else row.action, who)


def _next(connection: Connection, emergency_id: int) -> Iterable[Moment]:
    for row in connection.execute(
        select(timers).where(timers.c.emergency_id == emergency_id).order_by(timers.c.due_at)
    ):
        yield Moment(row.due_at, _NEXT[TimerKind(row.kind)], "gateway")


def _names(connection: Connection, asked: Sequence[Row[Any]]) -> dict[int, str]:
    ids = [row.hospital_id for row in asked]
    query = select(hospitals.c.id, hospitals.c.name).where(hospitals.c.id.in_(ids))
    return {row.id: row.name for row in connection.execute(query)}


def _name(connection: Connection, hospital_id: int) -> str:
    query = select(hospitals.c.name).where(hospitals.c.id == hospital_id)
    return str(connection.execute(query).scalar_one())


def _place(emergency: Row[Any]) -> str:
    if emergency.lat is not None:
        return str(emergency.place_name)
    return f"unknown, typed: {emergency.place_text}" if emergency.place_text else "unknown"


def _masked(vault: PhoneVault, sealed: bytes | None) -> str:
    return "" if sealed is None else masked(vault.open(sealed))
