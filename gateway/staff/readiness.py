"""Beds, stock and status as a hospital's staff report them, by telephone or by their own programs:
the latest report counts, whoever made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import func, select

from gateway.emergencies.tables import dispatches
from gateway.hospitals import changes
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport, BedCount
from gateway.hospitals.tables import availability
from gateway.unit_of_work import UnitOfWork
from shared.bed_type import BedType
from shared.dispatch import WAITING
from shared.errors import Conflict, InvalidInput
from shared.hospital import HospitalStatus
from shared.identifier import to_text

# More emergency beds than any hospital has: a slip of the finger.
MOST_BEDS = 500
# An older word about one stock is not carried into a new report about another.
_STOCK_KEPT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Said:
    """What is reported; what is None, zero or empty stays as it was. `free_beds` are staffed
    emergency beds. `at` is when it was so; None: now.
    """

    free_beds: int | None = None
    staffed_beds: int | None = None
    beds: Mapping[BedType, BedCount] = field(default_factory=lambda: MappingProxyType({}))
    stock_has: int = 0
    stock_lacks: int = 0
    status: HospitalStatus | None = None
    at: datetime | None = None


def report(uow: UnitOfWork, hospital_id: int, said: Said, via: str) -> None:
    """Takes in what a hospital says of itself. `via` is the channel: ussd, sms, api, operator.

    Raises InvalidInput for a number that cannot be: below zero, above MOST_BEDS, above the staffed
    beds that the hospital has reported, or from the future; Conflict after a newer report; NotFound
    for an unknown hospital.
    """
    # Who is sent here from now on was not counted by whoever reports.
    changes.lock(uow.connection)
    known = uow.connection.execute(
        select(availability).where(availability.c.hospital_id == hospital_id)
    ).first()
    if said.free_beds is not None:
        _check_beds(said, None if known is None else known.staffed_beds)
    stock_has, stock_lacks = said.stock_has, said.stock_lacks
    if (
        stock_has | stock_lacks
        and known is not None
        and known.stock_reported_at is not None
        and uow.now - known.stock_reported_at <= _STOCK_KEPT
    ):
        stock_has |= known.stock_has & ~stock_lacks
        stock_lacks |= known.stock_lacks & ~stock_has
    taken = AvailabilityReport(
        status=said.status,
        at=said.at or uow.now,
        source=via,
        staffed_beds=said.staffed_beds,
        free_beds=said.free_beds,
        assigned_since=0 if said.free_beds is None else _not_answered(uow, hospital_id),
        stock_has=stock_has,
        stock_lacks=stock_lacks,
        beds=said.beds,
    )
    if not AvailabilityBoard(uow.system).report(uow.connection, hospital_id, taken):
        raise Conflict("Somebody has just reported something newer. Look again, then report.")
    hospital = to_text(hospital_id)
    actor, subject = f"hospital:{hospital} {via}", f"hospital:{hospital}"
    uow.audit(actor, "availability reported", subject)


def _check_beds(said: Said, staffed_before: int | None) -> None:
    staffed = staffed_before if said.staffed_beds is None else said.staffed_beds
    most = MOST_BEDS if staffed is None else min(staffed, MOST_BEDS)
    if not 0 <= (said.free_beds or 0) <= most:
        known = "" if staffed is None else f" Your hospital has {staffed} staffed beds."
        raise InvalidInput(f"Give the free emergency beds as a number from 0 to {most}.{known}")


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
