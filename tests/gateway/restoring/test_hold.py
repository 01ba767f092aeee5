"""A gateway that was set back to an older copy of its database waits for the boxes."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from gateway.alarms.tables import alarms
from gateway.audit import audit_entries
from gateway.notifications.tables import messages
from gateway.restoring import hold
from gateway.restoring.high_water import FILE_NAME, HighWater
from gateway.sites.tables import SiteState, sites, streams
from shared.errors import Conflict
from tests.journeys.world import HospitalBox, World

SITE = 5


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    """A hospital whose box was heard lately."""
    hospital = world.hospital("Mbagathi Hospital", -1.31, 36.80)

    def enrol(connection: Connection) -> None:
        streams.outgoing.begin_epoch(connection, 77)
        connection.execute(
            insert(sites).values(
                id=SITE,
                hospital_id=hospital.id,
                name="casualty",
                exchange_key=bytes(32),
                signing_key=bytes(32),
                state=SiteState.ACTIVE,
                enrolled_at=world.clock.now,
                last_seen_at=world.clock.now,
            )
        )

    world.services.database.write(enrol)
    return hospital


def set_back(world: World) -> None:
    """The database lacks its latest audit entries, as an older copy does."""
    hold.look(world.services)
    newest = select(audit_entries.c.id).order_by(audit_entries.c.id.desc()).limit(2)

    def forget(connection: Connection) -> None:
        gone = list(connection.execute(newest).scalars())
        connection.execute(delete(audit_entries).where(audit_entries.c.id.in_(gone)))

    world.services.database.write(forget)
    world.clock.now += timedelta(seconds=1)


def is_held(world: World) -> bool:
    return world.services.database.read(hold.held) is not None


def the_box_is_heard(world: World) -> None:
    heard = update(sites).values(last_seen_at=world.clock.now + timedelta(seconds=1))
    world.services.database.write(lambda c: c.execute(heard))


def queued(world: World) -> int:
    query = select(messages.c.id).where(messages.c.state == "queued")
    return len(world.services.database.read(lambda c: c.execute(query).all()))


def test_an_ordinary_start_holds_nothing(world: World, mbagathi: HospitalBox) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    assert not hold.look(world.services)
    assert not hold.look(world.services)
    assert not is_held(world)


def test_deadlines_from_before_wait_until_the_boxes_were_heard(
    world: World, mbagathi: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    before = world.services.database.read(streams.outgoing.epoch)
    set_back(world)
    world.clock.now += timedelta(seconds=120)  # the gateway was down when the next was to be asked
    assert hold.look(world.services)
    assert is_held(world)
    assert world.services.database.read(streams.outgoing.epoch) != before
    world.settle()
    assert world.the_emergency().state == "dispatched"
    assert not hold.release_when_ready(world.services)

    the_box_is_heard(world)
    assert hold.release_when_ready(world.services)
    world.settle()
    assert world.the_emergency().state == "unanswered"
    waiting = select(alarms.c.kind).where(alarms.c.solved_at.is_(None))
    kinds = world.services.database.read(lambda c: c.execute(waiting).scalars().all())
    assert "restored" not in kinds


def test_a_new_emergency_does_not_wait(world: World, mbagathi: HospitalBox) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    set_back(world)
    assert hold.look(world.services)
    world.clock.now += timedelta(seconds=1)
    phone = world.phone("+254722000222").dials().chooses("1", "2", "6").types("kibra")
    world.settle()
    assert phone.inbox()
    world.forward(120)
    kinds = world.services.database.read(lambda c: c.execute(select(alarms.c.kind)).scalars().all())
    assert "unanswered" in kinds


def test_a_person_may_release_it(world: World, mbagathi: HospitalBox) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    set_back(world)
    hold.look(world.services)
    world.services.write(lambda uow: hold.release(uow, "AK"))
    assert not is_held(world)
    # The file still says more than the database: that was noticed already.
    assert not hold.look(world.services)
    assert not is_held(world)
    with pytest.raises(Conflict):
        world.services.write(lambda uow: hold.release(uow, "AK"))


def test_a_box_that_had_been_silent_for_days_is_not_waited_for(
    world: World, mbagathi: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    long_ago = update(sites).values(last_seen_at=world.clock.now - timedelta(days=3))
    world.services.database.write(lambda c: c.execute(long_ago))
    set_back(world)
    hold.look(world.services)
    assert hold.release_when_ready(world.services)


@pytest.mark.parametrize("content", ["", "rubbish", "12 13", "\0" * 20])
def test_a_mark_that_cannot_be_read_holds_nothing(tmp_path: Path, content: str) -> None:
    file = HighWater(tmp_path / FILE_NAME)
    (tmp_path / FILE_NAME).write_text(content)
    assert file.read() == 0
    file.raise_to(7)
    file.raise_to(5)
    assert file.read() == 7
