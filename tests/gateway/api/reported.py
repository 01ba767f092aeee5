"""What a hospital of a story reports, and what operators set for it."""

from typing import Any

from sqlalchemy import update

from gateway.hospitals import imposing
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.hospitals.imposing import Imposed
from gateway.hospitals.tables import hospitals
from shared.hospital import HospitalStatus
from tests.journeys.world import World


def reports(world: World, hospital_id: int, **said: Any) -> None:
    board = AvailabilityBoard(world.services.system)
    report = AvailabilityReport(at=world.clock.now, source="test", **{"status": None, **said})
    world.services.database.write(lambda c: board.report(c, hospital_id, report))


def impose(world: World, hospital_id: int, status: HospitalStatus | None, lacks: int = 0) -> None:
    imposed = Imposed(status, lacks, None, "a strike")
    system = world.services.system
    world.services.database.write(lambda c: imposing.impose(c, system, [hospital_id], imposed))


def is_registered(world: World, hospital_id: int, **values: Any) -> None:
    statement = update(hospitals).where(hospitals.c.id == hospital_id).values(**values)
    world.services.database.write(lambda c: c.execute(statement))
