"""The one packed form of every event, for every bearer, driven by the table `LAYOUTS`.

An event is: its number, its `at`, then groups of fields. A group is a bit map of the optional
fields that differ from their usual value, then the fields that are there, in the table's order.

How it grows: a new field comes in a *new group* at the end of its layout, with a usual value. An
older reader keeps the groups that it does not know as `unknown_tail`; a newer reader finds an
older event ended, and takes the usual values. Numbers are never reused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from shared.dispatch import CannotTreatReason, DispatchState, Part
from shared.emergency import Kind, Priority, Transport
from shared.errors import InvalidInput
from shared.hospital import HospitalStatus
from sync import events, packing
from sync.events import Event, Lane
from sync.packing import Reader, Unreadable

CODEC_VERSION = 1
LONGEST_BYTES = 4096

_S = DispatchState
DISPATCH_STATES: dict[int, DispatchState] = dict(
    enumerate(
        (
            _S.OFFERED,
            _S.DELIVERED,
            _S.ACCEPTED,
            _S.CANNOT_TREAT,
            _S.EXPIRED,
            _S.SUPERSEDED,
            _S.WITHDRAWN,
            _S.ARRIVED,
        ),
        start=1,
    )
)
HOSPITAL_STATUSES: dict[int, HospitalStatus] = dict(
    enumerate(
        (
            HospitalStatus.NORMAL,
            HospitalStatus.ADVISORY,
            HospitalStatus.DIVERTING,
            HospitalStatus.CLOSED,
            HospitalStatus.EVACUATING,
        ),
        start=1,
    )
)


class Shape(Enum):
    """What a packed value is made of, whatever it means: columns take events apart by it."""

    NUMBER = 1
    TEXT = 2  # bytes led by their length
    TEXTS = 3  # how many, then each
    WORD = 4  # a number, or, when that is odd, as many bytes as half of it
    IDENTIFIER = 5


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is written and read. With `by_time` both are given the event's own time as well,
    in milliseconds (see `packing.milliseconds`).
    """

    write: Callable[..., bytes]
    read: Callable[..., Any]
    by_time: bool = False
    shape: Shape = Shape.NUMBER


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event. With `optional`, the usual value takes one bit instead of bytes."""

    name: str
    form: Form
    optional: bool = False
    usual: Any = None


@dataclass(frozen=True, slots=True)
class Layout:
    """One row of the table: the number on the wire, the type, its lane, its groups of fields."""

    number: int
    type: type[Event]
    lane: Lane
    groups: tuple[tuple[Field, ...], ...]


def _number_of(members: type[IntEnum], otherwise: IntEnum) -> Form:
    """An enumeration by number. A member that is newer than this version reads as `otherwise`: an
    emergency of an unknown kind must still ring.
    """
    known = {int(member): member for member in members}
    return Form(
        lambda value: packing.unsigned(int(value)),
        lambda reader: known.get(reader.unsigned(), otherwise),
    )


def _one_of(members: dict[int, Any]) -> Form:
    """An enumeration in which a wrong guess would be worse than a parked event."""
    numbers = {member: number for number, member in members.items()}

    def read(reader: Reader) -> Any:
        number = reader.unsigned()
        if number not in members:
            raise Unreadable(f"State {number} is not known to this version.")
        return members[number]

    return Form(lambda value: packing.unsigned(numbers[value]), read)


def _write_texts(values: tuple[str, ...]) -> bytes:
    return packing.unsigned(len(values)) + b"".join(map(packing.text, values))


def _read_texts(reader: Reader) -> tuple[str, ...]:
    count = reader.unsigned()
    if count > LONGEST_BYTES:
        raise Unreadable("A list is too long.")
    return tuple(reader.text() for _ in range(count))


def _read_flag(reader: Reader) -> bool:
    return reader.unsigned() != 0


_NUMBER = Form(packing.unsigned, Reader.unsigned)
_TEXT = Form(packing.text, Reader.text, shape=Shape.TEXT)
_TEXTS = Form(_write_texts, _read_texts, shape=Shape.TEXTS)
_BYTES = Form(packing.block, Reader.block, shape=Shape.TEXT)
_FLAG = Form(lambda value: packing.unsigned(int(value)), _read_flag)
_DEGREES = Form(packing.degrees, packing.read_degrees)
_CODE = Form(packing.short_code, packing.read_short_code, shape=Shape.WORD)
_DIGITS = Form(packing.digits, packing.read_digits, shape=Shape.WORD)
_PHONE = Form(packing.phone_number, packing.read_phone_number, shape=Shape.WORD)
_TIME = Form(packing.near_instant, packing.read_near_instant, by_time=True)
_ID = Form(packing.identifier, packing.read_identifier, by_time=True, shape=Shape.IDENTIFIER)
_KIND = _number_of(Kind, Kind.UNKNOWN)
_PRIORITY = _number_of(Priority, Priority.CRITICAL)
_TRANSPORT = _number_of(Transport, Transport.NONE)
_PART = _number_of(Part, Part.TREAT)
_REASON = _number_of(CannotTreatReason, CannotTreatReason.OTHER)
_STATE = _one_of(DISPATCH_STATES)
_STATUS = _one_of(HOSPITAL_STATUSES)


def _opt(name: str, form: Form, usual: Any = None) -> Field:
    return Field(name, form, optional=True, usual=usual)


_CLAIM = (
    Field("claim_id", _ID),
    Field("dispatch_id", _ID),
    _opt("by", _TEXT, ""),
    _opt("age_s", _NUMBER, 0),
)
_REPORT = (Field("report_id", _ID), _opt("by", _TEXT, ""))

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        1,
        events.EpochStarted,
        Lane.EMERGENCIES,  # it is the first of every lane; the stream log sets the real one
        (
            (
                _opt("previous_epoch", _NUMBER, 0),
                _opt("previous_seq", _NUMBER, 0),
                _opt("previous_hash", _BYTES, b""),
            ),
            (_opt("snapshot", _FLAG, False),),
        ),
    ),
    Layout(
        2,
        events.DispatchOffered,
        Lane.EMERGENCIES,
        (
            (
                Field("dispatch_id", _ID),
                Field("emergency_id", _ID),
                Field("version", _NUMBER),
                Field("help_code", _CODE),
                Field("answer_code", _DIGITS),
                Field("kind", _KIND),
                Field("priority", _PRIORITY),
                Field("needs", _NUMBER),
                Field("raised_at", _TIME),
                Field("answer_by", _TIME),
                Field("valid_until", _TIME),
                _opt("place_text", _TEXT, ""),
                _opt("place_name", _TEXT, ""),
                _opt("lat", _DEGREES),
                _opt("lon", _DEGREES),
                _opt("radius_m", _NUMBER),
                _opt("travel_min", _NUMBER, 0),
                _opt("distance_m", _NUMBER, 0),
                _opt("caller_phone", _PHONE),
                _opt("patient_count", _NUMBER, 1),
                _opt("age_years", _NUMBER),
                _opt("note", _TEXT, ""),
                _opt("signs", _TEXTS, ()),
                _opt("rule_id", _TEXT, ""),
                _opt("ruleset", _TEXT, ""),
            ),
            (_opt("referred_by", _TEXT, ""),),
            (_opt("part", _PART, Part.TREAT),),
        ),
    ),
    Layout(
        3,
        events.DispatchChanged,
        Lane.EMERGENCIES,
        (
            (
                Field("dispatch_id", _ID),
                Field("version", _NUMBER),
                Field("state", _STATE),
                _opt("reason", _TEXT, ""),
                _opt("transport", _TRANSPORT),
                _opt("place_text", _TEXT),
                _opt("place_name", _TEXT),
                _opt("lat", _DEGREES),
                _opt("lon", _DEGREES),
                _opt("radius_m", _NUMBER),
                _opt("patient_count", _NUMBER),
                _opt("age_years", _NUMBER),
                _opt("note", _TEXT),
                _opt("priority", _PRIORITY),
                _opt("travel_min", _NUMBER),
            ),
            (
                _opt("kind", _KIND),
                _opt("needs", _NUMBER),
                _opt("signs", _TEXTS),
                _opt("answer_by", _TIME),
                _opt("distance_m", _NUMBER),
                _opt("rule_id", _TEXT),
                _opt("ruleset", _TEXT),
                _opt("still_needed", _FLAG),
            ),
        ),
    ),
    Layout(
        4,
        events.Verdict,
        Lane.EMERGENCIES,
        (
            (
                Field("claim_id", _ID),
                Field("dispatch_id", _ID),
                Field("accepted", _FLAG),
                Field("state", _STATE),
                Field("version", _NUMBER),
                _opt("reason", _TEXT, ""),
            ),
        ),
    ),
    Layout(5, events.DispatchDelivered, Lane.EMERGENCIES, ((*_CLAIM, Field("audible", _FLAG)),)),
    Layout(6, events.AcceptDispatch, Lane.EMERGENCIES, (_CLAIM,)),
    Layout(
        7,
        events.CannotTreat,
        Lane.EMERGENCIES,
        ((*_CLAIM, Field("reason", _REASON), _opt("note", _TEXT, "")),),
    ),
    Layout(8, events.PatientArrived, Lane.EMERGENCIES, (_CLAIM,)),
    Layout(
        9,
        events.AvailabilityReported,
        Lane.REPORTS,
        (
            (
                Field("status", _STATUS),
                _opt("staffed_beds", _NUMBER),
                _opt("free_beds", _NUMBER),
                _opt("last_dispatch_seen", _ID, 0),
                _opt("by", _TEXT, ""),
            ),
            (_opt("report_id", _ID, 0),),
        ),
    ),
    Layout(
        10,
        events.AlarmState,
        Lane.REPORTS,
        ((Field("audible", _FLAG), _opt("reason", _TEXT, "")),),
    ),
    Layout(11, events.TreatAfterAll, Lane.EMERGENCIES, (_CLAIM,)),
    Layout(
        12,
        events.DispatchRemoved,
        Lane.REPORTS,
        ((Field("dispatch_id", _ID), _opt("reason", _TEXT, "")),),
    ),
    Layout(
        13,
        events.ReportTaken,
        Lane.REPORTS,
        ((Field("report_id", _ID), Field("accepted", _FLAG), _opt("reason", _TEXT, "")),),
    ),
    Layout(
        14,
        events.DutyPhonesSet,
        Lane.REPORTS,
        ((Field("phones", _TEXTS), Field("hours", _TEXTS)),),
    ),
    Layout(
        15,
        events.StockReported,
        Lane.REPORTS,
        ((*_REPORT, Field("has", _NUMBER), Field("lacks", _NUMBER)),),
    ),
    Layout(
        16,
        events.NoteWritten,
        Lane.REPORTS,
        ((*_REPORT, Field("text", _TEXT), _opt("dispatch_id", _ID, 0)),),
    ),
    Layout(
        17,
        events.WalkInRegistered,
        Lane.REPORTS,
        (
            (
                *_REPORT,
                Field("kind", _KIND),
                Field("priority", _PRIORITY),
                _opt("help_code", _CODE, ""),
                _opt("patient_count", _NUMBER, 1),
                _opt("age_years", _NUMBER),
            ),
        ),
    ),
    Layout(
        18,
        events.SimReported,
        Lane.REPORTS,
        (
            (
                Field("working", _FLAG),
                _opt("credit_cents", _NUMBER),
                _opt("sent_today", _NUMBER, 0),
                _opt("problem", _TEXT, ""),
            ),
        ),
    ),
    Layout(
        19,
        events.SummaryShared,
        Lane.SUMMARIES,
        ((Field("dispatch_id", _ID), _opt("blood_type", _TEXT, ""), _opt("allergies", _TEXT, "")),),
    ),
    Layout(20, events.SummaryWithdrawn, Lane.SUMMARIES, ((Field("dispatch_id", _ID),),)),
)

_BY_TYPE = {layout.type: layout for layout in LAYOUTS}
_BY_NUMBER = {layout.number: layout for layout in LAYOUTS}


def lane_of(event: Event) -> Lane:
    """The lane on which events of this type travel."""
    return _BY_TYPE[type(event)].lane


def encode(event: Event) -> bytes:
    """The event's packed form. Times keep milliseconds, coordinates five decimals.

    Raises InvalidInput when it is longer than 4,096 bytes: half a frame, so that one always fits.
    """
    return encode_as(_BY_TYPE[type(event)], event)


def encode_as(layout: Layout, event: Event) -> bytes:
    """The event as this layout packs it, which may be an earlier version's. Raises as `encode`."""
    at_ms = packing.milliseconds(event.at)
    packed = packing.unsigned(layout.number) + packing.unsigned(at_ms)
    for group in layout.groups:
        present = position = 0
        content = b""
        for field in group:
            value = getattr(event, field.name)
            if field.optional:
                differs = value != field.usual
                present |= differs << position
                position += 1
                if not differs:
                    continue
            form = field.form
            content += form.write(value, at_ms) if form.by_time else form.write(value)
        packed += (packing.unsigned(present) if position else b"") + content
    packed += event.unknown_tail
    if len(packed) > LONGEST_BYTES:
        raise InvalidInput("The texts are too long to be sent to a hospital; shorten the note.")
    return packed


