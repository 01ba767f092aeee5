"""From every state something moves on: a timer, an alarm that is repeated, an end."""

from datetime import timedelta

from sqlalchemy import select

from gateway.alarms.tables import alarms
from gateway.hospitals.tables import availability
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
OPERATOR = "+254700000001"
DUTY = "+254722000001"


def beds_promised(world: World) -> int:
    query = select(availability.c.assigned_since)
    return sum(world.services.database.read(lambda c: c.execute(query).scalars().all()))


def alarms_left(world: World) -> int:
    query = select(alarms.c.id).where(alarms.c.solved_at.is_(None))
    return len(world.services.database.read(lambda c: c.execute(query).all()))


def a_day_passes(world: World) -> None:
    world.clock.now += timedelta(hours=24, seconds=1)
    world.settle()


def test_a_patient_who_arrived_frees_the_bed_a_day_later(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    box.reports_arrival()
    assert beds_promised(world) == 1
    a_day_passes(world)
    assert world.the_emergency().state == EmergencyState.CLOSED
    assert beds_promised(world) == 0


def test_words_sent_days_after_an_unanswered_alert_are_a_new_cry(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    a_day_passes(world)
    assert only.changes()[-1].state is DispatchState.WITHDRAWN
    assert alarms_left(world) == 0
    phone.texts("nisaidie ajali kibra")
    assert len(world.emergencies()) == 2


def test_operators_are_reminded_while_nobody_has_the_patient(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    operator = world.phone(OPERATOR)
    before = len(operator.inbox())
    world.clock.now += timedelta(minutes=5)
    world.settle()
    assert any("no hospital answers" in text for text in operator.inbox()[before:])
    assert only.accepts().accepted
    before = len(operator.inbox())
    world.clock.now += timedelta(minutes=5)
    world.settle()
    assert len(operator.inbox()) == before


def test_a_hospital_that_opens_later_is_asked_without_anybody_saying_more(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    opened = world.hospital("Thika Hospital", *THIKA)
    world.clock.now += timedelta(minutes=5)
    world.settle()
    opened.rings()
    phone.reads("telling Thika Hospital")


def test_a_patient_who_is_late_but_coming_is_expected_again(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    world.clock.now += timedelta(minutes=31)
    world.settle()
    assert beds_promised(world) == 0
    phone.texts("2").reads("on the way")
    assert beds_promised(world) == 1
    assert alarms_left(world) == 0
    world.clock.now += timedelta(minutes=31)
    world.settle()
    assert beds_promised(world) == 0
    assert alarms_left(world) == 1
    phone.reads("has not seen you")


def test_a_second_hospital_without_a_channel_is_phoned_as_well(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    world.hospital("Thika Hospital", *THIKA, box=False)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    operator = world.phone(OPERATOR).reads("Mbagathi Hospital")
    world.forward(91)
    assert any("Thika Hospital" in text for text in operator.inbox())


def test_staff_who_accepted_by_sms_hear_that_the_caller_cancelled(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    (dispatch,) = world.dispatches()
    duty = world.phone(DUTY).texts(f"YES {dispatch.answer_code}")
    phone.texts("cancel")
    duty.reads(dispatch.answer_code, "cancelled by the caller")


def test_an_ended_emergency_leaves_no_alarm(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra").texts("1")
    assert alarms_left(world) > 1
    phone.texts("cancel")
    assert alarms_left(world) == 0


def test_a_patient_who_cancelled_and_came_holds_the_bed_for_a_day_only(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    phone.texts("cancel")
    assert box.reports_arrival().accepted
    assert beds_promised(world) == 1
    a_day_passes(world)
    assert beds_promised(world) == 0
