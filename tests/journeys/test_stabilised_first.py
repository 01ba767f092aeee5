"""Where a much nearer hospital only stabilises the patient, the one that takes them over is asked
as soon as the first expects them (DESIGN 3, docs/adr/024).
"""

from typing import Any

import pytest
from sqlalchemy import Connection, Row, select

from gateway.emergencies import caller_answers, dispatching, store
from gateway.hospitals.tables import availability, hospitals
from gateway.operators.case_text import case_lines
from gateway.operators.casebook import CaseFile, case_file
from gateway.staff import referring
from gateway.unit_of_work import UnitOfWork
from shared import capability
from shared.dispatch import DispatchState, Part
from shared.emergency import EmergencyState
from shared.errors import Conflict
from tests.gateway.operators.acting import unsolved
from tests.journeys.world import HospitalBox, Phone, World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
MACHAKOS = (-1.5177, 37.2634)
NEAR_DUTY, FAR_DUTY = "+254722000001", "+254722000002"
HAS = ("emergency_24h", "blood", "oxygen")
WHOLE = (*HAS, "theatre", "trauma_surgery", "xray", "anaesthesia")

Two = tuple[HospitalBox, HospitalBox]


@pytest.fixture
def two(world: World) -> Two:
    """One that has oxygen and no theatre, and one an hour further that has both."""
    lacks = ("theatre", "trauma_surgery")
    return (
        world.hospital(
            "Mbagathi Hospital", *NAIROBI_WEST, HAS, lacks=lacks, duty_phone=NEAR_DUTY, level=4
        ),
        world.hospital("Thika Hospital", *THIKA, WHOLE, duty_phone=FAR_DUTY),
    )


def bleeds(world: World) -> Phone:
    """Somebody bleeds after a crash, in Kibera."""
    return world.phone().dials().chooses("1", "2", "2").types("kibra")


def expected_nearby(world: World, two: Two) -> Phone:
    """And the nearer hospital expects them."""
    phone = bleeds(world)
    two[0].rings()
    assert two[0].accepts().accepted
    return phone


def texts_to(world: World, number: str) -> list[str]:
    return [text for to, text in world.carrier.texts if to == number]


def taken_beds(world: World, hospital: HospitalBox) -> int:
    query = select(availability.c.assigned_since).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: int(c.execute(query).scalar_one()))


def minutes_between(world: World, emergency: Row[Any], hospital: HospitalBox) -> float:
    """How long it takes from the emergency's place."""

    def travel(connection: Connection) -> float:
        query = dispatching.query_for(connection, world.clock.now, emergency, frozenset())
        return world.services.hospitals.travel(connection, hospital.id, query)[0]

    return world.services.database.read(travel)


def states(world: World) -> list[EmergencyState]:
    return [EmergencyState(each.state) for each in world.emergencies()]


def withdraws(world: World, hospital: HospitalBox) -> None:
    """Its staff say, in the menu, that the patient need not be taken on."""

    def withdraw_all(uow: UnitOfWork) -> None:
        for each in referring.open_referrals(uow, hospital.id):
            referring.withdraw(uow, hospital.id, each.emergency_id)

    world.services.write(withdraw_all)
    world.settle()


def test_the_nearer_one_is_asked_to_stabilise_and_says_so(world: World, two: Two) -> None:
    near, far = two
    phone = bleeds(world).sees("Mbagathi Hospital")
    offer = near.rings()
    assert (offer.part, offer.referred_by) == (Part.STABILISE, "")
    assert "STABILISE a patient (critical)" in texts_to(world, NEAR_DUTY)[-1]
    # Who is not expected anywhere yet is announced nowhere else.
    far.is_silent()
    assert len(world.emergencies()) == 1
    phone.texts("2")
    far.is_silent()


def test_the_capable_one_is_asked_as_soon_as_the_nearer_one_expects_them(
    world: World, two: Two
) -> None:
    near, far = two
    phone = expected_nearby(world, two)
    first, onward = world.emergencies()
    assert (first.state, onward.state) == (EmergencyState.ACCEPTED, EmergencyState.DISPATCHED)
    assert (onward.referred_by, onward.referred_from) == (near.id, first.id)
    assert onward.incident_id == first.incident_id
    assert (onward.priority, onward.needs, onward.kind) == (
        first.priority,
        first.needs,
        first.kind,
    )
    assert (onward.lat, onward.lon) == NAIROBI_WEST
    offer = far.rings()
    assert (offer.part, offer.referred_by) == (Part.TAKE_OVER, "Mbagathi Hospital")
    assert offer.caller_phone == NEAR_DUTY
    assert offer.signs == tuple(first.answers.values())
    # What it waits for is the way there and the way on.
    there, on = world.dispatches()
    alone_min = minutes_between(world, onward, far)
    assert on.travel_min == pytest.approx(there.travel_min + alone_min, abs=1)
    (asked,) = texts_to(world, FAR_DUTY)
    assert "Mbagathi Hospital stabilises a patient (critical), then sends them to you" in asked
    told = texts_to(world, NEAR_DUTY)[-1]
    assert told.startswith(f"HAVEN {onward.help_code}: stabilise the patient you expect.")
    assert "We ask Thika Hospital to take them on" in told
    read = list(phone.inbox())
    assert far.accepts().accepted
    assert "Thika Hospital takes the patient on from you" in texts_to(world, NEAR_DUTY)[-1]
    # The patient goes to one hospital at a time, and hears of one.
    assert phone.inbox() == read
    assert "Mbagathi Hospital expects you" in read[-1]
    assert (taken_beds(world, near), taken_beds(world, far)) == (1, 1)


