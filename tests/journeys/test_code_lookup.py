"""A help code on any phone: open or closed, and no more than a few tries."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from gateway.callers import store as callers
from gateway.emergencies import closing, code_lookup, store
from gateway.emergencies.code_lookup import MOST_TRIES, CodeState
from gateway.emergencies.tables import code_lookups
from shared.emergency import EmergencyState
from tests.journeys.test_watched import assaulted
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
AN_HOUR = timedelta(hours=1)
STRANGER = "+254711000999"


def looks_up(world: World, typed: str, number: str = STRANGER) -> CodeState:
    return world.services.write(
        lambda uow: code_lookup.look_up(uow, callers.find_or_add(uow, number).id, typed)
    )


def test_a_code_is_open_until_its_emergency_ends(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    code = world.the_emergency().help_code
    assert looks_up(world, code) is CodeState.OPEN  # not even finished
    phone.types("kibra")
    assert looks_up(world, f" {code.lower()[:2]} {code[2:]}") is CodeState.OPEN
    hospital.accepts()
    hospital.reports_arrival()
    assert looks_up(world, code) is CodeState.OPEN
    emergency_id = world.the_emergency().id
    world.services.write(lambda uow: closing.close(uow, store.lock(uow, emergency_id)))
    assert looks_up(world, code) is CodeState.CLOSED
    # The phone that raised it learns no more than any other.
    assert looks_up(world, code, phone.number) is CodeState.CLOSED


def test_a_code_that_is_used_again_speaks_of_the_open_one(world: World) -> None:
    world.phone().dials().chooses("1", "2", "6").drops().texts("CANCEL")
    code = world.the_emergency().help_code
    assert looks_up(world, code) is CodeState.CLOSED
    world.phone(STRANGER).dials().chooses("1", "2", "6").drops()
    again = world.emergencies()[-1]
    world.services.write(
        lambda uow: store.change(uow, store.lock(uow, again.id), help_code=code),
    )
    assert looks_up(world, code) is CodeState.OPEN


@pytest.mark.parametrize("typed", ["ZZZZ", "7K2", "", "7K2F5", "* ?!", "K0KO", "🚑🚑🚑🚑"])
def test_what_nobody_has_is_unknown(world: World, typed: str) -> None:
    assert looks_up(world, typed) is CodeState.UNKNOWN


def test_what_a_watched_phone_called_off_reads_closed(world: World) -> None:
    phone, _ = assaulted(world)
    code = world.the_emergency().help_code
    assert looks_up(world, code) is CodeState.OPEN
    phone.texts("CANCEL")
    assert world.the_emergency().state == EmergencyState.DISPATCHED
    assert looks_up(world, code) is CodeState.CLOSED


def test_a_number_that_tries_too_many_learns_nothing_for_an_hour(world: World) -> None:
    world.phone().dials().chooses("1", "2", "6").drops()
    code = world.the_emergency().help_code
    for _ in range(MOST_TRIES):
        assert looks_up(world, "nonsense") is CodeState.UNKNOWN
        world.clock.now += AN_HOUR / 20
    for _ in range(3):
        assert looks_up(world, code) is CodeState.UNKNOWN
    assert looks_up(world, code, "+254711000998") is CodeState.OPEN
    # What is refused is no further try: as the first ones become an hour old, one by one counts.
    world.clock.now += AN_HOUR / 2
    assert looks_up(world, code) is CodeState.OPEN
    assert looks_up(world, code) is CodeState.UNKNOWN
    world.clock.now += 2 * AN_HOUR
    assert looks_up(world, code) is CodeState.OPEN
    kept = select(func.count()).select_from(code_lookups)
    assert world.services.database.read(lambda c: c.execute(kept).scalar_one()) == 1
