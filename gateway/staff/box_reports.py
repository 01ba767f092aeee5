"""What staff report at their box: beds, stock, notes, patients who came unannounced. Each report is
answered with what became of it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, select

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies import came_by_themselves, hospital_answers, store
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.hospitals.tables import availability
from gateway.staff import readiness
from gateway.staff.readiness import Said
from gateway.staff.tables import hospital_notes, walk_ins
from gateway.unit_of_work import UnitOfWork
from shared.emergency import ENDED, EmergencyState
from shared.errors import Conflict, HavenError, InvalidInput
from shared.identifier import to_text
from sync.events import (
    AvailabilityReported,
    NoteWritten,
    Report,
    ReportTaken,
    StockReported,
    WalkInRegistered,
)

_VIA = "box"
# What is older is no report any more but a clock that was never set: streams are kept as long.
_OLDEST = timedelta(days=35)
_MOST_PATIENTS = 100
_NOT_TAKEN_IN = "Haven could not take this in: tell the coordinators by telephone"
_SOMETHING_NEWER = "something newer was reported since; look at it and report again"


def take(
    uow: UnitOfWork, board: AvailabilityBoard, hospital_id: int, report: Report
) -> ReportTaken:
    """Carries the report out and says what became of it; nothing of a refused one stays."""
    try:
        words = uow.attempt(lambda: _apply(uow, board, hospital_id, report))
    except Conflict:
        return _answer(uow, report, accepted=False, reason=_SOMETHING_NEWER)
    except HavenError as error:
        return _answer(uow, report, accepted=False, reason=str(error))
    return _answer(uow, report, accepted=True, reason=words)


def refuse(uow: UnitOfWork, report: Report) -> ReportTaken:
    """The answer to a report that could not be carried out, for whatever reason."""
    return _answer(uow, report, accepted=False, reason=_NOT_TAKEN_IN)


def said_at(at: datetime, now: datetime) -> datetime:
    """When the report was made. The box puts its own clock right by the gateway's; one that never
    heard of it may say 1970 or 2038: then it is as old as its arrival.
    """
    return at if now - _OLDEST <= at <= now else now


def _answer(uow: UnitOfWork, report: Report, *, accepted: bool, reason: str) -> ReportTaken:
    return ReportTaken(at=uow.now, report_id=report.report_id, accepted=accepted, reason=reason)


def _apply(uow: UnitOfWork, board: AvailabilityBoard, hospital_id: int, report: Report) -> str:
    at = said_at(report.at, uow.now)
    match report:
        case AvailabilityReported():
            _beds(uow, board, hospital_id, report, at)
            return ""
        case StockReported():
            said = Said(stock_has=report.has, stock_lacks=report.lacks, at=at)
            readiness.report(uow, hospital_id, said, _VIA)
            return ""
        case NoteWritten():
            _note(uow, hospital_id, report, at)
            return ""
        case WalkInRegistered():
            return _walk_in(uow, hospital_id, report, at)
    raise AssertionError(f"a report that nobody takes: {type(report).__name__}")


def _beds(
    uow: UnitOfWork,
    board: AvailabilityBoard,
    hospital_id: int,
    report: AvailabilityReported,
    at: datetime,
) -> None:
    taken = AvailabilityReport(
        status=report.status,
        at=at,
        source=_VIA,
        staffed_beds=report.staffed_beds,
        free_beds=report.free_beds,
        assigned_since=_assigned_after(uow, hospital_id, report.last_dispatch_seen),
    )
    if not board.report(uow.connection, hospital_id, taken):
        raise Conflict(_SOMETHING_NEWER)
    _audit(uow, hospital_id, "availability reported", f"hospital:{to_text(hospital_id)}")


def _assigned_after(uow: UnitOfWork, hospital_id: int, seen: int) -> int:
    """How many of our assignments a report could not know of: identifiers grow with time."""
    later = select(func.count()).where(
        dispatches.c.hospital_id == hospital_id,
        dispatches.c.id > seen,
        dispatches.c.reserved.is_(True),
    )
    return uow.connection.execute(later).scalar_one()


def _note(uow: UnitOfWork, hospital_id: int, report: NoteWritten, at: datetime) -> None:
    about = report.dispatch_id or None
    if about is not None:
        hospital_answers.require_own(uow, about, hospital_id)
    added = {
        "id": report.report_id,
        "hospital_id": hospital_id,
        "dispatch_id": about,
        "text": report.text,
        "by": report.by[:80],
        "at": at,
    }
    if not _is_new(uow, hospital_notes, hospital_id, added):
        return
    name = uow.services.hospitals.card(uow.connection, hospital_id).name
    emergency = None
    if about is not None:
        emergency = store.lock(uow, store.dispatch(uow, about).emergency_id)
        _audit(uow, hospital_id, "note written", f"dispatch:{to_text(about)}")
    if emergency is None:
        raise_alarm(uow, "box_wrote", hospital=name, detail=f"{name}, {report.by}: {report.text}")
    elif EmergencyState(emergency.state) not in ENDED:
        raise_alarm(uow, "box_note", emergency=emergency, hospital=name)


def _walk_in(uow: UnitOfWork, hospital_id: int, report: WalkInRegistered, at: datetime) -> str:
    if not 1 <= report.patient_count <= _MOST_PATIENTS:
        raise InvalidInput(f"a walk-in is 1 to {_MOST_PATIENTS} patients")
    added = {
        "id": report.report_id,
        "hospital_id": hospital_id,
        "emergency_id": None,
        "kind": report.kind.value,
        "priority": report.priority.value,
        "patient_count": report.patient_count,
        "age_years": report.age_years,
        "by": report.by[:80],
        "at": at,
    }
    if not _is_new(uow, walk_ins, hospital_id, added):
        return ""
    took_bed, words = False, ""
    if report.help_code:
        who = Answerer(via=_VIA, by=report.by)
        found = came_by_themselves.came(uow, hospital_id, report.help_code, who)
        took_bed, words = found.took_bed, found.words
        uow.connection.execute(
            walk_ins.update()
            .where(walk_ins.c.id == report.report_id)
            .values(emergency_id=found.emergency_id)
        )
    if not took_bed and not _counted_since(uow, hospital_id, at):
        for _ in range(report.patient_count):
            uow.services.hospitals.reserve(uow.connection, hospital_id)
    _audit(uow, hospital_id, "walk-in registered", f"hospital:{to_text(hospital_id)}")
    return words


def _is_new(uow: UnitOfWork, table: Table, hospital_id: int, row: dict[str, Any]) -> bool:
    """Adds the row. False when this hospital said the same before: a database that was set back
    hears some things again.
    """
    query = select(table.c.hospital_id).where(table.c.id == row["id"])
    earlier = uow.connection.execute(query).scalar_one_or_none()
    if earlier is not None and earlier != hospital_id:
        raise Conflict("another hospital's report has this number")
    if earlier is None:
        uow.connection.execute(table.insert().values(row))
    return earlier is None


def _counted_since(uow: UnitOfWork, hospital_id: int, at: datetime) -> bool:
    """Whether somebody has counted the beds since the patient came, and this one with them."""
    query = select(availability.c.reported_at).where(availability.c.hospital_id == hospital_id)
    counted_at = uow.connection.execute(query).scalar_one_or_none()
    return counted_at is not None and counted_at > at


def _audit(uow: UnitOfWork, hospital_id: int, action: str, subject: str) -> None:
    uow.audit(f"hospital:{to_text(hospital_id)} {_VIA}", action, subject)
