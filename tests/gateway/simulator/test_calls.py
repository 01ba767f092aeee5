"""Calls: the phone rings, the gateway's XML is heard, keys go back."""

from typing import Any

import pytest

from gateway.providers.http_post import Answer
from gateway.simulator.config import SimulatorConfig
from tests.gateway.simulator.conftest import PREFIX, SECRET, World, screen

ASK = (
    '<Response><GetDigits timeout="20" finishOnKey="#" numDigits="1" '
    f'callbackUrl="{PREFIX}voice">'
    "<Say>Haven. Press 1 to accept.</Say></GetDigits><Say>Goodbye.</Say></Response>"
)
FILE = "http://gateway.example/prompts/en/what.mp3"
THANKS = "<Response><Say>Thank you.</Say></Response>"


def heard(call: dict[str, Any]) -> list[str]:
    return [sound["words"] for sound in call["heard"]]


def rings(world: World) -> str:
    entry = world.call().get_json()["entries"][0]
    assert entry["status"] == "Queued"
    assert world.state()["call"]["state"] == "ringing"
    return str(entry["sessionId"])


def test_a_call_is_answered_heard_and_keyed(world: World) -> None:
    session = rings(world)
    world.gateway.answers("voice", screen(ASK), screen(THANKS), screen(""))
    call = world.phone("call/answer")["call"]
    assert (call["state"], heard(call)) == ("talking", ["Haven. Press 1 to accept."])
    assert call["wants_digits"]
    world.forward(5)
    call = world.phone("call/press", keys="1")["call"]
    assert heard(call) == ["Haven. Press 1 to accept.", "Thank you."]
    assert (call["state"], call["ended_because"]) == ("ended", "NORMAL_CLEARING")
    world.forward(1)
    asked, keyed, over = world.gateway.forms("voice")
    assert asked["isActive"] == "1"
    assert asked["callerNumber"] == "+254711000111"
    assert asked["destinationNumber"] == "+254711082000"
    assert asked["direction"] == "Outbound"
    assert "dtmfDigits" not in asked
    assert keyed["dtmfDigits"] == "1"
    assert over["isActive"] == "0"
    assert (over["durationInSeconds"], over["hangupCause"]) == ("5", "NORMAL_CLEARING")
    assert {form["sessionId"] for form in (asked, keyed, over)} == {session}
    states = [form["callSessionState"] for form in world.gateway.forms("voice-events")]
    assert states == ["Ringing", "Answered", "Completed"]


def test_nobody_presses(world: World) -> None:
    rings(world)
    world.gateway.answers("voice", screen(ASK))
    world.phone("call/answer")
    world.forward(19)
    assert world.state()["call"]["wants_digits"]
    world.forward(3)
    call = world.state()["call"]
    assert heard(call) == ["Haven. Press 1 to accept.", "Goodbye."]
    assert call["state"] == "ended"


def test_nobody_answers(world: World) -> None:
    rings(world)
    world.forward(31)
    assert world.state()["call"]["ended_because"] == "NO_ANSWER"
    (over,) = world.gateway.forms("voice")
    assert (over["isActive"], over["hangupCause"]) == ("0", "NO_ANSWER")


def test_an_engaged_phone(world: World) -> None:
    rings(world)
    world.call()
    world.forward(1)
    (over,) = world.gateway.forms("voice")
    assert over["hangupCause"] == "USER_BUSY"
    assert world.state()["call"]["state"] == "ringing"


@pytest.mark.parametrize(
    ("answered", "cause"), [(False, "CALL_REJECTED"), (True, "NORMAL_CLEARING")]
)
def test_hanging_up(world: World, answered: bool, cause: str) -> None:
    rings(world)
    world.gateway.answers("voice", screen(ASK))
    if answered:
        world.phone("call/answer")
    assert world.phone("call/hang-up")["call"]["ended_because"] == cause


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "did not say"),
        (screen("", 500), "did not say"),
        (screen("hello"), "not XML"),
        (screen("<Reply/>"), "not a Response"),
        (screen("<Response><Dance/></Response>"), "does not know"),
        (screen("<!DOCTYPE x><Response/>"), "document type"),
        (screen("<Response><Hangup/></Response>"), "does not know 'Hangup'"),
        (screen("<Response><Play/></Response>"), "no url"),
        (screen("<Response><Play url='/what.mp3'/></Response>"), "no url"),
        (screen("<Response><Dial/></Response>"), "no phoneNumbers"),
        (screen("<Response><GetDigits><Reject/></GetDigits></Response>"), "Say or a Play"),
    ],
)
def test_a_script_that_cannot_be_followed_ends_the_call(
    world: World, answer: Answer | None, words: str
) -> None:
    rings(world)
    world.gateway.answers("voice", answer)
    call = world.phone("call/answer")["call"]
    assert call["state"] == "ended"
    assert words in heard(call)[0]


