"""A patient takes their consent back in the same instant in which another hospital is asked."""

from collections.abc import Callable, Iterator

import pytest

from gateway.emergencies import dispatching, store, summaries
from gateway.medical import consent, profile
from gateway.unit_of_work import Services, UnitOfWork
from tests.gateway.postgres_only import CountingDatabase, counting_database, follows
from tests.journeys.test_it_is_me import (
    FAR,
    NEAR,
    SHARE,
    SHOWN,
    caller_id,
    patient,
    says_it_is_them,
    seen,
)
from tests.journeys.world import World

Changes = Callable[[UnitOfWork, int], None]


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    with counting_database(postgres_url) as opened:
        yield opened


def takes_back(uow: UnitOfWork, who: int) -> None:
    consent.withdraw(uow, who, SHARE, SHOWN)


def erases(uow: UnitOfWork, who: int) -> None:
    profile.erase(uow, who)


@pytest.mark.parametrize("changes", [takes_back, erases])
@pytest.mark.parametrize("asked_first", [False, True])
def test_nobody_goes_on_seeing_it(
    world: World, database: CountingDatabase, changes: Changes, asked_first: bool
) -> None:
    near, far = world.hospital("Mbagathi Hospital", *NEAR), world.hospital("Pumwani Hospital", *FAR)
    who = caller_id(world, says_it_is_them(patient(world)))
    assert seen(near) is not None
    emergency_id = world.the_emergency().id

    def changed(services: Services) -> None:
        def work(uow: UnitOfWork) -> None:
            with summaries.kept_true(uow, who):
                changes(uow, who)

        services.write(work)

    def asks_the_next(services: Services) -> None:
        services.write(lambda uow: dispatching.offer_next(uow, store.lock(uow, emergency_id)))

    one, other = (asks_the_next, changed) if asked_first else (changed, asks_the_next)
    follows(world, database, one, other)
    assert far.offers()
    assert seen(near) is None
    assert seen(far) is None
