"""What the gateway and a hospital's box tell each other, as frozen values.

Every event carries `at`, the clock of whoever wrote it: gateway time downstream, box time upstream.
Their form on the wire is the table in `sync.codec`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from shared.dispatch import CannotTreatReason, DispatchState, Part
from shared.emergency import Kind, Priority, Transport
from shared.hospital import HospitalStatus

# The reason of a `DispatchChanged` when the caller says so, whatever else has changed.
GOT_WORSE = "caller: got worse"


class Lane(IntEnum):
    """What goes first: a lower lane never waits for a higher one. The numbers are on the wire."""

    EMERGENCIES = 1  # emergencies, answers and verdicts
    REPORTS = 2  # beds, stock, alarms, notes
    SUMMARIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything that travels on a stream.

    `unknown_tail` holds what a newer writer added and this version cannot read; encoding the
    event again gives it back untouched.
    """

    at: datetime
    unknown_tail: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochStarted(Event):
    """The first event of every epoch of a stream: which epoch it continues, and from where.

    `previous_epoch` 0 means that there was none. `previous_hash` is the running hash after
    `previous_seq` events, 16 bytes, or empty. With `snapshot` everything that still matters is told
    anew from here on: what a reader lacks of the writer's earlier epochs will not come any more.
    """

    previous_epoch: int
    previous_seq: int
    previous_hash: bytes
    snapshot: bool = False


# Downstream: from the gateway to a box.


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchOffered(Event):
    """A patient is coming, or asks to: everything that the hospital may know at this point.

    `at` is when it was offered (gateway time). `place_text` is what the caller typed,
    `place_name` what the gazetteer made of it. `lat` and `lon` are WGS 84 degrees, None together.
    `needs` is a mask of `shared.capability.Capability`. `signs` are the words of what the caller
    answered; `rule_id` and `ruleset` name the triage rule. After `valid_until` it is shown as
    late, without alarm. `referred_by` is the name of the hospital that refers the patient, empty
    where nobody does; then `caller_phone` is that hospital's, and where it only stabilises the
    patient on the way, `travel_min` counts the way to it as well.
    """

    dispatch_id: int
    emergency_id: int
    version: int
    help_code: str
    answer_code: str
    kind: Kind
    priority: Priority
    needs: int
    raised_at: datetime
    answer_by: datetime
    valid_until: datetime
    place_text: str = ""
    place_name: str = ""
    lat: float | None = None
    lon: float | None = None
    radius_m: int | None = None
    travel_min: int = 0
    distance_m: int = 0
    caller_phone: str | None = None
    patient_count: int = 1
    age_years: int | None = None
    note: str = ""
    signs: tuple[str, ...] = ()
    rule_id: str = ""
    ruleset: str = ""
    referred_by: str = ""
    part: Part = Part.TREAT


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchChanged(Event):
    """A dispatch moved, or more is known. A fact that is None has not changed.

    `version` grows with every change of the dispatch, so that changes may arrive in any order.
    `still_needed` false: what this hospital might yet say changes nothing, because another one has
    accepted or the patient needs no hospital any more; true when that fell through.
    """

    dispatch_id: int
    version: int
    state: DispatchState
    reason: str = ""
    transport: Transport | None = None
    place_text: str | None = None
    place_name: str | None = None
    lat: float | None = None
    lon: float | None = None
    radius_m: int | None = None
    patient_count: int | None = None
    age_years: int | None = None
    note: str | None = None
    priority: Priority | None = None
    travel_min: int | None = None
    kind: Kind | None = None
    needs: int | None = None
    signs: tuple[str, ...] | None = None
    answer_by: datetime | None = None
    distance_m: int | None = None
    rule_id: str | None = None
    ruleset: str | None = None
    still_needed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Event):
    """What became of a claim, in the gateway's order.

    `state` and `version` are the dispatch's after the claim, whether it was accepted or not.
    """

    claim_id: int
    dispatch_id: int
    accepted: bool
    state: DispatchState
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRemoved(Event):
    """This dispatch is no longer the hospital's business: the box forgets every fact of it."""

    dispatch_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTaken(Event):
    """What became of a report of lane 2. `reason` says why it was refused."""

    report_id: int
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPhonesSet(Event):
    """The telephones that a box may text by its own modem when nobody answers at the console, in
    the order in which they are to be tried. `hours` holds a rota for each (see
    `shared.duty_hours`), empty for day and night.
    """

    phones: tuple[str, ...]
    hours: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryShared(Event):
    """What the patient states about themselves, and agreed to share with the hospital that is asked
    for this dispatch: never confirmed by anybody. Empty is not stated.

    Of the events about one dispatch the one with the latest `at` counts, whatever order they come
    in.
    """

    dispatch_id: int
    # Never shown by accident, in a log or a traceback.
    blood_type: str = field(default="", repr=False)
    allergies: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryWithdrawn(Event):
    """What the patient states about themselves is no longer the hospital's business: the box
    forgets it. The dispatch itself may go on.
    """

    dispatch_id: int


# Upstream: claims of a hospital, which the gateway folds in its own order.


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Event):
    """Something that a hospital says about one dispatch; it is answered with a `Verdict`.

    `by` is the name or the initials of whoever said it. `age_s` counts the seconds from the
    dispatch's arrival on the box to the claim, so that it can be judged even where the box's
    clock is wrong.
    """

    claim_id: int
    dispatch_id: int
    by: str = ""
    age_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDelivered(Claim):
    """The box has stored the dispatch and, when `audible`, somebody can hear it ring."""

    audible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispatch(Claim):
    """The hospital expects the patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTreat(Claim):
    """The hospital cannot treat here, and why; whoever arrives is stabilised all the same."""

    reason: CannotTreatReason
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatAfterAll(Claim):
    """The hospital takes back that it cannot treat: it expects the patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientArrived(Claim):
    """The patient is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Event):
    """Something that a hospital says about itself; it is answered with a `ReportTaken`.

    `report_id` is 0 from a box of a version that expects no answer. `by` is the name or the
    initials of whoever said it.
    """

    report_id: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityReported(Report):
    """How full the hospital is. A count that is None is unknown, not zero.

    `last_dispatch_seen` is the id of the newest dispatch that the box had then, so that the gateway
    subtracts only later assignments.
    """

    status: HospitalStatus
    staffed_beds: int | None = None
    free_beds: int | None = None
    last_dispatch_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReported(Report):
    """What is there and what is used up, as masks within `shared.hospital.STOCK`."""

    has: int
    lacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(Report):
    """What staff want the coordinators to read, about one dispatch or (0) about none."""

    text: str
    dispatch_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkInRegistered(Report):
    """A patient who came without being announced, and takes a bed. `help_code` is what their own
    phone was told, where they have one: they were expected elsewhere.
    """

    kind: Kind
    priority: Priority
    help_code: str = ""
    patient_count: int = 1
    age_years: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimReported(Event):
    """How the box's modem and its SIM are. `credit_cents` is None while nobody knows it."""

    working: bool
    credit_cents: int | None = None
    sent_today: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState(Event):
    """Whether the box's alarm can be heard, and if not, why."""

    audible: bool
    reason: str = ""
