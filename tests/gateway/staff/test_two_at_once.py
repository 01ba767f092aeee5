"""Beds that are counted in the same instant in which one is promised, and codes that are looked up
at once from one number.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from gateway.callers import store as callers
from gateway.emergencies import caller_answers, code_lookup, store
from gateway.emergencies.code_lookup import MOST_TRIES, CodeState
from gateway.hospitals.tables import availability
from gateway.staff import readiness, referring
from gateway.staff.readiness import Said
from gateway.unit_of_work import Services
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from shared.errors import InvalidInput
from tests.gateway.postgres_only import CountingDatabase, counting_database, follows
from tests.gateway.staff.desk import BASIC, NAIROBI_WEST, THIKA, WHOLE
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


@pytest.mark.parametrize("staff_first", [True, False])
def test_a_patient_who_cancels_while_staff_withdraw_them(
    world: World, database: CountingDatabase, staff_first: bool
) -> None:
    """The two lock the same emergencies, and in one order."""
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, BASIC, lacks=("theatre",))
    far = world.hospital("Thika Hospital", *THIKA, WHOLE)
    world.phone().dials().chooses("1", "2", "2").types("kibra")
    near.rings()
    near.accepts()
    far.rings()
    first, onward = world.emergencies()

    def withdraws(services: Services) -> None:
        services.write(lambda uow: referring.withdraw(uow, near.id, onward.id))

    def cancels(services: Services) -> None:
        services.write(
            lambda uow: caller_answers.cancel(uow, store.lock(uow, first.id), by_sms=False)
        )

    if staff_first:
        follows(world, database, withdraws, cancels)
    else:
        with pytest.raises(InvalidInput, match="not open any more"):
            follows(world, database, cancels, withdraws)
    assert {each.state for each in world.emergencies()} == {EmergencyState.CANCELLED}
    assert {each.state for each in world.dispatches()} == {DispatchState.WITHDRAWN}
    assert database.again == 0
