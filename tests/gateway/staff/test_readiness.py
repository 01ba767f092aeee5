"""Beds and status by the duty phone."""

from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.hospitals import changes
from gateway.hospitals.tables import availability
from gateway.staff import answers, readiness
from gateway.staff.readiness import MOST_BEDS, Said
from shared.errors import InvalidInput, NotFound
from shared.hospital import HospitalStatus
from tests.gateway.staff.desk import DUTY, NAIROBI_WEST, THIKA, audited, does, sees
from tests.journeys.world import HospitalBox, World


def stored(world: World, hospital: HospitalBox) -> Any:
    query = select(availability).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: c.execute(query).one())


def reports_beds(world: World, hospital: HospitalBox, free_beds: int) -> None:
    does(world, lambda uow: readiness.report(uow, hospital.id, Said(free_beds=free_beds), "ussd"))


def reports_status(world: World, hospital: HospitalBox, status: HospitalStatus) -> None:
    does(world, lambda uow: readiness.report(uow, hospital.id, Said(status=status), "ussd"))


def test_beds_and_status_are_reported_apart(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.forward(60)
    reports_status(world, hospital, HospitalStatus.DIVERTING)
    told = stored(world, hospital)
    assert (told.status, told.free_beds, told.source) == ("diverting", 10, "ussd")
    assert told.heard_at == world.clock.now
    assert told.reported_at < world.clock.now
    world.forward(60)
    reports_beds(world, hospital, 3)
    told = stored(world, hospital)
    assert (told.status, told.free_beds, told.staffed_beds) == ("diverting", 3, 20)
    assert told.reported_at == told.heard_at == world.clock.now
    assert [(actor.split()[1], action) for actor, action in audited(world)] == [
        ("ussd", "availability reported"),
        ("ussd", "availability reported"),
    ]


def test_a_closed_hospital_is_asked_for_nobody_and_asked_again_when_it_opens(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    other = world.hospital("Thika Hospital", *THIKA)
    reports_status(world, hospital, HospitalStatus.CLOSED)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    other.rings()
    hospital.is_silent()
    reports_status(world, hospital, HospitalStatus.NORMAL)
    world.phone("+254711000112").dials().chooses("1", "2", "6").types("kibra")
    hospital.rings()


def test_a_full_hospital_is_passed_over(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    other = world.hospital("Thika Hospital", *THIKA)
    reports_beds(world, hospital, 0)
    world.phone().dials().chooses("1", "8", "8").types("kibra")
    other.rings()
    hospital.is_silent()


def test_only_patients_that_nobody_answered_for_are_taken_off_the_count(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    for number in range(3):
        world.phone(f"+25471100020{number}").dials().chooses("1", "2", "6").types("kibra")
    assert stored(world, hospital).assigned_since == 3
    first = sees(world, hospital)[0].dispatch_id
    does(world, lambda uow: answers.accept(uow, DUTY, first))
    reports_beds(world, hospital, 7)
    assert stored(world, hospital).assigned_since == 2


@pytest.mark.parametrize("free_beds", [-1, 21, MOST_BEDS + 1, 10**9])
def test_numbers_that_cannot_be_are_refused(world: World, free_beds: int) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    with pytest.raises(InvalidInput, match=r"from 0 to 20\. Your hospital has 20 staffed beds"):
        reports_beds(world, hospital, free_beds)
    assert stored(world, hospital).free_beds == 10


def test_without_staffed_beds_the_most_that_any_hospital_has_is_the_limit(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    unknown = update(availability).values(staffed_beds=None)
    world.services.database.write(lambda c: c.execute(unknown))
    with pytest.raises(InvalidInput, match=rf"from 0 to {MOST_BEDS}\.$"):
        reports_beds(world, hospital, MOST_BEDS + 1)
    reports_beds(world, hospital, MOST_BEDS)
    assert stored(world, hospital).free_beds == MOST_BEDS


def test_a_hospital_that_is_not_known_is_refused_and_leaves_no_gap_in_the_log(
    world: World,
) -> None:
    before = world.services.database.read(changes.last_number)
    with pytest.raises(NotFound):
        does(world, lambda uow: readiness.report(uow, 4711, Said(free_beds=1), "ussd"))
    with pytest.raises(NotFound):
        does(
            world,
            lambda uow: readiness.report(uow, 4711, Said(status=HospitalStatus.NORMAL), "sms"),
        )
    assert world.services.database.read(changes.last_number) == before
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    reports_beds(world, hospital, 2)
    numbers = [
        change.number for change in world.services.database.read(lambda c: changes.since(c, 1))
    ]
    assert numbers == list(range(1, len(numbers) + 1))
