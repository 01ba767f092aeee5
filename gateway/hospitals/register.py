"""Reading hospitals out of the tables, as the values that the domain knows."""

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from gateway.hospitals.tables import availability, hospitals
from shared.errors import NotFound
from shared.hospital import Availability, Hospital, HospitalStatus

_STRICTNESS = (
    HospitalStatus.NORMAL,
    HospitalStatus.ADVISORY,
    HospitalStatus.DIVERTING,
    HospitalStatus.EVACUATING,
    HospitalStatus.CLOSED,
)


def select_hospitals() -> Select[Any]:
    """Every hospital with its availability; read the rows with `hospital_of` and
    `availability_of`. Rows without coordinates are among them.
    """
    return select(
        hospitals.c.id,
        hospitals.c.name,
        hospitals.c.level,
        hospitals.c.county,
        hospitals.c.lat,
        hospitals.c.lon,
        hospitals.c.has,
        hospitals.c.lacks,
        hospitals.c.reachable,
        hospitals.c.open_24h,
        hospitals.c.status.label("standing_status"),
        hospitals.c.imposed_status,
        hospitals.c.imposed_lacks,
        hospitals.c.learned_has,
        hospitals.c.learned_lacks,
        availability.c.status,
        availability.c.staffed_beds,
        availability.c.free_beds,
        availability.c.assigned_since,
        availability.c.reported_at,
        availability.c.stock_has,
        availability.c.stock_lacks,
        availability.c.stock_reported_at,
        availability.c.units_free,
        availability.c.units_full,
        availability.c.units_reported_at,
    ).join_from(hospitals, availability, hospitals.c.id == availability.c.hospital_id)


def hospital_of(row: Row[Any]) -> Hospital | None:
    """The hospital in a row of `select_hospitals`; None when nobody knows where it is."""
    if row.lat is None or row.lon is None:
        return None
    return Hospital(
        id=row.id,
        name=row.name,
        level=row.level,
        county=row.county,
        lat=row.lat,
        lon=row.lon,
        # What operators set to be out of order is not there, whatever the register says.
        has=(row.has | row.learned_has & ~row.lacks) & ~row.imposed_lacks,
        lacks=row.lacks | row.learned_lacks & ~row.has | row.imposed_lacks,
        reachable=row.reachable,
        open_24h=row.open_24h,
        imposed_lacks=row.imposed_lacks,
    )


def availability_of(row: Row[Any]) -> Availability:
    """The availability in a row of `select_hospitals`."""
    return Availability(
        status=strictest(row.standing_status, row.status, row.imposed_status),
        staffed_beds=row.staffed_beds,
        free_beds=row.free_beds,
        assigned_since=row.assigned_since,
        reported_at=row.reported_at,
        stock_has=row.stock_has,
        stock_lacks=row.stock_lacks,
        stock_reported_at=row.stock_reported_at,
        units_free=row.units_free,
        units_full=row.units_full,
        units_reported_at=row.units_reported_at,
    )


def strictest(*said: str) -> HospitalStatus:
    """The status that takes fewest patients of what the register, the hospital and operators say: a
    hospital that the register calls closed is closed, whatever it reported.
    """
    return max((HospitalStatus(status) for status in said if status), key=_STRICTNESS.index)


def find(connection: Connection, hospital_id: int) -> tuple[Hospital, Availability]:
    """One hospital and its availability.

    Raises NotFound when it is not there or nobody knows where it is.
    """
    row = connection.execute(select_hospitals().where(hospitals.c.id == hospital_id)).first()
    hospital = None if row is None else hospital_of(row)
    if row is None or hospital is None:
        raise NotFound("No hospital with coordinates has that number.")
    return hospital, availability_of(row)
