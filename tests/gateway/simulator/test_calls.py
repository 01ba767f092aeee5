"""Calls: the phone rings, the gateway's XML is heard, keys go back."""

import pytest

from gateway.providers.http_post import Answer
from tests.gateway.simulator.conftest import PREFIX, World, screen

ASK = (
    '<Response><GetDigits timeout="20" finishOnKey="#" numDigits="1" '
    f'callbackUrl="{PREFIX}voice">'
    "<Say>Haven. Press 1 to accept.</Say></GetDigits><Say>Goodbye.</Say></Response>"
)
THANKS = "<Response><Say>Thank you.</Say></Response>"


def rings(world: World) -> str:
    entry = world.call().get_json()["entries"][0]
    assert entry["status"] == "Queued"
    assert world.state()["call"]["state"] == "ringing"
    return str(entry["sessionId"])


def test_a_call_is_answered_heard_and_keyed(world: World) -> None:
    session = rings(world)
    world.gateway.answers("voice", screen(ASK), screen(THANKS), screen(""))
    call = world.phone("call/answer")["call"]
    assert (call["state"], call["heard"]) == ("talking", ["Haven. Press 1 to accept."])
    assert call["wants_digits"]
    world.forward(5)
    call = world.phone("call/press", keys="1")["call"]
    assert call["heard"] == ["Haven. Press 1 to accept.", "Thank you."]
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
    world.forward(21)
    call = world.state()["call"]
    assert call["heard"] == ["Haven. Press 1 to accept.", "Goodbye."]
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
    ],
)
def test_a_script_that_cannot_be_followed_ends_the_call(
    world: World, answer: Answer | None, words: str
) -> None:
    rings(world)
    world.gateway.answers("voice", answer)
    call = world.phone("call/answer")["call"]
    assert call["state"] == "ended"
    assert words in call["heard"][0]


def test_a_script_may_lead_on_and_play_and_reject(world: World) -> None:
    rings(world)
    world.gateway.answers(
        "voice",
        screen(f"<Response><Play url='x'/><Redirect>{PREFIX}voice</Redirect></Response>"),
        screen("<Response><Reject/></Response>"),
    )
    call = world.phone("call/answer")["call"]
    assert call["heard"] == ["(a recording is played)"]
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
