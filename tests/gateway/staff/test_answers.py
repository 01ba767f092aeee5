"""What a duty phone sees of its hospital's patients, and answers."""

from collections.abc import Callable
from functools import partial

import pytest

from gateway.emergencies.hospital_answers import Answered
from gateway.staff import answers, patients
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import EmergencyState, Priority
from shared.errors import InvalidInput
from tests.gateway.staff.desk import DUTY, NAIROBI_WEST, OTHER_DUTY, THIKA, does, sees
from tests.journeys.world import World

ANSWERS: list[Callable[..., Answered]] = [
    answers.accept,
    lambda uow, number, dispatch_id: answers.cannot_treat(
        uow, number, dispatch_id, CannotTreatReason.NO_BED
    ),
    answers.arrived,
]


def test_the_list_has_whoever_waits_and_whoever_is_expected_the_most_urgent_first(
    world: World,
) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    assert sees(world, hospital) == []
    for number, keys in enumerate([("1", "8", "8"), ("1", "2", "6"), ("1", "2", "6")]):
        world.phone(f"+25471100020{number}").dials().chooses(*keys).types("kibra")
        world.forward(1)
    high, first, second = (row.id for row in world.dispatches())
    does(world, lambda uow: answers.accept(uow, DUTY, second))
    listed = sees(world, hospital)
    assert [line.dispatch_id for line in listed] == [first, second, high]
    assert [line.priority for line in listed] == [
        Priority.CRITICAL,
        Priority.CRITICAL,
        Priority.HIGH,
    ]
    assert [line.state for line in listed] == ["offered", "accepted", "offered"]
    rows = {row.id: row for row in world.dispatches()}
    assert [line.since for line in listed] == [
        rows[first].offered_at,
        rows[second].answered_at,
        rows[high].offered_at,
    ]
    assert listed[0].answer_code == rows[first].answer_code
    assert listed[0].travel_min == rows[first].travel_min
    does(world, lambda uow: answers.arrived(uow, DUTY, second))
    assert [line.dispatch_id for line in sees(world, hospital)] == [first, high]
    here = does(world, lambda uow: patients.arrived_patients(uow, hospital.id))
    assert [line.dispatch_id for line in here] == [second]


def test_a_hospital_that_was_silent_may_still_answer_while_nobody_else_has_the_patient(
    world: World,
) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    far = world.hospital("Thika Hospital", *THIKA, duty_phone=OTHER_DUTY)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(91)
    assert [line.state for line in sees(world, near)] == [DispatchState.EXPIRED]
    (theirs,) = sees(world, far)
    does(world, lambda uow: answers.accept(uow, OTHER_DUTY, theirs.dispatch_id))
    assert sees(world, near) == []


def test_accepting_tells_the_patient_and_proves_the_phone(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    (line,) = sees(world, hospital)
    assert does(world, lambda uow: answers.accept(uow, DUTY, line.dispatch_id)).accepted
    phone.reads("Mbagathi Hospital expects you")
    (dispatch,) = world.dispatches()
    assert (dispatch.state, dispatch.answered_via) == ("accepted", "ussd")


def test_saying_no_asks_the_next_hospital(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    far = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    (line,) = sees(world, near)
    no_bed = CannotTreatReason.NO_BED
    said = does(world, lambda uow: answers.cannot_treat(uow, DUTY, line.dispatch_id, no_bed))
    assert said.accepted
    assert world.dispatches()[0].reason_code == no_bed
    far.rings()
    assert sees(world, near) == []


def test_an_answer_that_comes_too_late_has_its_reason(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    far = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    (line,) = sees(world, near)
    world.forward(91)
    far.accepts()
    said = does(world, lambda uow: answers.accept(uow, DUTY, line.dispatch_id))
    assert (said.accepted, said.reason) == (False, "another hospital accepted first")


@pytest.mark.parametrize("answer", ANSWERS)
def test_nobody_answers_for_another_hospital(world: World, answer: Callable[..., Answered]) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    world.hospital("Thika Hospital", *THIKA, duty_phone=OTHER_DUTY)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    (line,) = sees(world, hospital)
    for number, dispatch_id in (
        (OTHER_DUTY, line.dispatch_id),
        ("+254711000111", line.dispatch_id),
        (DUTY, 12345),
    ):
        with pytest.raises(InvalidInput, match="Look at the list again"):
            world.services.write(partial(answer, number=number, dispatch_id=dispatch_id))
    assert world.the_emergency().state == EmergencyState.DISPATCHED


def test_one_phone_of_several_hospitals_answers_for_each(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    far = world.hospital("Thika Hospital", *THIKA, duty_phone=DUTY)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    world.forward(91)
    (theirs,) = sees(world, far)
    assert does(world, lambda uow: answers.accept(uow, DUTY, theirs.dispatch_id)).accepted
    assert sees(world, near) == []
