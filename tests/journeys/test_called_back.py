"""Called back: the menus by ear, from a missed call to a hospital that rings."""

from datetime import timedelta

import pytest

from gateway.callers import store as callers
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState
from shared.errors import SendRetryable
from tests.journeys.voice_phone import VoicePhone
from tests.journeys.world import FakePlaces, World

NAIROBI_WEST = (-1.3100, 36.8000)
OPERATOR = "+254700000001"
NUMBER = "+254711000111"
KIBRA = FakePlaces.KNOWN
DUTY = "+254722000001"


def knows(world: World, *, language: str = "", last: FoundPlace | None = None) -> VoicePhone:
    """A phone of which this is known already."""

    def remember(uow: UnitOfWork) -> None:
        caller = callers.find_or_add(uow, NUMBER)
        callers.remember_language(uow, caller.id, language)
        if last is not None:
            callers.remember_place(uow, caller.id, last)

    world.services.write(remember)
    return VoicePhone(world, NUMBER)


def without_operators(world: World) -> None:
    object.__setattr__(world.services.config, "operator_phones", ())


def test_from_a_missed_call_to_a_hospital_that_rings(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = knows(world, last=KIBRA)
    assert phone.rings_haven() == "<Response><Reject/></Response>"
    assert phone.calls() == 1
    assert world.carrier.callers == ["+254711082000"]
    phone.picks_up().hears("English, press 1.", "Kiswahili, bonyeza 2.")
    phone.presses("2").hears("Damu nyingi, bonyeza 2.").presses("2")
    assert world.the_emergency().state == EmergencyState.PROVISIONAL
    assert world.the_emergency().channel == "voice"
    phone.hears("Imetokana na nini?").presses("6")
    phone.hears("Mgonjwa yuko wapi?", "Mara ya mwisho Kibra, Nairobi, bonyeza 1.").presses("1")
    code = world.the_emergency().help_code
    phone.hears("Mbagathi Hospital", ", ".join(code), "Bonyeza kidonda", "Kusikia tena")
    hospital.rings()
    assert world.the_emergency().answers == {"sign": "bleeding", "cause": "other"}
    assert any("Mbagathi Hospital" in text for text in phone.inbox())
    # A key has the last words said once more.
    heard = phone.heard
    assert phone.presses("*").heard == heard
    phone.hangs_up()
    world.forward(120)
    assert phone.calls() == 1


def test_call_me_on_the_first_screen(world: World) -> None:
    by_ussd = world.phone(NUMBER).dials().sees("9 Call me")
    by_ussd.chooses("9").sees("We call you now")
    phone = VoicePhone(world, NUMBER)
    assert phone.calls() == 0
    assert by_ussd.again().startswith("END ")
    world.forward(5)
    assert phone.calls() == 1
    phone.picks_up().hears("English")


def test_a_step_that_comes_again_is_answered_alike_and_does_nothing_twice(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = knows(world, language="en", last=KIBRA)
    phone.rings_haven()
    phone.picks_up()
    first = phone.post("voice", phone.session)
    assert phone.post("voice", phone.session) == first
    second = phone.post("voice/1", phone.session, dtmfDigits="2")
    assert second != first
    # The same step again, with another key, late silence, the call's first callback.
    assert phone.post("voice/1", phone.session, dtmfDigits="2") == second
    assert phone.post("voice/1", phone.session, dtmfDigits="8") == second
    assert phone.post("voice/1/-", phone.session) == second
    assert phone.post("voice", phone.session) == second
    third = phone.post("voice/2", phone.session, dtmfDigits="6")
    assert phone.post("voice/1", phone.session, dtmfDigits="2") == third
    assert phone.post("voice/9", phone.session, dtmfDigits="1") == third
    last = phone.post("voice/3", phone.session, dtmfDigits="1")
    assert phone.post("voice/3", phone.session, dtmfDigits="1") == last
    assert phone.post("voice/4", phone.session, dtmfDigits="1") == last
    assert world.the_emergency().answers == {"sign": "bleeding", "cause": "other"}
    assert len(world.dispatches()) == 1


def test_hanging_up_midway_raises_what_was_noted(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = knows(world, language="en", last=KIBRA)
    phone.rings_haven()
    phone.picks_up().presses("1").hangs_up()
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    hospital.is_silent()
    assert "where is the patient" in phone.inbox()[-1]
    # No call of our own accord; ringing again goes on with it.
    world.forward(90)
    assert phone.calls() == 1
    phone.rings_haven()
    assert phone.calls() == 2
    phone.picks_up().hears("is saved but not finished").presses("1")
    phone.hears("What is it from?").presses("6")
    phone.hears("Where is the patient?").presses("1").hears("Mbagathi Hospital")
    hospital.rings()


def test_a_call_that_breaks_off_without_a_word_is_raised_when_it_has_been_quiet(
    world: World,
) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().presses("2")
    world.forward(100)
    assert world.the_emergency().state == EmergencyState.PROVISIONAL
    world.forward(10)
    assert world.the_emergency().state == EmergencyState.UNANSWERED


def test_who_does_not_pick_up_is_called_once_more_and_then_texted(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.does_not_pick_up()
    assert phone.calls() == 1
    world.forward(61)
    assert phone.calls() == 2
    assert phone.inbox() == []
    phone.does_not_pick_up()
    world.forward(300)
    assert phone.calls() == 2
    (text,) = phone.inbox()
    assert "nobody picked up" in text
    assert "999" in text


def test_what_was_asked_of_us_while_it_still_rang_was_not_picked_up(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().hangs_up("NO_ANSWER")
    world.forward(61)
    assert phone.calls() == 2
    phone.picks_up().hears("first thing that is true").presses("2").hangs_up()
    world.forward(61)
    assert phone.calls() == 2


def test_who_hangs_up_on_us_and_rings_at_once_is_called_at_once(world: World) -> None:
    """The carrier tells us of the missed call before it tells us how ours has ended."""
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.rings_haven()
    assert phone.calls() == 1
    phone.session = "ATVId_1"
    phone.hangs_up("CALL_REJECTED")
    world.forward(3)
    assert phone.calls() == 2
    phone.does_not_pick_up()
    world.forward(300)
    assert phone.calls() == 2


def test_who_rings_again_while_the_second_try_waits_is_called_at_once(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.does_not_pick_up()
    phone.rings_haven()
    assert phone.calls() == 2
    phone.does_not_pick_up()
    world.forward(300)
    assert phone.calls() == 2


def test_a_second_missed_call_makes_no_second_call(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven("in-1")
    phone.rings_haven("in-1")  # the provider says it again
    phone.rings_haven("in-2")
    world.phone(NUMBER).dials().chooses("9", "5")
    assert phone.calls() == 1
    phone.picks_up()
    phone.rings_haven("in-3")
    assert phone.calls() == 1
    phone.hangs_up()
    phone.rings_haven("in-1")
    assert phone.calls() == 1
    phone.rings_haven("in-4")
    assert phone.calls() == 2


def test_seven_calls_an_hour_are_too_many_but_never_silence(world: World) -> None:
    phone = knows(world, language="en")
    for calls in range(1, 7):
        phone.rings_haven()
        assert phone.calls() == calls
        phone.picks_up().hangs_up()
    phone.rings_haven()
    phone.rings_haven()
    assert phone.calls() == 6
    world.phone(phone.number).dials().chooses("9", "5").sees("END", "We cannot call you now", "999")
    (text,) = phone.inbox()
    assert "999" in text
    world.clock.now += timedelta(hours=1)
    phone.rings_haven()
    assert phone.calls() == 7


def test_a_call_asked_for_too_long_ago_is_not_made(world: World) -> None:
    phone = knows(world, language="en")
    world.carrier.fault = SendRetryable("The carrier is away.")
    phone.rings_haven()
    world.clock.now += timedelta(minutes=11)
    world.carrier.fault = None
    world.settle()
    assert phone.calls() == 0
    assert "999" in phone.inbox()[-1]
    phone.rings_haven()
    assert phone.calls() == 1


def test_no_answer_is_asked_again_and_the_third_time_a_person_takes_over(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().hears("Press the number of the first thing that is true")
    question = phone.heard
    phone.says_nothing().hears("Sorry", question.split(".")[0])
    phone.presses("0").hears("Sorry")  # nothing to go back to
    phone.says_nothing().hears("What you told us is saved", "Please hold on")
    phone.is_connected_to(OPERATOR)
    assert world.emergencies() == []


def test_without_an_operator_the_emergency_number_is_said_twice(world: World) -> None:
    without_operators(world)
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().says_nothing().says_nothing().says_nothing()
    assert phone.script.find("Dial") is None
    assert phone.heard.count("9, 9, 9,") == 2


def test_a_place_that_nobody_can_key_goes_to_an_operator(world: World) -> None:
    phone = knows(world, language="en", last=KIBRA)
    phone.rings_haven()
    phone.picks_up().presses("2", "6", "9").hears("need to know where the patient is")
    phone.is_connected_to(OPERATOR)
    assert world.the_emergency().state == EmergencyState.UNANSWERED


def test_with_no_place_known_nobody_is_asked_to_choose_one(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().presses("2", "6").is_connected_to(OPERATOR)


def test_zero_goes_back_and_star_repeats(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().presses("5").hears("Many people are hurt")
    heard = phone.heard
    assert phone.presses("*").heard == heard
    phone.presses("0").hears("Heavy bleeding")
    assert world.the_emergency().state == EmergencyState.CANCELLED


def test_a_discreet_one_is_told_little_and_never_called_of_our_own_accord(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = knows(world, language="en", last=KIBRA)
    phone.rings_haven()
    phone.picks_up().presses("8", "6", "1")
    assert phone.heard == "Thank you. We have your message. Goodbye."
    assert phone.script.find("GetDigits") is None
    phone.hangs_up()
    world.forward(900)
    assert phone.calls() == 1
    # Whoever holds the phone now and rings us is not called into the room.
    phone.rings_haven()
    phone.rings_haven()
    world.forward(60)
    assert phone.calls() == 1
    assert [text for text in phone.inbox() if "your message is with us" not in text] == []
    assert len(phone.inbox()) == 1


def test_a_discreet_one_that_breaks_off_is_not_called_again(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    by_ussd = world.phone(NUMBER).dials().chooses("8", "6")
    by_ussd.drops()
    phone.does_not_pick_up()
    world.forward(300)
    assert phone.calls() == 1
    assert [text for text in phone.inbox() if "picked up" in text] == []


def test_an_alert_that_is_open_is_told_and_answered(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = knows(world, language="en", last=KIBRA)
    phone.rings_haven()
    phone.picks_up().presses("2", "6", "1").hangs_up()
    phone.rings_haven()
    phone.picks_up().hears("told Mbagathi Hospital", "No transport, press 1.").presses("1")
    phone.hears("We are asking for transport")


def test_a_duty_phone_that_rings_us_is_a_caller_too(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    phone = VoicePhone(world, DUTY)
    phone.rings_haven()
    phone.picks_up().hears("English, press 1.")


def test_the_call_to_a_duty_phone_about_a_patient_stays_theirs(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.phone(NUMBER).dials().chooses("1", "2", "6").types("kibra")
    world.forward(30)
    duty = VoicePhone(world, DUTY)
    assert duty.calls() == 1
    offered = "ATVId_1"
    duty.rings_haven()
    assert duty.calls() == 2
    duty.picks_up(offered).hears("A critical patient needs you")
    duty.presses("1").hears("Thank you")
    duty.picks_up("ATVId_2").hears("English, press 1.")


def test_picked_up_before_the_provider_has_told_us_its_name_for_the_call(world: World) -> None:
    phone = knows(world, language="en")
    heard = []

    def rings_at_once(to: str, caller: str) -> None:
        heard.append(phone.post("voice", "ATVId_1"))

    world.carrier.on_call = rings_at_once
    phone.rings_haven()
    assert "first thing that is true" in heard[0]
    assert phone.post("voice", "ATVId_1") == heard[0]


def test_somebody_elses_session_tells_nothing(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up().presses("2")
    stranger = VoicePhone(world, "+254711000999")
    assert stranger.post("voice/2", phone.session, dtmfDigits="1") == (
        "<Response><Reject/></Response>"
    )
    assert world.the_emergency().answers == {"sign": "bleeding"}


def test_a_call_that_is_not_ours_is_told_so(world: World) -> None:
    phone = VoicePhone(world)
    assert "already taken care of" in phone.picks_up("ATVId_unknown").heard


@pytest.mark.parametrize("number", ["", "anonymous", "+", "0"])
def test_a_hidden_number_is_rejected_and_cannot_be_called(world: World, number: str) -> None:
    phone = VoicePhone(world, number)
    assert phone.rings_haven() == "<Response><Reject/></Response>"
    assert world.carrier.calls == []


def test_a_call_lasts_a_quarter_of_an_hour_at_most(world: World) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    phone.picks_up()
    world.clock.now += timedelta(seconds=901)
    phone.presses("2").hears("The time of this call is over")
    assert world.emergencies() == []


def test_when_the_gateway_fails_the_emergency_number_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = knows(world, language="en")
    phone.rings_haven()
    monkeypatch.setattr("gateway.voice.dialogue.screen_prompts", None)
    phone.picks_up()
    assert phone.heard.count("9, 9, 9,") == 2


@pytest.mark.parametrize("door", ["voice", "voice/1", "voice/1/-", "voice/999999", "voice-events"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"isActive": "1"},
        {"isActive": "0"},
        {"sessionId": "S", "isActive": "1"},
        {"sessionId": "S", "isActive": "0", "hangupCause": "NO_ANSWER"},
        {"sessionId": "S" * 500, "callerNumber": "no number", "dtmfDigits": "99*#x"},
        {"sessionId": "S\x00", "direction": "Inbound", "callerNumber": "+254711000111" * 20},
    ],
    ids=str,
)
def test_rubbish_is_answered(world: World, door: str, form: dict[str, str]) -> None:
    status, _ = world.post(door, form)
    assert status == 200
    assert world.carrier.calls == []


@pytest.mark.parametrize(
    "door", ["voice/x", "voice/", "voice/1/2", "voice/1/-/", "voice/-1", "ussd/1"]
)
def test_what_is_no_question_of_a_call_is_not_found(world: World, door: str) -> None:
    status, _ = world.post(door, {"sessionId": "S"})
    assert status == 404


def test_a_call_beside_a_session_of_the_same_phone_keeps_to_itself(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    call = knows(world, language="en", last=KIBRA)
    call.rings_haven()
    call.picks_up()
    screen = world.phone(NUMBER).dials().chooses("2")
    call.presses("2")
    screen.chooses("6").sees("Where is the patient?")
    call.presses("6").hears("Where is the patient?").presses("1").hears("Mbagathi Hospital")
    screen.chooses("1").sees("END", "Mbagathi Hospital")
    call.hangs_up()
    # Two people may be speaking of two patients: both are told, as of one incident.
    by_ussd, by_voice = sorted(world.emergencies(), key=lambda emergency: emergency.channel)
    assert (by_ussd.channel, by_voice.channel) == ("ussd", "voice")
    assert by_ussd.incident_id == by_voice.incident_id
    assert {by_ussd.state, by_voice.state} == {EmergencyState.DISPATCHED}
    assert len(hospital.offers()) == 2
