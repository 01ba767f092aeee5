"""A patient's facts written in the same instant in which they are erased, or written first."""

from collections.abc import Callable, Iterator

import pytest

from gateway.callers import store as callers
from gateway.medical import profile
from gateway.medical.profile import Profile, ProfileField
from gateway.unit_of_work import Services
from tests.gateway.postgres_only import CountingDatabase, counting_database, follows
from tests.journeys.world import World


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    with counting_database(postgres_url) as opened:
        yield opened


def patient(world: World) -> int:
    return int(world.services.write(lambda uow: callers.find_or_add(uow, "+254711000111")).id)


def states(
    caller_id: int, value: str, field: ProfileField = ProfileField.ALLERGIES
) -> Callable[[Services], None]:
    return lambda services: services.write(lambda uow: profile.put(uow, caller_id, field, value))


def erases(caller_id: int) -> Callable[[Services], None]:
    return lambda services: services.write(lambda uow: profile.erase(uow, caller_id))


def known(world: World, caller_id: int) -> Profile:
    return world.services.write(lambda uow: profile.read(uow, caller_id))


def test_two_first_facts_are_sealed_under_one_key(world: World, database: CountingDatabase) -> None:
    caller_id = patient(world)
    blood_type = states(caller_id, "O-", ProfileField.BLOOD_TYPE)
    follows(world, database, states(caller_id, "latex"), blood_type)
    assert known(world, caller_id) == Profile("O-", "latex")


def test_what_is_stated_while_all_is_erased_is_erased_too_or_whole(
    world: World, database: CountingDatabase
) -> None:
    caller_id = patient(world)
    states(caller_id, "latex")(world.services)
    follows(world, database, states(caller_id, "peanuts"), erases(caller_id))
    assert known(world, caller_id) == Profile()
    states(caller_id, "latex")(world.services)
    follows(world, database, erases(caller_id), states(caller_id, "peanuts"))
    assert known(world, caller_id) == Profile(None, "peanuts")