def test_a_script_may_lead_on_and_play_and_reject(world: World) -> None:
    rings(world)
    world.gateway.answers(
        "voice",
        screen(f"<Response><Play url='{FILE}'/><Redirect>{PREFIX}voice</Redirect></Response>"),
        screen("<Response><Reject/></Response>"),
    )
    call = world.phone("call/answer")["call"]
    assert call["heard"] == [{"kind": "play", "words": "what.mp3", "url": FILE}]
    assert call["ended_because"] == "CALL_REJECTED"


def test_a_script_that_leads_round_in_circles_ends(world: World) -> None:
    rings(world)
    world.gateway.answers(
        "voice", screen(f"<Response><Redirect>{PREFIX}voice</Redirect></Response>")
    )
    assert world.phone("call/answer")["call"]["state"] == "ended"


@pytest.mark.parametrize(("keys", "digits"), [("1", "1"), ("12", "1"), ("#", None)])
def test_only_the_digits_asked_for_go_back(world: World, keys: str, digits: str | None) -> None:
    rings(world)
    world.gateway.answers("voice", screen(ASK), screen(THANKS))
    world.phone("call/answer")
    world.phone("call/press", keys=keys)
    assert world.gateway.forms("voice")[1].get("dtmfDigits") == digits


def test_keys_that_nobody_asked_for_are_a_conflict(world: World) -> None:
    assert world.phone("call/press", keys="1")["status"] == 409
    assert world.phone("call/answer")["status"] == 409
    assert world.phone("call/hang-up")["status"] == 409
    assert world.phone("call/press", keys="x")["status"] == 400


@pytest.mark.parametrize(
    "status", ["InvalidPhoneNumber", "DestinationNotSupported", "InsufficientCredit"]
)
def test_each_refusal_on_demand(world: World, status: str) -> None:
    world.fault(channel="call", call_status=status)
    assert world.call().get_json()["entries"][0]["status"] == status
    assert world.state()["call"] is None


def test_a_wrong_voice_number(world: World) -> None:
    answer = world.call(**{"from": "+254700000000"}).get_json()
    assert answer["entries"] == []
    assert answer["errorMessage"].startswith("Invalid callerId")


def test_a_call_can_fail_before_it_rings(world: World) -> None:
    world.fault(channel="call", hangup_cause="SUBSCRIBER_ABSENT")
    world.call()
    world.forward(1)
    assert world.state()["call"] is None
    assert world.gateway.forms("voice")[0]["hangupCause"] == "SUBSCRIBER_ABSENT"


def test_prompts_play_one_after_the_other_before_and_within_the_question(world: World) -> None:
    rings(world)
    world.gateway.answers(
        "voice",
        screen(
            f"<Response><Say>Haven.</Say><Play url='{FILE}'/>"
            f"<GetDigits timeout='10'><Say>Press</Say><Play url='{FILE}'>1 for\n help</Play>"
            f"</GetDigits><Play url='{FILE}'/><Say>Goodbye.</Say></Response>"
        ),
    )
    call = world.phone("call/answer")["call"]
    assert [(sound["kind"], sound["words"]) for sound in call["heard"]] == [
        ("say", "Haven."),
        ("play", "what.mp3"),
        ("say", "Press"),
        ("play", "1 for help"),
    ]
    # Nobody can press in time what they are still being told.
    world.forward(14)
    assert world.state()["call"]["wants_digits"]
    world.forward(2)
    call = world.state()["call"]
    assert heard(call)[4:] == ["what.mp3", "Goodbye."]
    assert (call["state"], call["ended_because"]) == ("ended", "NORMAL_CLEARING")


def test_keys_are_waited_for_after_a_prompt_that_takes_long(world: World) -> None:
    rings(world)
    ask = f"<GetDigits timeout='10'><Play url='{FILE}'/></GetDigits>"
    world.gateway.answers("voice", screen(f"<Response>{ask}</Response>"))
    world.phone("call/answer")
    world.phone("call/plays", length_s=40)
    world.forward(20)
    world.phone("call/plays", length_s=2)  # a shorter one takes nothing away
    world.forward(29)
    assert world.state()["call"]["wants_digits"]
    world.forward(2)
    assert world.state()["call"]["state"] == "ended"
    assert world.phone("call/plays", length_s=-1)["status"] == 400


