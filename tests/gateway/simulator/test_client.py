"""The story-telling client: what it does, and that it fails when the story is not true."""

from collections.abc import Callable, Iterator

import pytest

from gateway.simulator.client import Phone, PhoneRefused
from tests.gateway.simulator.loopback import SHORTCODE, VOICE_NUMBER, Loopback, loopback


@pytest.fixture(scope="module")
def world() -> Iterator[Loopback]:
    with loopback() as started:
        yield started


@pytest.fixture
def phone(world: Loopback, request: pytest.FixtureRequest) -> Iterator[Phone]:
    # Each test picks up a phone of its own, so that none finds another's messages.
    number = f"+25471{abs(hash(request.node.name)) % 10**7:07d}"
    with Phone(world.url, number) as picked_up:
        yield picked_up


def test_a_whole_story(world: Loopback, phone: Phone) -> None:
    phone.dials("*384*911#").sees("haven").chooses("1").sees("FIRST", "Snake").chooses("2")
    phone.sees("Where").does_not_see("Snake").types("olympic kibra").sees("7K2F").session_is_over()
    world.provider.send_sms(phone.number, "Reply 1 no transport", SHORTCODE)
    world.provider.send_sms(phone.number, "Help is coming", SHORTCODE)
    phone.receives_sms(containing="help is").receives_sms(containing="reply 1").replies("1")
    assert phone.sms_text == "Reply 1 no transport"
    phone.sends_sms(SHORTCODE, "2", twice=True)


def test_a_call(world: Loopback, phone: Phone) -> None:
    world.provider.call(phone.number, VOICE_NUMBER)
    phone.answers_call().hears("press 1").hangs_up()


def test_a_turn_in_trouble(phone: Phone) -> None:
    phone.dials("*384*911#", twice=True).chooses("1", lose_answer=True).does_not_see("Snake")
    phone.dials("*384*911*1#").sees("Snake").drops(told=False)


STORIES: dict[str, tuple[Callable[[Phone], object], str]] = {
    "sees": (lambda phone: phone.dials("*384*911#").sees("Snake"), "'Snake' is not on the screen"),
    "does not see": (
        lambda phone: phone.dials("*384*911#").does_not_see("haven"),
        "'haven' is on the screen",
    ),
    "chooses": (lambda phone: phone.dials("*384*911#").chooses("7"), "no 7 to choose"),
    "over": (lambda phone: phone.dials("*384*911#").session_is_over(), "did not end with END"),
    "message": (
        lambda phone: phone.receives_sms("x", within_s=0.05),
        "no new message says 'x' within 0.05 s",
    ),
    "reply": (lambda phone: phone.replies("1"), "no message was received"),
    "call": (lambda phone: phone.answers_call(within_s=0.05), "no call rings"),
    "hears": (lambda phone: phone.hears("hello", within_s=0.05), "the call does not say 'hello'"),
}


@pytest.mark.parametrize(("story", "fault"), STORIES.values(), ids=STORIES.keys())
def test_an_untrue_story_fails_and_shows_the_phone(
    phone: Phone, story: Callable[[Phone], object], fault: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        story(phone)
    said = str(caught.value)
    assert fault in said
    assert phone.number in said


def test_the_failure_shows_the_screen(phone: Phone) -> None:
    with pytest.raises(AssertionError, match="1 English"):
        phone.dials("*384*911#").sees("nonsense")


def test_a_message_is_received_once(world: Loopback, phone: Phone) -> None:
    world.provider.send_sms(phone.number, "once", SHORTCODE)
    phone.receives_sms("once")
    with pytest.raises(AssertionError, match="SMS from 20911: once"):
        phone.receives_sms("once", within_s=0.05)


def test_what_the_simulator_refuses_is_told(phone: Phone) -> None:
    with pytest.raises(PhoneRefused, match="dial the code first"):
        phone.types("1")


def test_no_answer_from_a_gateway_that_is_down(world: Loopback, phone: Phone) -> None:
    phone.dials("*999#").sees("Connection problem")
    with pytest.raises(AssertionError, match="did not end with END"):
        phone.session_is_over()
