"""Staff press the wrong button, or a bed gets free: what they take back counts while it helps."""

import pytest

from gateway.hospitals.tables import availability
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from tests.gateway.staff.desk import audited
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
DUTY = "+254722000001"


def still_needed(box: HospitalBox) -> bool:
    said = [each.still_needed for each in box.changes() if each.still_needed is not None]
    return said[-1] if said else True


@pytest.fixture
def near(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)


def reserved(world: World, box: HospitalBox) -> int:
    query = availability.select().where(availability.c.hospital_id == box.id)
    count: int = world.services.database.read(lambda c: c.execute(query).one()).assigned_since
    return count


def test_cannot_treat_is_taken_back_while_nobody_else_has_the_patient(
    world: World, near: HospitalBox
) -> None:
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat()
    far.rings()
    phone.reads("Mbagathi Hospital says it cannot treat", "Thika Hospital")
    assert reserved(world, near) == 0
    verdict = near.can_treat_after_all()
    assert (verdict.accepted, verdict.state) == (True, DispatchState.ACCEPTED)
    phone.reads("Mbagathi Hospital expects you")
    assert far.changes()[-1].state is DispatchState.SUPERSEDED
    row = next(row for row in world.dispatches() if row.hospital_id == near.id)
    assert (row.reason_code, row.reserved) == (None, True)
    assert reserved(world, near) == 1
    assert near.can_treat_after_all().accepted


def test_it_is_taken_back_also_after_everybody_said_so(world: World, near: HospitalBox) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat()
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    assert near.can_treat_after_all().accepted
    assert world.the_emergency().state == EmergencyState.ACCEPTED
    phone.reads("Mbagathi Hospital expects you")


def test_who_takes_it_back_learns_what_changed_meanwhile(world: World, near: HospitalBox) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat()
    phone.texts("she is 7 months pregnant")
    assert near.knows().note == ""
    near.can_treat_after_all()
    assert near.knows().note == "she is 7 months pregnant"


def test_it_comes_too_late_once_another_hospital_has_accepted(
    world: World, near: HospitalBox
) -> None:
    far = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat()
    far.rings()
    assert still_needed(near)
    far.accepts()
    assert not still_needed(near)
    verdict = near.can_treat_after_all()
    assert (verdict.accepted, verdict.state) == (False, DispatchState.CANNOT_TREAT)
    assert verdict.reason == "another hospital accepted first"
    # That falls through: now it would help again.
    far.cannot_treat()
    assert still_needed(near)
    assert near.can_treat_after_all().accepted


def test_it_comes_too_late_once_the_patient_needs_nobody(world: World, near: HospitalBox) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat()
    phone.dials().chooses("5", "1")
    assert not still_needed(near)
    verdict = near.can_treat_after_all()
    assert (verdict.accepted, verdict.reason) == (False, "the caller cancelled")


def test_an_old_acceptance_that_comes_late_takes_nothing_back(
    world: World, near: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat()
    verdict = near.accepts()
    assert (verdict.accepted, verdict.state) == (False, DispatchState.CANNOT_TREAT)


def test_a_no_by_sms_is_taken_back_by_a_yes_with_the_code(world: World, near: HospitalBox) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.dispatches()[0].answer_code
    staff = world.phone(DUTY)
    staff.texts(f"NO {code}").reads(f"after all? Reply YES {code}")
    staff.texts(f"YES {code}").reads("thank you")
    phone.reads("Mbagathi Hospital expects you")


def test_an_acceptance_is_taken_back_by_cannot_treat(world: World, near: HospitalBox) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.dispatches()[0].answer_code
    staff = world.phone(DUTY)
    staff.texts(f"YES {code}").reads("thank you")
    staff.texts(f"NO {code}").reads("noted")
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    phone.reads("Mbagathi Hospital says it cannot treat this", "Our operators look for another")


def test_the_trail_tells_a_yes_from_a_no_that_is_taken_back(
    world: World, near: HospitalBox
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    duty, code = world.phone(DUTY), near.rings().answer_code
    for words in (f"YES {code}", f"NO {code}", f"YES {code}"):
        duty.texts(words)
    answers = [action for actor, action in audited(world) if actor.endswith(" sms")]
    assert answers == ["dispatch accepted", "dispatch cannot treat", "cannot treat taken back"]
