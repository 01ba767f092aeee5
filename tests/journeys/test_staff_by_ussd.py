"""Hospital staff on their duty phone: the same answers, and nobody else's patients."""

from sqlalchemy import select

from gateway.hospitals.tables import availability
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from shared.hospital import HospitalStatus
from tests.journeys.world import Phone, World

DUTY = "+254733000333"
NAIROBI_WEST = (-1.3100, 36.8000)
NAIROBI_EAST = (-1.2900, 36.8900)


def beds(world: World, hospital_id: int) -> tuple[int, str]:
    query = select(availability).where(availability.c.hospital_id == hospital_id)
    row = world.services.database.read(lambda c: c.execute(query).one())
    return row.free_beds, row.status


def staff(world: World) -> Phone:
    """The duty phone at the hospital's menu."""
    phone = world.phone(DUTY).dials()
    if "1 English" in phone.screen:
        phone.chooses("1")
    return phone.sees("1 I need help myself", "2 Hospital staff").chooses("2")


def test_staff_accept_a_patient(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    patient = world.phone().dials().chooses("1", "2", "6").types("kibra")
    duty = staff(world).sees("Mbagathi Hospital", "1 patient open", "Status: normal")
    (dispatch,) = world.dispatches()
    duty.chooses("1").sees(f"1 {dispatch.answer_code} critical").chooses("1")
    duty.sees(dispatch.answer_code, "1 Accept", "2 Cannot treat here", "3 Has arrived")
    assert "4 Refer" not in duty.screen
    duty.chooses("1").sees("END", "the patient hears")
    assert world.dispatches()[0].state == DispatchState.ACCEPTED
    patient.reads("Mbagathi Hospital expects you")


def test_the_list_tells_who_waits_for_an_answer_from_whom_they_expect(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    for number in range(3):
        world.phone(f"+25471100010{number}").dials().chooses("1", "2", "6").types("kibra")
    arrived, expected, waits = world.dispatches()
    staff(world).chooses("1", "1", "3").sees("END", "has arrived")
    staff(world).chooses("1", "1", "1").sees("END", "the patient hears")
    staff(world).chooses("1").sees(
        f"1 {expected.answer_code} critical, expected",
        f"2 {waits.answer_code} critical, {waits.travel_min} min",
        f"3 {arrived.answer_code} critical, arrived",
    )


def test_staff_cannot_treat_and_the_next_hospital_is_asked(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    other = world.hospital("Pumwani Hospital", *NAIROBI_EAST)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    staff(world).chooses("1", "1", "2").sees("why?", "4 No blood or drug").chooses("4")
    other.rings()
    assert world.dispatches()[0].state == DispatchState.CANNOT_TREAT


def test_an_answer_that_comes_too_late_changes_nothing(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    patient = world.phone().dials().chooses("1", "2", "6").types("kibra")
    duty = staff(world).chooses("1", "1").sees("1 Accept")
    patient.texts("cancel")
    assert box.offers()
    duty.chooses("1").sees("END", "no longer yours")
    assert world.the_emergency().state == EmergencyState.CANCELLED


def test_staff_report_beds_and_status(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    staff(world).chooses("2").types("many").sees("Type a number, 0 to 999").types("3")
    assert beds(world, box.id) == (3, HospitalStatus.NORMAL)
    staff(world).chooses("2").types("999").sees("END", "Not saved", "more free beds")
    assert beds(world, box.id) == (3, HospitalStatus.NORMAL)
    staff(world).chooses("3", "2").sees("END", "Saved for Mbagathi")
    assert beds(world, box.id) == (3, HospitalStatus.DIVERTING)
    world.phone().dials().chooses("1", "2", "6").types("kibra").sees("No hospital found yet")


def test_staff_refer_a_patient_onward(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    needs = ("emergency_24h", "theatre", "anaesthesia", "blood", "oxygen", "trauma_surgery")
    other = world.hospital("Kenyatta Hospital", *NAIROBI_EAST, needs=needs)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    staff(world).chooses("1", "1", "3").sees("END", "has arrived")
    staff(world).chooses("1", "1", "4").sees("What does the patient need?").chooses("1")
    duty = world.phone(DUTY)
    assert len(other.offers()) == 0
    duty = staff(world).chooses("1", "1", "4", "1").sees("Ask another hospital").chooses("1")
    duty.sees("END", "we ask Kenyatta Hospital")
    assert other.rings().referred_by == "Mbagathi Hospital"
    staff(world).chooses("1", "1", "4", "1", "1").sees("END", "referred already")


def test_a_patient_who_came_by_themselves_is_referred(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    other = world.hospital("Kenyatta Hospital", *NAIROBI_EAST, needs=("emergency_24h", "ct"))
    staff(world).chooses("4", "6", "1").sees("END", "we ask Kenyatta")
    assert other.rings().referred_by == "Mbagathi Hospital"


def test_one_phone_of_two_hospitals_says_which(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    east = world.hospital("Pumwani Hospital", *NAIROBI_EAST, duty_phone=DUTY)
    duty = staff(world).sees("Which hospital?", "1 Mbagathi Hospital", "2 Pumwani Hospital")
    duty.chooses("2").sees("Pumwani Hospital", "0 patients open").chooses("2").types("4")
    assert beds(world, east.id)[0] == 4


def test_a_phone_that_is_no_duty_phone_any_more_changes_nothing(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    duty = staff(world).chooses("2")
    world.forget_duty_phone(box)
    duty.types("1")
    assert beds(world, box.id)[0] == 10
    duty.sees("END", "999")


def test_staff_who_need_help_themselves_are_callers(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    duty = world.phone(DUTY).dials().chooses("1", "1").sees("Press FIRST").chooses("2", "6")
    duty.types("kibra").sees("END", "Telling")
    box.rings()


def test_a_stranger_sees_nothing_of_hospitals(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    world.phone().dials().chooses("1").sees("Press FIRST")


def test_a_referral_is_withdrawn_when_the_patient_stays(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    other = world.hospital("Kenyatta Hospital", *NAIROBI_EAST, needs=("emergency_24h", "ct"))
    staff(world).chooses("5").sees("END", "You refer nobody")
    staff(world).chooses("4", "6", "1")
    code = world.the_emergency().help_code
    duty = staff(world).chooses("5").sees(f"1 {code}, critical, told Kenyatta").chooses("1")
    duty.sees(code, "1 Withdraw it", "2 Keep it").chooses("1").sees("END", f"{code} is withdrawn")
    assert world.the_emergency().state == EmergencyState.CANCELLED
    assert other.changes()[-1].state is DispatchState.WITHDRAWN


def in_swahili(world: World) -> Phone:
    """The duty phone of somebody who chose Swahili, at the hospital's menu."""
    phone = world.phone(DUTY).dials()
    if "2 Kiswahili" in phone.screen:
        phone.chooses("2")
    return phone.sees("1 Nahitaji msaada mwenyewe", "2 Mfanyakazi wa hospitali").chooses("2")


def test_a_nurse_reads_and_answers_in_swahili(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    needs = ("emergency_24h", "theatre", "anaesthesia", "blood", "oxygen", "trauma_surgery")
    other = world.hospital("Pumwani Hospital", *NAIROBI_EAST, needs=needs)
    in_swahili(world).sees("Wagonjwa 0 wako wazi").chooses("1").sees("END", "Hakuna mgonjwa")
    patients = [world.phone(f"+25471100011{number}") for number in (1, 2)]
    for patient in patients:
        patient.dials().chooses("1", "2", "6").types("kibra")
    first, second = world.dispatches()
    duty = world.phone(DUTY).reads("mgonjwa (hatari)", f"Jibu YES {second.answer_code}")
    # The first is taken by menu, the second, after a wrong code, refused by text.
    in_swahili(world).sees("Wagonjwa 2 wako wazi").chooses("1", "1", "1").sees("END", "asante")
    assert world.dispatches()[0].state == DispatchState.ACCEPTED
    patients[0].reads("Mbagathi Hospital expects you")
    duty.texts("YES 2222").reads("namba hiyo haiko wazi")
    duty.texts(f"NO {second.answer_code}").reads("Atakayefika lazima apewe huduma")
    assert [row.state for row in world.dispatches()][:2] == [
        DispatchState.ACCEPTED,
        DispatchState.CANNOT_TREAT,
    ]
    other.rings()
    assert box.offers()[0].dispatch_id == first.id
    in_swahili(world).chooses("2").types("mbili").sees("Andika namba, 0 hadi 999").types("2")
    assert beds(world, box.id)[0] == 2
    in_swahili(world).chooses("3", "2").sees("END", "Imehifadhiwa: Mbagathi")
    # What a text answers stays Swahili for thanks too.
    duty.texts("asante").reads("hakuna dharura iliyotumwa")


def test_a_referral_is_followed_and_withdrawn_in_swahili(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    other = world.hospital("Kenyatta Hospital", *NAIROBI_EAST, needs=("emergency_24h", "ct"))
    in_swahili(world).chooses("4", "6", "1").sees("END", "tunaomba Kenyatta Hospital")
    code = world.the_emergency().help_code
    other.rings()
    other.accepts()
    world.phone(DUTY).reads(f"HAVEN rufaa {code}: Kenyatta Hospital wanamngoja mgonjwa")
    in_swahili(world).chooses("5", "1").sees("1 Iondoe").chooses("1").sees("END", "imeondolewa")
    assert world.the_emergency().state == EmergencyState.CANCELLED


def test_a_phone_of_two_hospitals_reads_which_in_swahili(world: World) -> None:
    west = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.hospital("Pumwani Hospital", *NAIROBI_EAST, box=False, duty_phone=DUTY)
    world.phone(DUTY).dials().chooses("2", "2").sees("Hospitali gani?", "1 Mbagathi")
    patient = world.phone().dials().chooses("1", "2", "6").types("kibra")
    duty = world.phone(DUTY).reads("Mbagathi Hospital: mgonjwa")
    world.forward(91)
    first, second = world.dispatches()
    duty.texts(f"YES {second.answer_code}")
    patient.reads("Pumwani Hospital expects you")
    assert any(f"{first.answer_code}: hospitali nyingine ina" in text for text in duty.inbox())
    assert west.id == first.hospital_id
