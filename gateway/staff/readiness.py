"""Beds and status as a duty phone reports them: the latest report counts, whoever made it."""

from sqlalchemy import func, select

from gateway.emergencies.tables import dispatches
from gateway.hospitals import changes
from gateway.hospitals.availability_board import AvailabilityBoard, AvailabilityReport
from gateway.hospitals.tables import availability
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import WAITING
from shared.errors import Conflict, InvalidInput
from shared.hospital import HospitalStatus
from shared.identifier import to_text

_SOURCE = "ussd"
# More emergency beds than any hospital has: a slip of the finger.
MOST_BEDS = 500


def report_beds(uow: UnitOfWork, hospital_id: int, free_beds: int) -> None:
    """So many staffed emergency beds are free now; the status stays as it was.

    Raises InvalidInput for a number that cannot be: below zero, above MOST_BEDS, or above the
    staffed beds that the hospital reported; Conflict after a newer report; NotFound for an unknown
    hospital.
    """
    # Who is sent here from now on was not counted by whoever reports.
    changes.lock(uow.connection)
    query = select(availability.c.staffed_beds).where(availability.c.hospital_id == hospital_id)
    staffed = uow.connection.execute(query).scalar()
    most = MOST_BEDS if staffed is None else min(staffed, MOST_BEDS)
    if not 0 <= free_beds <= most:
        known = "" if staffed is None else f" Your hospital has {staffed} staffed beds."
        raise InvalidInput(f"Give the free emergency beds as a number from 0 to {most}.{known}")
    report = AvailabilityReport(
        status=None,
        at=uow.now,
        source=_SOURCE,
        free_beds=free_beds,
        assigned_since=_not_answered(uow, hospital_id),
    )
    _report(uow, hospital_id, report, "beds reported")


def report_status(uow: UnitOfWork, hospital_id: int, status: HospitalStatus) -> None:
    """Whether the hospital takes emergencies from now on; its beds stay as they were reported.
    Raises Conflict after a newer report, and NotFound for an unknown hospital.
    """
    report = AvailabilityReport(status=status, at=uow.now, source=_SOURCE)
    _report(uow, hospital_id, report, "status reported")


def _report(uow: UnitOfWork, hospital_id: int, report: AvailabilityReport, action: str) -> None:
    if not AvailabilityBoard(uow.system).report(uow.connection, hospital_id, report):
        raise Conflict("Somebody has just reported something newer. Look again, then report.")
    hospital = to_text(hospital_id)
    actor, subject = f"hospital:{hospital} {_SOURCE}", f"hospital:{hospital}"
    uow.audit(actor, action, subject)


def _not_answered(uow: UnitOfWork, hospital_id: int) -> int:
    """How many of our patients nobody there has answered for: their beds are not kept yet, and are
    counted as free by whoever counts them.
    """
    query = select(func.count()).where(
        dispatches.c.hospital_id == hospital_id,
        dispatches.c.reserved.is_(True),
        dispatches.c.state.in_([state.value for state in WAITING]),
    )
    return int(uow.connection.execute(query).scalar_one())