def decode(packed: bytes) -> Event:
    """The event that `encode` packed, on this version or on another.

    Raises Unreadable for anything else; the caller parks the bytes and counts them.
    """
    reader = Reader(packed)
    number = reader.unsigned()
    layout = _BY_NUMBER.get(number)
    if layout is None:
        raise Unreadable(f"Event type {number} is not known to this version: update the program.")
    at_ms = reader.unsigned()
    values: dict[str, Any] = {"at": packing.from_milliseconds(at_ms)}
    for group in layout.groups:
        if reader.at_end:
            values |= {field.name: field.usual for field in group if field.optional}
            if any(not field.optional for field in group):
                raise Unreadable("The event ends before its fields do.")
            continue
        values |= _read_group(reader, group, at_ms)
    return layout.type(**values, unknown_tail=reader.rest())


def _read_group(reader: Reader, group: tuple[Field, ...], at_ms: int) -> dict[str, Any]:
    optional = [field.name for field in group if field.optional]
    present = reader.unsigned() if optional else 0
    if present >> len(optional):
        raise Unreadable("A group announces fields that it cannot have.")
    absent = {name for position, name in enumerate(optional) if not present >> position & 1}
    return {
        field.name: field.usual if field.name in absent else _read(field.form, reader, at_ms)
        for field in group
    }


def _read(form: Form, reader: Reader, at_ms: int) -> Any:
    return form.read(reader, at_ms) if form.by_time else form.read(reader)
