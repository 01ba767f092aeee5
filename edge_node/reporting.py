"""What staff say of their hospital, checked and put into the event that travels."""

from dataclasses import dataclass
from datetime import datetime

from edge_node.typed import MOST_BEDS, named, short
from shared import help_code as help_codes
from shared.capability import codes
from shared.emergency import Kind, Priority
from shared.errors import InvalidInput
from shared.hospital import STOCK, HospitalStatus
from sync.events import AvailabilityReported, NoteWritten, StockReported, WalkInRegistered

LONGEST_WRITTEN = 500
MOST_PATIENTS = 100
OLDEST_YEARS = 130


@dataclass(frozen=True, slots=True)
class Said:
    """What every report needs: its number, when it is said by the gateway's clock as far as that is
    known, and who says it.

    The time is put right here and not at the gateway: only this box knows by how much its clock was
    wrong at that moment, however and however late the report travels.
    """

    report_id: int
    at: datetime
    by: str


def availability(
    said: Said,
    status: HospitalStatus,
    staffed_beds: int | None,
    free_beds: int | None,
    last_dispatch_seen: int,
) -> AvailabilityReported:
    """How full the hospital is; a count that is None is unknown. Raises InvalidInput."""
    for name, count in (("staffed_beds", staffed_beds), ("free_beds", free_beds)):
        if count is not None and not 0 <= count <= MOST_BEDS:
            raise InvalidInput(f"{name} must be a number from 0 to {MOST_BEDS}, or null.")
    if staffed_beds is not None and free_beds is not None and free_beds > staffed_beds:
        raise InvalidInput("free_beds cannot be more than staffed_beds.")
    return AvailabilityReported(
        at=said.at,
        report_id=said.report_id,
        by=named(said.by),
        status=status,
        staffed_beds=staffed_beds,
        free_beds=free_beds,
        last_dispatch_seen=last_dispatch_seen,
    )


def stock(said: Said, has: int, lacks: int) -> StockReported:
    """What is there and what is used up, as masks of capabilities. Raises InvalidInput."""
    if (has | lacks) & ~STOCK:
        raise InvalidInput(f"Only these have a stock: {', '.join(codes(STOCK))}.")
    if has & lacks:
        raise InvalidInput(f"{', '.join(codes(has & lacks))}: say that it is there, or used up.")
    if not has | lacks:
        raise InvalidInput("Say of at least one stock whether it is there or used up.")
    return StockReported(
        at=said.at, report_id=said.report_id, by=named(said.by), has=has, lacks=lacks
    )


def note(said: Said, text: str, dispatch_id: int) -> NoteWritten:
    """What the coordinators are to read. Raises InvalidInput."""
    text = short(text, "text", LONGEST_WRITTEN)
    if not text:
        raise InvalidInput("text is missing: write what the coordinators are to read.")
    return NoteWritten(
        at=said.at,
        report_id=said.report_id,
        by=named(said.by),
        text=text,
        dispatch_id=dispatch_id,
    )


def walk_in(
    said: Said,
    kind: Kind,
    priority: Priority,
    help_code: str,
    patient_count: int,
    age_years: int | None,
) -> WalkInRegistered:
    """A patient who came without being announced; `help_code` is what their own phone was told,
    empty where they have none. Raises InvalidInput.
    """
    code = help_codes.parse(help_code) if help_code.strip() else ""
    if code is None:
        raise InvalidInput("help_code is four letters or digits, such as 7K2F; or leave it empty.")
    if not 1 <= patient_count <= MOST_PATIENTS:
        raise InvalidInput(f"patient_count must be a number from 1 to {MOST_PATIENTS}.")
    if code and patient_count != 1:
        raise InvalidInput("A help code is one patient's: register the others by themselves.")
    if age_years is not None and not 0 <= age_years <= OLDEST_YEARS:
        raise InvalidInput(f"age_years must be a number from 0 to {OLDEST_YEARS}, or null.")
    return WalkInRegistered(
        at=said.at,
        report_id=said.report_id,
        by=named(said.by),
        kind=kind,
        priority=priority,
        help_code=code,
        patient_count=patient_count,
        age_years=age_years,
    )
