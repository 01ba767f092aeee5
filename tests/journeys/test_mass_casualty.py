"""Many hurt at one place: noticed, told to operators, and spread over hospitals."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway.hospitals import changes
from gateway.hospitals.tables import availability
from gateway.mass_casualty import incidents
from gateway.mass_casualty.incidents import Area
from gateway.operators.alarm_board import alarm_list
from shared.errors import NotFound
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
NAIROBI_EAST = (-1.2700, 36.8900)
THIKA = (-1.0333, 37.0690)
OPERATOR = "+254700000001"


def caller(world: World, number: int, *keys: str) -> None:
    """Somebody at the crash: by default bleeding, after a crash."""
    phone = world.phone(f"+2547110002{number:02d}").dials()
    phone.chooses("1", *(keys or ("2", "2"))).types("kibra")


def alarms(world: World) -> list[str]:
    rows = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    return [row.kind for row in rows if row.kind == "mass_casualty"]


def going_on(world: World) -> int:
    return len(world.services.database.read(lambda c: incidents.active(c, world.clock.now)))


def beds(world: World, hospital: HospitalBox, free: int | None, staffed: int | None) -> None:
    """What it has reported; None: nothing, ever."""
    at = None if free is None else world.clock.now
    said = {"free_beds": free, "staffed_beds": staffed, "reported_at": at}

    def write(connection: object) -> None:
        (number,) = changes.take_numbers(connection)  # type: ignore[arg-type]
        mine = availability.c.hospital_id == hospital.id
        connection.execute(update(availability).where(mine).values(**said))  # type: ignore[attr-defined]
        token = world.services.system.new_id()
        changes.record(connection, [changes.Change(number, token, hospital.id)])  # type: ignore[arg-type]

    world.services.database.write(write)


def sent(world: World) -> Counter[int]:
    return Counter(dispatch.hospital_id for dispatch in world.dispatches())


def test_a_bus_crash_is_noticed_once(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    beds(world, hospital, 30, 40)
    for number in range(5):
        caller(world, number)
        world.clock.now += timedelta(minutes=1)
    assert going_on(world) == 0
    for number in range(5, 9):
        caller(world, number)
    assert going_on(world) == 1
    assert alarms(world) == ["mass_casualty"]
    world.settle()
    assert any("many hurt at one place" in text for text in world.phone(OPERATOR).inbox())


@pytest.mark.parametrize("kind", ["sick", "slow", "elsewhere"])
def test_what_is_no_incident(world: World, kind: str) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    beds(world, hospital, 30, 40)
    for number in range(9):
        keys = ("8", "1") if kind == "sick" else ("2", "2")
        phone = world.phone(f"+2547110002{number:02d}").dials().chooses("1", *keys)
        phone.types("thika" if kind == "elsewhere" and number % 2 else "kibra")
        world.clock.now += timedelta(minutes=16 if kind == "slow" else 0)
    assert going_on(world) == (1 if kind == "elsewhere" else 0)
    assert len(alarms(world)) == going_on(world)


def test_one_caller_who_reports_many(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    caller(world, 1, "5", "1")
    assert going_on(world) == 1
    assert alarms(world) == ["mass_casualty"]


def test_thirty_hurt_are_spread_over_hospitals_that_report(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    east = world.hospital("Pumwani Hospital", *NAIROBI_EAST)
    far = world.hospital("Thika Hospital", *THIKA)
    for hospital, free, staffed in ((near, 4, 8), (east, 6, 10), (far, 20, 30)):
        beds(world, hospital, free, staffed)
    for number in range(30):
        caller(world, number)
    spread = sent(world)
    assert sum(spread.values()) == 30
    # Half of their staffed beds on top of those that are free.
    assert spread == {near.id: 4 + 4, east.id: 6 + 5, far.id: 11}


def test_nobody_who_never_reports_gets_them_all(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, level=4)
    far = world.hospital("Thika Hospital", *THIKA, level=5)
    for hospital in (near, far):
        beds(world, hospital, None, None)
    for number in range(20):
        caller(world, number)
    spread = sent(world)
    # Six are assumed at level 4, and half as many more when many are hurt at once.
    assert spread == {near.id: 6 + 3, far.id: 11}


def test_a_full_hospital_stabilises_a_few(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    east = world.hospital("Pumwani Hospital", *NAIROBI_EAST)
    beds(world, near, 0, None)
    # Swollen throats are no crash: nobody makes room for them.
    for number in range(6):
        caller(world, number, "8", "3")
    assert going_on(world) == 0
    assert sent(world) == {near.id: 3, east.id: 3}


def test_an_operator_declares_and_ends_one(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    beds(world, hospital, 0, 10)
    other = world.hospital("Pumwani Hospital", *NAIROBI_EAST)
    write = world.services.write
    area = Area(-1.3133, 36.7890)
    declared = write(lambda uow: incidents.declare(uow, area, 12, timedelta(hours=6), "JK"))
    caller(world, 1, "5", "8")
    hospital.rings()
    write(lambda uow: incidents.end(uow, declared, "JK"))
    caller(world, 2, "5", "8")
    other.rings()
    with pytest.raises(NotFound, match="mass-casualty list"):
        write(lambda uow: incidents.end(uow, declared, "JK"))
    rows = world.services.database.read(lambda c: c.execute(select(availability)).all())
    assert len(rows) == 2
