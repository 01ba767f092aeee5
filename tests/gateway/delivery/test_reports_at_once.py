"""A delivery report that arrives in the very instant in which its message is marked as sent."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from gateway.alarms.alarm import raise_alarm
from gateway.alarms.tables import alarms
from gateway.delivery import reports
from gateway.delivery.sending import Carriers, send
from gateway.notifications import outbox
from gateway.notifications.outbox import Channel
from gateway.notifications.tables import messages
from gateway.unit_of_work import Services
from tests.gateway.postgres_only import CountingDatabase, counting_database, follows
from tests.journeys.world import World

PROVIDER_ID = "ATXid_1"


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    with counting_database(postgres_url) as opened:
        yield opened


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
    follows(world, database, one, other)
    query = select(messages.c.state, messages.c.provider_id).where(messages.c.id == message_id)
    row = database.read(lambda c: c.execute(query).one())
    assert row == ("delivered", PROVIDER_ID)


def test_two_senders_that_fail_at_once_raise_one_alarm(
    world: World, database: CountingDatabase
) -> None:
    def fails(services: Services) -> None:
        services.write(lambda uow: raise_alarm(uow, "provider", reason="the carrier is down"))

    follows(world, database, fails, fails)
    assert database.read(lambda c: len(c.execute(select(alarms.c.id)).all())) == 1
