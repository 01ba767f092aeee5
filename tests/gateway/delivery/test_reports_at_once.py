"""A delivery report that arrives in the very instant in which its message is marked as sent."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from gateway.alarms.alarm import raise_alarm
from gateway.alarms.tables import alarms
from gateway.database.postgres import PostgresDatabase
from gateway.delivery import reports
from gateway.delivery.sending import Carriers, send
from gateway.notifications import outbox
from gateway.notifications.outbox import Channel
from gateway.notifications.tables import messages
from gateway.unit_of_work import Services
from tests.gateway.postgres_only import Beside, CountingDatabase, T, counting_database
from tests.journeys.world import World

PROVIDER_ID = "ATXid_1"


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    with counting_database(postgres_url) as opened:
        yield opened


class HeldDatabase:
    """A database whose next write has done everything and does not commit until it is told to."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.read, self.close = database.read, database.close
        self._database = database
        self.all_but_committed, self.may_commit = threading.Event(), threading.Event()

    def write(self, work: Callable[[Connection], T]) -> T:
        def held(connection: Connection) -> T:
            result = work(connection)
            self.all_but_committed.set()
            assert self.may_commit.wait(60)
            return result

        return self._database.write(held)


def _follows(
    world: World,
    database: CountingDatabase,
    one: Callable[[Services], None],
    other: Callable[[Services], None],
) -> None:
    """Carries both out; `other` comes when `one` has done everything and not yet committed."""
    held = HeldDatabase(database)
    holding = Beside(lambda: one(replace(world.services, database=held)))
    assert held.all_but_committed.wait(60)
    following = Beside(lambda: other(world.services))
    following.waits(database)
    held.may_commit.set()
    holding.result()
    following.result()


@pytest.mark.parametrize("first", ["marking", "report"])
def test_a_report_and_the_marking_of_its_message_see_each_other(
    world: World, database: CountingDatabase, first: str
) -> None:
    world.services.write(
        lambda uow: outbox.enqueue(
            uow,
            channel=Channel.SMS,
            recipient="+254711000111",
            text="hello",
            purpose="test",
            urgency=1,
        )
    )
    (claimed,) = world.services.write(lambda uow: outbox.claim(uow, 1))
    message_id = claimed.id

    def mark(services: Services) -> None:
        send(services, Carriers(world.carrier, world.carrier, "40404"), claimed)

    def report(services: Services) -> None:
        services.write(lambda uow: reports.receive(uow, PROVIDER_ID, "Success", ""))

    one, other = (mark, report) if first == "marking" else (report, mark)
    _follows(world, database, one, other)
    query = select(messages.c.state, messages.c.provider_id).where(messages.c.id == message_id)
    row = database.read(lambda c: c.execute(query).one())
    assert row == ("delivered", PROVIDER_ID)


def test_two_senders_that_fail_at_once_raise_one_alarm(
    world: World, database: CountingDatabase
) -> None:
    def fails(services: Services) -> None:
        services.write(lambda uow: raise_alarm(uow, "provider", reason="the carrier is down"))

    _follows(world, database, fails, fails)
    assert database.read(lambda c: len(c.execute(select(alarms.c.id)).all())) == 1
