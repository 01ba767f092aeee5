"""Beds, stock and status that a hospital's staff text from a duty phone."""

from collections.abc import Sequence

from gateway.hospitals.availability_report import BedCount
from gateway.hospitals.reachability import duty_phone_answered
from gateway.staff import readiness, written_report
from gateway.staff.readiness import Said
from gateway.staff.written_report import WrittenReport
from gateway.unit_of_work import UnitOfWork
from shared.errors import Conflict, InvalidInput

_VIA = "sms"
_LISTED = 6


def take(
    uow: UnitOfWork, hospital_ids: Sequence[int], sender: str, text: str
) -> tuple[str, dict[str, str]]:
    """Carries the report out; what is answered: a text's name and its words. Whatever cannot be
    taken changes nothing.
    """
    try:
        written = written_report.parse(text)
    except InvalidInput:
        return "hospital.report_how", {}
    hospital_id = written.hospital
    if hospital_id is None and len(hospital_ids) == 1:
        hospital_id = hospital_ids[0]
    if hospital_id is None or hospital_id not in hospital_ids:
        listed = ", ".join(f"{each} {_name(uow, each)}" for each in hospital_ids[:_LISTED])
        return "hospital.report_which", {"hospitals": listed}
    said = _said(written)
    words = {"hospital": _name(uow, hospital_id)}
    try:
        uow.attempt(lambda: readiness.report(uow, hospital_id, said, _VIA))
    except (InvalidInput, Conflict):
        return "hospital.report_refused", words
    duty_phone_answered(uow.connection, uow.system, hospital_id, sender)
    return "hospital.reported", words


def _said(written: WrittenReport) -> Said:
    return Said(
        free_beds=written.free_beds,
        staffed_beds=written.staffed_beds,
        beds={sort: BedCount(free=count) for sort, count in written.units.items()},
        stock_has=written.stock_has,
        stock_lacks=written.stock_lacks,
        status=written.status,
    )


def _name(uow: UnitOfWork, hospital_id: int) -> str:
    return uow.services.hospitals.card(uow.connection, hospital_id).name
