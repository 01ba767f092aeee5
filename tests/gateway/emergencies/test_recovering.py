"""A gateway whose database was set back hears again of the patients that hospitals were told of."""

import pytest
from sqlalchemy import Connection, delete, select, text

from gateway.alarms.tables import alarms
from gateway.box_desk import BoxDesk
from gateway.emergencies.tables import dispatches, emergencies, timers
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.notifications.tables import delivery_attempts, messages
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Priority
from sync.events import DispatchChanged, DispatchOffered, Event
from tests.journeys.world import HospitalBox, World


@pytest.fixture
def desk(world: World) -> BoxDesk:
    return BoxDesk(world.services, AvailabilityBoard(world.services.system))


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", -1.31, 36.80)


def the_database_is_older(world: World) -> None:
    """Everything about emergencies is lost, as after a restore."""

    def forget(connection: Connection) -> None:
        for table in (delivery_attempts, messages, alarms, timers, dispatches, emergencies):
            connection.execute(delete(table))

    world.services.database.write(forget)


def told(world: World, hospital: HospitalBox) -> list[Event]:
    """All that the hospital's box was told so far."""
    return [event for hospital_id, event in world.boxes.events if hospital_id == hospital.id]


def gives_back(
    world: World, desk: BoxDesk, hospital: HospitalBox, events: list[Event]
) -> list[Event]:
    def work(connection: Connection) -> list[Event]:
        desk.lock(connection, hospital.id, events)
        folded = desk.recover(connection, hospital.id, events)
        return list(folded.answers)

    return world.services.database.write(work)


def alarm_kinds(world: World) -> list[str]:
    query = select(alarms.c.kind).order_by(alarms.c.raised_at, alarms.c.id)
    return list(world.services.database.read(lambda c: c.execute(query).scalars().all()))


def test_a_lost_patient_is_known_again_and_the_silence_still_counts(
    world: World, desk: BoxDesk, mbagathi: HospitalBox
) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    before = world.the_emergency()
    offer = mbagathi.rings()
    events = told(world, mbagathi)
    the_database_is_older(world)

    said = gives_back(world, desk, mbagathi, events)

    after = world.the_emergency()
    assert (after.id, after.help_code, after.kind, after.priority, after.lat) == (
        before.id,
        before.help_code,
        before.kind,
        before.priority,
        before.lat,
    )
    assert after.state == EmergencyState.DISPATCHED
    assert alarm_kinds(world) == ["given_back"]
    # What the box hears from now on is newer than all that it had heard.
    [change] = said
    assert isinstance(change, DispatchChanged)
    assert change.version > max(
        event.version for event in events if isinstance(event, DispatchOffered | DispatchChanged)
    )
    # Nobody answers: the next is asked, and nobody is left.
    world.forward(120)
    assert "unanswered" in alarm_kinds(world)
    # The phone that called is known to be the patient's.
    assert phone.number == offer.caller_phone


def test_what_was_answered_is_answered_again(
    world: World, desk: BoxDesk, mbagathi: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    mbagathi.accepts()
    events = told(world, mbagathi)
    the_database_is_older(world)
    gives_back(world, desk, mbagathi, events)
    assert world.the_emergency().state == EmergencyState.ACCEPTED
    reserved = select(dispatches.c.state, dispatches.c.reserved)
    row = world.services.database.read(lambda c: c.execute(reserved).one())
    assert (row.state, row.reserved) == (DispatchState.ACCEPTED, True)


def test_the_same_again_does_nothing(world: World, desk: BoxDesk, mbagathi: HospitalBox) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    events = told(world, mbagathi)
    the_database_is_older(world)
    assert gives_back(world, desk, mbagathi, events)
    count = text("SELECT count(*) FROM audit_entries")
    entries = world.services.database.read(lambda c: c.execute(count).scalar_one())
    assert gives_back(world, desk, mbagathi, events) == []
    assert world.services.database.read(lambda c: c.execute(count).scalar_one()) == entries


def test_a_patient_who_was_over_is_not_brought_back(
    world: World, desk: BoxDesk, mbagathi: HospitalBox
) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    phone.texts("CANCEL")
    events = told(world, mbagathi)
    the_database_is_older(world)
    assert gives_back(world, desk, mbagathi, events) == []
    assert alarm_kinds(world) == []


def test_a_hospital_gives_back_nothing_of_another(
    world: World, desk: BoxDesk, mbagathi: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    events = told(world, mbagathi)
    other = world.hospital("Other Hospital", -1.29, 36.82)
    assert gives_back(world, desk, other, events) == []


def test_what_was_told_of_the_patient_later_is_known_again_too(
    world: World, desk: BoxDesk, mbagathi: HospitalBox
) -> None:
    phone = world.phone().dials().chooses("1", "8", "8").types("kibra")
    mbagathi.rings()
    code = world.the_emergency().help_code
    phone.texts(f"WORSE {code}")
    world.settle()
    before = world.the_emergency()
    assert before.priority == Priority.CRITICAL
    events = told(world, mbagathi)
    the_database_is_older(world)
    gives_back(world, desk, mbagathi, events)
    after = world.the_emergency()
    assert (after.priority, after.kind, after.needs) == (
        before.priority,
        before.kind,
        before.needs,
    )
    # The same again is older than what stands here by now.
    gives_back(world, desk, mbagathi, events)
    assert world.the_emergency().version == after.version
