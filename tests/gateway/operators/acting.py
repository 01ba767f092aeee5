"""An operator at work in a world that a test has set up, and what can be seen of it."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from gateway.audit import audit_entries
from gateway.emergencies import store
from gateway.operators.alarm_board import alarm_list
from gateway.operators.operator import Operator
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
OPERATOR = "+254700000001"
DUTY = "+254722000001"
JK = Operator("JK")
KIBRA = FoundPlace("Kibra, Nairobi", -1.3133, 36.7890, 800)


def acts(world: World, what: Callable[..., object], *more: Any) -> None:
    """The operator does this to the latest emergency."""

    def command(uow: UnitOfWork) -> None:
        emergency = store.lock(uow, world.emergencies()[-1].id)
        what(uow, emergency, *more, JK)

    world.services.write(command)
    world.settle()


def audited(world: World) -> list[tuple[str, str]]:
    query = select(audit_entries.c.actor, audit_entries.c.action).order_by(audit_entries.c.id)
    rows = world.services.database.read(lambda c: c.execute(query).all())
    return [(row.actor, row.action) for row in rows if row.actor.startswith("operator:")]


def unsolved(world: World) -> list[str]:
    rows = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    return [row.kind for row in rows if row.solved_at is None]


def nobody_answers(world: World) -> HospitalBox:
    """A hospital that was asked, silent; nobody else is left."""
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(91)
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    return box
