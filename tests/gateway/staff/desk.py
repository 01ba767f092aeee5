"""A hospital's duty phone at work, below the screens."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import select

from gateway.audit import audit_entries
from gateway.emergencies.dispatching import Asked
from gateway.staff import patients, referring
from gateway.staff.patients import PatientLine
from gateway.unit_of_work import UnitOfWork
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
DUTY = "+254722000001"
OTHER_DUTY = "+254722000002"
BASIC = ("emergency_24h", "blood", "oxygen")
WHOLE = (*BASIC, "theatre", "cemonc", "icu_adult", "ventilator")

T = TypeVar("T")


def does(world: World, act: Callable[[UnitOfWork], T]) -> T:
    """Carried out as one command; what follows by itself has happened too."""
    result = world.services.write(act)
    world.settle()
    return result


def sees(world: World, hospital: HospitalBox) -> list[PatientLine]:
    return does(world, lambda uow: patients.open_dispatches(uow, hospital.id))


def refers(
    world: World, hospital: HospitalBox, needed: str = "surgery", dispatch_id: int | None = None
) -> Asked:
    return does(
        world, lambda uow: referring.refer(uow, hospital.id, needed, dispatch_id=dispatch_id)
    )


def audited(world: World) -> Sequence[tuple[str, str]]:
    """Who did what, as the trail has it."""
    query = select(audit_entries.c.actor, audit_entries.c.action).order_by(audit_entries.c.id)
    rows = world.services.database.read(lambda c: c.execute(query).all())
    return [(row.actor, row.action) for row in rows]
