"""Beds that are counted in the same instant in which one is promised, and codes that are looked up
at once from one number.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from gateway.callers import store as callers
from gateway.emergencies import code_lookup
from gateway.emergencies.code_lookup import MOST_TRIES, CodeState
from gateway.hospitals.tables import availability
from gateway.staff import readiness, referring
from gateway.staff.readiness import Said
from gateway.unit_of_work import Services
from tests.gateway.postgres_only import CountingDatabase, counting_database, follows
from tests.gateway.staff.desk import NAIROBI_WEST, THIKA, WHOLE
from tests.journeys.world import World


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    with counting_database(postgres_url) as opened:
        yield opened


def test_a_bed_that_is_promised_meanwhile_is_not_free(
    world: World, database: CountingDatabase
) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, WHOLE)
    other = world.hospital("Thika Hospital", *THIKA, WHOLE)

    def promises(services: Services) -> None:
        services.write(lambda uow: referring.refer(uow, other.id, "surgery"))

    def reports(services: Services) -> None:
        services.write(lambda uow: readiness.report(uow, hospital.id, Said(free_beds=5), "ussd"))

    follows(world, database, promises, reports)
    query = select(availability).where(availability.c.hospital_id == hospital.id)
    row = database.read(lambda c: c.execute(query).one())
    assert (row.free_beds, row.assigned_since) == (5, 1)


def test_the_last_try_is_one_try(world: World, database: CountingDatabase) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, WHOLE)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.the_emergency().help_code
    caller_id = world.services.write(lambda uow: callers.find_or_add(uow, "+254711000999")).id
    learnt: list[CodeState] = []

    def looks_up(services: Services) -> None:
        learnt.append(services.write(lambda uow: code_lookup.look_up(uow, caller_id, code)))

    for _ in range(MOST_TRIES - 1):
        looks_up(world.services)
    follows(world, database, looks_up, looks_up)
    assert sorted(learnt[-2:]) == [CodeState.OPEN, CodeState.UNKNOWN]