@pytest.mark.parametrize(("attributes", "most"), [("", 1), ("finishOnKey='#'", None)])
def test_without_a_number_or_a_key_the_first_digit_goes_back(
    world: World, attributes: str, most: int | None
) -> None:
    rings(world)
    world.gateway.answers(
        "voice", screen(f"<Response><GetDigits {attributes}/></Response>"), screen(THANKS)
    )
    assert world.phone("call/answer")["call"]["most_digits"] == most
    world.phone("call/press", keys="12#")
    assert world.gateway.forms("voice")[1]["dtmfDigits"] == ("1" if most else "12")


def test_a_call_is_connected_until_somebody_hangs_up(world: World) -> None:
    rings(world)
    dial = "<Dial phoneNumbers='+254711000900, +254711000901' record='true'/>"
    world.gateway.answers("voice", screen(f"<Response>{dial}<Say>Goodbye.</Say></Response>"))
    call = world.phone("call/answer")["call"]
    assert [(s["kind"], s["words"]) for s in call["heard"]] == [
        ("dial", "+254711000900 or +254711000901")
    ]
    world.forward(60)
    assert world.state()["call"]["state"] == "talking"
    assert heard(world.phone("call/hang-up")["call"]) == ["+254711000900 or +254711000901"]


def test_a_person_calls_and_is_answered(world: World) -> None:
    world.gateway.answers("voice", screen(ASK), screen(THANKS), screen(""))
    call = world.phone("call/dial")["call"]
    assert (call["state"], call["other"], call["heard"]) == ("calling", "+254711082000", [])
    assert world.phone("call/dial")["status"] == 409
    assert world.phone("call/answer")["status"] == 409
    world.forward(2)
    assert heard(world.state()["call"]) == ["Haven. Press 1 to accept."]
    assert heard(world.phone("call/press", keys="1")["call"])[-1] == "Thank you."
    world.forward(1)
    came, keyed, over = world.gateway.forms("voice")
    assert [form["direction"] for form in (came, keyed, over)] == ["Inbound"] * 3
    assert (came["isActive"], came["callSessionState"]) == ("1", "Ringing")
    assert (came["callerNumber"], came["destinationNumber"]) == ("+254711000111", "+254711082000")
    assert (keyed["callSessionState"], keyed["dtmfDigits"]) == ("Answered", "1")
    assert (over["isActive"], over["durationInSeconds"]) == ("0", "0")


def test_the_shortcode_is_called_where_there_is_no_voice_number() -> None:
    config = SimulatorConfig("http://gateway.example", SECRET, "key", shortcode="40404")
    assert World(config).phone("call/dial")["call"]["other"] == "40404"


def test_a_call_that_the_gateway_does_not_take(world: World) -> None:
    world.gateway.answers("voice", screen("<Response><Reject/></Response>"), screen(""))
    call = world.phone("call/dial")["call"]
    assert (call["state"], call["ended_because"]) == ("ended", "CALL_REJECTED")
    world.forward(3)
    _, over = world.gateway.forms("voice")
    assert (over["isActive"], over["hangupCause"]) == ("0", "CALL_REJECTED")


@pytest.mark.parametrize("answer", ["<Response><Reject/></Response>", "<Response/>", ASK])
def test_a_missed_call_is_told_and_never_answered(world: World, answer: str) -> None:
    world.gateway.answers("voice", screen(answer), screen(""))
    call = world.phone("call/dial", missed=True)["call"]
    assert (call["state"], call["ended_because"], call["heard"]) == (
        "ended",
        "ORIGINATOR_CANCEL",
        [],
    )
    world.forward(3)
    came, over = world.gateway.forms("voice")
    assert (came["isActive"], came["direction"]) == ("1", "Inbound")
    assert (over["isActive"], over["durationInSeconds"]) == ("0", "0")
    rings(world)


def test_hanging_up_before_the_call_is_answered(world: World) -> None:
    world.gateway.answers("voice", screen(ASK), screen(""))
    world.phone("call/dial")
    world.forward(1)
    assert world.phone("call/hang-up")["call"]["ended_because"] == "ORIGINATOR_CANCEL"
    world.forward(3)
    assert world.state()["call"]["heard"] == []