def test_operators_see_who_stabilises_and_who_takes_over(world: World, two: Two) -> None:
    expected_nearby(world, two)
    shown = [
        " ".join(case_lines(of_operators(world, emergency.id))) for emergency in world.emergencies()
    ]
    assert "Mbagathi Hospital (1): accepted, to stabilise first, about" in shown[0]
    assert "Thika Hospital (2): offered, to take over from there, about" in shown[1]
    assert "the staff of Mbagathi Hospital, who refer the patient" in shown[1]


def of_operators(world: World, emergency_id: int) -> CaseFile:
    """What is kept of the emergency."""
    return world.services.database.read(
        lambda connection: case_file(connection, world.services.vault, emergency_id)
    )


def test_both_ends_when_the_patient_reaches_the_second(world: World, two: Two) -> None:
    near, far = two
    expected_nearby(world, two)
    far.rings()
    far.accepts()
    near.reports_arrival()
    assert "has arrived at Mbagathi Hospital" in far.knows().note
    assert states(world) == [EmergencyState.ARRIVED, EmergencyState.ACCEPTED]
    far.reports_arrival()
    assert states(world) == [EmergencyState.CLOSED, EmergencyState.ARRIVED]
    assert (taken_beds(world, near), taken_beds(world, far)) == (0, 1)
    assert texts_to(world, NEAR_DUTY)[-1].endswith("the patient has arrived at Thika Hospital")
    assert unsolved(world) == []


def test_who_stabilises_teaches_nothing_about_what_it_can_treat(world: World, two: Two) -> None:
    near, far = two
    unknown = world.hospital(
        "Kibera Clinic", -1.3125, 36.7800, ("oxygen",), level=3, lacks=("theatre",)
    )
    bleeds(world)
    offer = unknown.rings()
    assert offer.part == Part.STABILISE
    unknown.accepts()
    query = select(hospitals.c.learned_has).where(hospitals.c.id == unknown.id)
    assert world.services.database.read(lambda c: c.execute(query).scalar_one()) == 0
    # The one that takes them over does teach: it has what was asked of it.
    far.rings()
    far.accepts()
    near.is_silent()


def test_who_cancels_is_expected_nowhere(world: World, two: Two) -> None:
    near, far = two
    phone = expected_nearby(world, two)
    far.rings()
    far.accepts()
    phone.texts("4")
    assert states(world) == [EmergencyState.CANCELLED, EmergencyState.CANCELLED]
    assert far.changes()[-1].state is DispatchState.WITHDRAWN
    assert "is not sent on to you any more" in texts_to(world, FAR_DUTY)[-1]
    assert (taken_beds(world, near), taken_beds(world, far)) == (0, 0)


def test_where_the_nearer_one_cannot_after_all_the_capable_one_is_asked_for_itself(
    world: World, two: Two
) -> None:
    near, far = two
    phone = expected_nearby(world, two)
    far.rings()
    near.cannot_treat()
    first, onward = world.emergencies()
    assert onward.state == EmergencyState.CANCELLED
    offer = far.rings()
    assert (offer.part, offer.referred_by, offer.emergency_id) == (Part.TREAT, "", first.id)
    assert taken_beds(world, far) == 1
    phone.reads("Mbagathi Hospital says it cannot treat", "asking Thika Hospital")


def test_staff_who_treat_the_patient_themselves_need_nobody(world: World, two: Two) -> None:
    near, far = two
    expected_nearby(world, two)
    far.rings()
    far.accepts()
    withdraws(world, near)
    assert states(world) == [EmergencyState.ACCEPTED, EmergencyState.CANCELLED]
    assert taken_beds(world, far) == 0
    asked = len(far.offers())
    near.reports_arrival()
    assert len(far.offers()) == asked
    assert states(world) == [EmergencyState.ARRIVED, EmergencyState.CANCELLED]


def test_staff_who_refer_them_already_hear_so(world: World, two: Two) -> None:
    near, _ = two
    expected_nearby(world, two)
    near.reports_arrival()
    dispatch = world.dispatches()[0]
    with pytest.raises(Conflict, match=world.emergencies()[1].help_code):
        world.services.write(
            lambda uow: referring.refer(uow, near.id, "surgery", dispatch_id=dispatch.id)
        )


