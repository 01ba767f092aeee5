"""The audit trail is written with the command that it tells of, and only with that."""

import pytest
from sqlalchemy import select

from gateway.audit import audit_entries
from gateway.unit_of_work import UnitOfWork
from tests.journeys.world import World


def trail(world: World) -> list[tuple[str, str, str]]:
    query = select(audit_entries.c.actor, audit_entries.c.action, audit_entries.c.subject).order_by(
        audit_entries.c.id
    )
    return [
        (row.actor, row.action, row.subject)
        for row in world.services.database.read(lambda c: c.execute(query).all())
    ]


@pytest.mark.parametrize("count", [1, 2, 8, 9, 20])
def test_every_entry_of_a_command_is_written_in_its_order(world: World, count: int) -> None:
    def command(uow: UnitOfWork) -> None:
        for number in range(count):
            uow.audit("operator:AK", "alarm solved", f"alarm:{number}")

    world.services.write(command)
    assert trail(world) == [("operator:AK", "alarm solved", f"alarm:{n}") for n in range(count)]


def test_a_part_that_failed_is_not_in_the_trail(world: World) -> None:
    def part(uow: UnitOfWork) -> None:
        uow.audit("gateway", "refused", "emergency:1")
        raise LookupError

    def command(uow: UnitOfWork) -> None:
        uow.audit("gateway", "before", "emergency:1")
        with pytest.raises(LookupError):
            uow.attempt(lambda: part(uow))
        uow.audit("gateway", "after", "emergency:1")

    world.services.write(command)
    assert [action for _, action, _ in trail(world)] == ["before", "after"]


def test_a_command_within_somebody_elses_transaction_is_in_the_trail(world: World) -> None:
    def command(uow: UnitOfWork) -> None:
        uow.audit("hospital:7 box", "dispatch accepted", "dispatch:9")

    world.services.database.write(lambda c: world.services.within(c, command))
    assert trail(world) == [("hospital:7 box", "dispatch accepted", "dispatch:9")]


def test_a_command_that_fails_leaves_no_trace(world: World) -> None:
    def command(uow: UnitOfWork) -> None:
        uow.audit("gateway", "done", "emergency:1")
        raise LookupError

    with pytest.raises(LookupError):
        world.services.write(command)
    assert trail(world) == []
