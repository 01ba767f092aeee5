"""The whole way: somebody dials, a hospital rings, somebody accepts, the caller hears of it and
arrives.
"""

import pytest

from shared import gsm
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import EmergencyState, Kind, Priority, Transport
from tests.journeys.world import SECRET, World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)


def test_a_bleeding_patient_is_expected_and_arrives(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone()

    phone.dials().sees("Haven", "1 English", "2 Kiswahili").chooses("1")
    phone.sees("Press FIRST that is true", "2 Heavy bleeding").chooses("2")
    code = world.the_emergency().help_code
    phone.sees(f"{code} saved").chooses("2").sees("Where is the patient?")
    mbagathi.is_silent()
    phone.types("kibra").sees("END", code, "Telling Mbagathi Hospital", "Press hard", "999")

    offer = mbagathi.rings()
    assert offer.help_code == code
    assert offer.kind is Kind.INJURY
    assert offer.priority is Priority.CRITICAL
    assert offer.place_text == "kibra"
    assert offer.caller_phone == phone.number
    phone.reads(code, "Mbagathi Hospital", "Reply 1 no transport")

    assert mbagathi.accepts().accepted
    phone.reads("Mbagathi Hospital expects you")
    assert world.the_emergency().state == EmergencyState.ACCEPTED

    phone.texts("2").reads("on the way")
    assert mbagathi.changes()[-1].transport is Transport.ON_THE_WAY
    mbagathi.reports_arrival()
    assert world.the_emergency().state == EmergencyState.ARRIVED


def test_the_second_dial_knows_the_language_and_the_last_place(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone()
    phone.dials().chooses("2", "6").types("kibra").sees("END", "Tunaarifu")
    phone.dials().sees("tumeambia Mbagathi").chooses("6").sees("Bonyeza ya KWANZA")
    phone.chooses("7").sees("Mara ya mwisho: Kibra").chooses("1").sees("END", "Tunaarifu")
    first, second = world.emergencies()
    assert first.incident_id == second.incident_id


def test_an_unclear_place_is_asked_for_with_three_choices(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "6").types("olympic")
    phone.sees("Which one?", "1 Olympic, Nairobi", "4 None of these").chooses("4")
    phone.sees("Not found", "9 Don't know").types("olympic").chooses("1").sees("END", "Telling")
    assert world.the_emergency().place_name == "Olympic, Nairobi"


def test_silence_moves_on_to_the_next_hospital_as_well(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    world.forward(46)
    assert world.carrier.calls == ["+254722000001"]
    far.is_silent()
    world.forward(45)
    far.rings()
    phone.reads("Mbagathi Hospital has not answered", "Thika Hospital")
    assert [row.state for row in world.dispatches()] == [
        DispatchState.EXPIRED,
        DispatchState.DELIVERED,
    ]
    # A late acceptance still counts while nobody else has the patient.
    assert near.accepts().accepted
    phone.reads("Mbagathi Hospital expects you")
    verdict = far.accepts()
    assert not verdict.accepted
    assert verdict.reason == "another hospital accepted first"
    assert far.changes()[-1].state is DispatchState.SUPERSEDED


def test_a_hospital_that_cannot_treat_passes_the_patient_on(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.cannot_treat(CannotTreatReason.NO_BLOOD_OR_DRUG)
    far.rings()
    texts_before = len(phone.inbox())
    assert far.accepts().accepted
    assert len(phone.inbox()) == texts_before + 1
    phone.reads("go to Thika Hospital", "Mbagathi")


def test_nobody_left_alarms_operators_and_shows_the_numbers(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    phone.reads("no hospital has answered", "999")
    operator = world.phone("+254700000001")
    operator.reads("no hospital answers")
    assert only.accepts().accepted
    phone.reads("Mbagathi Hospital expects you")


def test_a_dropped_session_is_raised_by_itself(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2")
    world.forward(44)
    assert world.the_emergency().state == EmergencyState.PROVISIONAL
    world.forward(2)
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    phone.reads("where is the patient?")
    world.phone("+254700000001").reads("place unknown")
    phone.texts("kibra stage")
    assert mbagathi.rings().place_name == "Kibra, Nairobi"


def test_the_end_notification_raises_at_once(world: World) -> None:
    world.phone().dials().chooses("1", "2").drops()
    assert world.the_emergency().state == EmergencyState.UNANSWERED


def test_going_back_withdraws_what_was_only_a_slip(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "0").sees("Press FIRST").drops()
    world.forward(60)
    assert world.the_emergency().state == EmergencyState.CANCELLED
    assert phone.inbox() == []


def test_a_wrong_place_is_put_right_by_sms(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    far.is_silent()
    phone.texts("PLACE thika town").reads("telling Thika Hospital")
    assert far.rings().place_name == "Thika, Kiambu"
    assert near.changes()[-1].place_name == "Thika, Kiambu"
    phone.texts("place nowhere that anybody knows").reads("do not find that place")


def test_more_words_reach_the_hospital(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    phone.texts("she is 7 months pregnant")
    assert box.changes()[-1].note == "she is 7 months pregnant"
    phone.dials().sees("told Mbagathi").chooses("4").sees("it got worse")
    assert "got worse" in box.changes()[-1].reason
    world.phone("+254700000001").reads("got worse")


@pytest.mark.parametrize(
    ("keys", "advice"),
    [
        # Whoever struggles for breath and is awake must not be laid down.
        (("1", "6"), "Awake: sit. If not: on side."),
        # A feverish child is not warmed.
        (("8", "5"), "If awake: small sips, often."),
        (("8", "4"), "Keep warm, skin to skin."),
    ],
)
def test_the_last_screen_says_what_helps_until_then(
    world: World, keys: tuple[str, ...], advice: str
) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials().chooses("1", *keys).types("kibra").sees("END", advice)


def test_a_patient_who_is_not_coming_frees_the_bed(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    phone.texts("4").reads("you are not coming")
    assert box.changes()[-1].state is DispatchState.WITHDRAWN
    assert not world.dispatches()[0].reserved


def test_a_hospital_that_accepted_may_still_find_that_it_cannot(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.accepts()
    near.cannot_treat(CannotTreatReason.NO_POWER_OR_OXYGEN)
    assert world.the_emergency().state == EmergencyState.DISPATCHED
    far.rings()
    far.accepts()
    phone.reads("go to Thika Hospital now", "cannot treat")


def test_the_caller_cancels_by_ussd_and_the_hospital_hears_of_it(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    phone.dials().sees("told Mbagathi").chooses("5").sees("Cancel").chooses("1")
    phone.sees("END", "we told the hospital")
    assert world.the_emergency().state == EmergencyState.CANCELLED
    assert mbagathi.changes()[-1].state is DispatchState.WITHDRAWN
    assert not mbagathi.accepts().accepted


def test_not_arriving_frees_the_bed_and_alarms(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    mbagathi.accepts()
    world.forward(30 * 60 + 1)
    assert world.the_emergency().state == EmergencyState.NOT_ARRIVED
    assert not world.dispatches()[0].reserved
    phone.reads("has not seen you")
    phone.texts("3").reads("good that you are there")
    assert world.the_emergency().state == EmergencyState.ARRIVED


def test_an_assaulted_caller_is_never_given_away(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=("sexual_assault_care",))
    phone = world.phone().dials().chooses("1", "8", "6").types("kibra")
    assert "Mbagathi" not in phone.screen
    offer = box.rings()
    assert offer.caller_phone is None
    box.accepts()
    assert phone.inbox() == []
    phone.dials()
    assert "Mbagathi" not in phone.screen


def test_nobody_is_asked_to_phone_somebody_who_may_be_watched(world: World) -> None:
    phone = world.phone().dials().chooses("1", "8", "6").drops()
    assert phone.inbox() == []
    world.phone("+254700000001").reads("Do NOT phone")


def test_the_same_turn_again_gives_the_same_bytes_and_does_nothing(world: World) -> None:
    mbagathi = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    before = phone.screen, phone.inbox(), len(mbagathi.offers())
    assert phone.again() == phone.screen
    world.settle()
    assert (phone.screen, phone.inbox(), len(mbagathi.offers())) == before
    assert len(world.emergencies()) == 1


def test_straight_dialling_walks_through_the_screens(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.phone().dials("*384*911*1*2*6#").sees("Where is the patient?").types("kibra").sees("END")


def test_a_hospital_without_a_tested_channel_is_phoned_by_people(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    phone.sees("Not yet informed")
    world.phone("+254700000001").reads("no tested channel")


def test_staff_answer_by_sms_with_the_answer_code(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone="+254722000001")
    duty = world.phone("+254722000001")
    patient = world.phone().dials().chooses("1", "2", "6").types("kibra")
    (dispatch,) = world.dispatches()
    duty.reads("YES " + dispatch.answer_code)
    assert world.the_emergency().help_code not in duty.inbox()[-1]
    duty.texts(f"yes {dispatch.answer_code.lower()}").reads("thank you")
    patient.reads("Mbagathi Hospital expects you")


def test_staff_answer_a_call_with_one_key(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    patient = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    world.forward(46)
    assert world.carrier.calls == ["+254722000001"]
    call = {"isActive": "1", "sessionId": "ATVId_1", "destinationNumber": "+254722000001"}
    _, script = world.post("voice", call)
    assert "<GetDigits" in script
    assert "press 1" in script
    _, script = world.post("voice", {**call, "dtmfDigits": "1"})
    assert "Thank you" in script
    world.settle()
    patient.reads("Mbagathi Hospital expects you")
    _, script = world.post("voice", {**call, "sessionId": "another", "dtmfDigits": "2"})
    assert "Noted" in script


def test_a_cry_for_help_by_sms_is_never_lost(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().texts("nisaidie kibra damu nyingi")
    phone.reads("tumepata ujumbe wako")
    box.is_silent()
    world.forward(121)
    offer = box.rings()
    assert offer.priority is Priority.HIGH
    assert "damu nyingi" in offer.note


def test_a_cry_that_is_denied_goes_no_further(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().texts("help kibra").texts("cancel")
    phone.reads("is cancelled")
    world.forward(200)
    box.is_silent()


def test_every_text_that_was_sent_fits_one_segment(world: World) -> None:
    near = world.hospital("Mama Lucy Kibaki Hospital Embakasi", *NAIROBI_WEST)
    far = world.hospital("Thika Level 5 Teaching and Referral Hospital", *THIKA)
    phone = world.phone().dials().chooses("2", "2", "6").types("kibra")
    near.rings()
    world.forward(91)
    far.rings()
    far.accepts()
    phone.texts("1")
    assert len(world.carrier.texts) >= 4
    for _, text in world.carrier.texts:
        assert gsm.segments(text) == 1, text


def test_a_wrong_secret_learns_nothing(world: World) -> None:
    paths = [
        "/callbacks/africastalking/wrong/ussd",
        f"/callbacks/africastalking/{SECRET}x/ussd",
        "/callbacks/africastalking/wrong/nothing",
        "/no/such/thing",
    ]
    answers = {
        (answer.status_code, answer.get_data(), answer.headers["Content-Type"])
        for path in paths
        for answer in (world.client.post(path, data={}), world.client.get(path))
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