def test_a_patient_who_does_not_come_keeps_no_bed_anywhere(world: World, two: Two) -> None:
    near, far = two
    phone = expected_nearby(world, two)
    far.rings()
    far.accepts()
    world.forward(2 * 60 * 60)
    assert states(world) == [EmergencyState.NOT_ARRIVED, EmergencyState.CANCELLED]
    assert (taken_beds(world, near), taken_beds(world, far)) == (0, 0)
    # They come after all: the second is asked again, and once.
    phone.texts("2")
    assert states(world) == [
        EmergencyState.NOT_ARRIVED,
        EmergencyState.CANCELLED,
        EmergencyState.DISPATCHED,
    ]
    far.rings()
    near.reports_arrival()
    assert len(world.emergencies()) == 3


def test_who_arrives_late_is_taken_over_all_the_same(world: World, two: Two) -> None:
    near, far = two
    expected_nearby(world, two)
    world.forward(2 * 60 * 60)
    asked = len(far.offers())
    near.reports_arrival()
    assert len(far.offers()) == asked + 1
    assert far.rings().part == Part.TREAT


def test_who_drives_on_to_the_second_is_waited_for_nowhere(world: World, two: Two) -> None:
    near, far = two
    expected_nearby(world, two)
    far.rings()
    far.accepts()
    far.reports_arrival()
    assert states(world) == [EmergencyState.CLOSED, EmergencyState.ARRIVED]
    assert near.changes()[-1].state is DispatchState.WITHDRAWN
    assert near.changes()[-1].reason == "the patient was handed over"
    assert (taken_beds(world, near), taken_beds(world, far)) == (0, 1)
    assert unsolved(world) == []


def test_what_is_new_about_the_patient_reaches_both(world: World, two: Two) -> None:
    near, far = two
    phone = expected_nearby(world, two)
    far.rings()
    phone.texts("worse")
    assert near.changes()[-1].reason == far.changes()[-1].reason == "caller: got worse"


def test_what_staff_refer_somebody_for_is_theirs_to_say(world: World, two: Two) -> None:
    near, far = two
    expected_nearby(world, two)
    withdraws(world, near)
    near.reports_arrival()
    here = world.dispatches()[0]
    asked = world.services.write(
        lambda uow: referring.refer(uow, near.id, "surgery", dispatch_id=here.id)
    )
    first = world.emergencies()[0].id
    world.services.write(
        lambda uow: caller_answers.got_worse(uow, store.lock(uow, first), by_sms=False)
    )
    assert asked.emergency.answers == {"sign": "referral", "detail": "surgery"}
    referred = world.emergencies()[-1]
    assert (referred.answers, referred.needs) == (asked.emergency.answers, asked.emergency.needs)
    assert far.knows().signs == ("referral", "surgery")


def test_when_nobody_takes_them_over_operators_look_for_somebody(world: World, two: Two) -> None:
    near, far = two
    expected_nearby(world, two)
    far.rings()
    far.cannot_treat()
    assert states(world) == [EmergencyState.ACCEPTED, EmergencyState.UNANSWERED]
    assert "unanswered" in unsolved(world)
    assert "nobody else is left to ask. Keep the patient" in texts_to(world, NEAR_DUTY)[-1]
    # The patient is stabilised all the same.
    near.reports_arrival()
    assert states(world)[0] == EmergencyState.ARRIVED


def test_who_was_silent_and_accepts_late_is_the_first_again(world: World, two: Two) -> None:
    near, far = two
    bleeds(world)
    near.rings()
    world.forward(91)
    assert far.rings().part == Part.TREAT
    near.accepts()
    assert far.changes()[-1].state is DispatchState.SUPERSEDED
    assert far.rings().part == Part.TAKE_OVER


def test_after_arrival_the_next_that_is_asked_reads_of_a_referral(world: World, two: Two) -> None:
    near, far = two
    last = world.hospital("Machakos Hospital", *MACHAKOS, WHOLE, duty_phone="+254722000003")
    expected_nearby(world, two)
    far.rings()
    near.reports_arrival()
    far.cannot_treat()
    offer = last.rings()
    assert (offer.part, offer.referred_by) == (Part.TREAT, "Mbagathi Hospital")
    assert "REFERRAL from Mbagathi Hospital" in texts_to(world, "+254722000003")[-1]


def test_one_patient_in_two_hospitals_is_no_crash(world: World, two: Two) -> None:
    near, _ = two
    for number in range(3):
        world.phone(f"+25471100030{number}").dials().chooses("1", "2", "2").types("kibra")
        near.rings()
        near.accepts()
    assert len(world.emergencies()) == 6
    assert "mass_casualty" not in unsolved(world)


def test_staff_read_on_their_phone_what_they_are_asked_for(world: World, two: Two) -> None:
    near, _ = two
    bleeds(world)
    near.rings()
    duty = world.phone(NEAR_DUTY).dials().chooses("1", "2", "1", "1")
    duty.sees("critical, to stabilise, about")


def test_the_needs_of_the_second_are_those_of_the_patient(world: World, two: Two) -> None:
    expected_nearby(world, two)
    first, onward = world.emergencies()
    assert capability.codes(first.needs) == capability.codes(onward.needs)
    assert not onward.stabilise_first
    assert first.stabilise_first
    assert onward.state in store.ACTIVE
