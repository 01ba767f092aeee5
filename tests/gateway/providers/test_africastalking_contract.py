"""The adapter and the simulator hold to the same interface, over real sockets on loopback."""

from collections.abc import Iterator

import pytest

from gateway.providers.africastalking import AfricasTalking
from gateway.providers.http_post import PooledFormPoster, TimeLimits
from gateway.simulator.client import Phone
from gateway.simulator.control_client import SimulatorControl
from gateway.simulator.faults import SHAPES
from shared.errors import HavenError, OperatorMustAct, SendRefused, SendRetryable
from tests.gateway.simulator.loopback import KEY, SHORTCODE, VOICE_NUMBER, Loopback, loopback

TO = "+254711000111"


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with loopback() as started:
        yield started


@pytest.fixture
def world(server: Loopback) -> Loopback:
    control = SimulatorControl(server.url)
    control.clear_faults()
    control.set_credit(None)
    return server


def test_a_message_arrives_as_it_was_sent(world: Loopback) -> None:
    accepted = world.provider.send_sms(TO, "7K2F Kenyatta National knows.", SHORTCODE)
    assert accepted.message_id is not None
    assert accepted.message_id.startswith("ATXid_")
    assert accepted.cost == "KES 0.8000"
    with Phone(world.url, TO) as phone:
        phone.receives_sms(containing="7K2F Kenyatta National knows.")


def test_a_call_rings(world: Loopback) -> None:
    accepted = world.provider.call("+254722000222", VOICE_NUMBER)
    assert accepted.message_id is not None
    with Phone(world.url, "+254722000222") as phone:
        phone.answers_call().hears("Press 1 to accept").presses("1").hears("Thank you")


CODES: list[tuple[int, type[HavenError]]] = [
    *((code, SendRefused) for code in (401, 403, 404, 406, 407, 409)),
    *((code, OperatorMustAct) for code in (402, 405)),
    *((code, SendRetryable) for code in (500, 501, 502)),
]


@pytest.mark.parametrize(("code", "error"), CODES)
def test_each_status_code(world: Loopback, code: int, error: type[HavenError]) -> None:
    SimulatorControl(world.url).add_fault("sms", status_code=code)
    with pytest.raises(error):
        world.provider.send_sms(TO, "text", SHORTCODE)


ODD: dict[str, type[HavenError] | None] = {
    "charset": None,
    "processed_with_parts": None,
    "other_number_format": None,
    "id_none": SendRefused,
    "nobody": OperatorMustAct,
    "no_recipients": SendRetryable,
    "plain_401": OperatorMustAct,
    "redirect": OperatorMustAct,
    "html": SendRetryable,
    "not_json": SendRetryable,
    "empty": SendRetryable,
    "half": SendRetryable,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_odd_shape(world: Loopback, shape: str) -> None:
    SimulatorControl(world.url).add_fault("sms", shape=shape)
    error = ODD[shape]
    if error is None:
        assert world.provider.send_sms(TO, "text", SHORTCODE).message_id
        return
    with pytest.raises(error):
        world.provider.send_sms(TO, "text", SHORTCODE)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_cut_connection(world: Loopback, moment: str) -> None:
    SimulatorControl(world.url).add_fault("sms", drop_connection=moment)
    with pytest.raises(SendRetryable, match="may be on its way"):
        world.provider.send_sms(TO, f"cut {moment}", SHORTCODE)
    if moment == "after":
        with Phone(world.url, TO) as phone:
            phone.receives_sms(containing="cut after")


def test_a_slow_answer_is_not_waited_for(world: Loopback) -> None:
    SimulatorControl(world.url).add_fault("sms", delay_s=1)
    post = PooledFormPoster(TimeLimits(connect_s=0.5, answer_s=0.1))
    provider = AfricasTalking("sandbox", KEY, world.url, post=post)
    with pytest.raises(SendRetryable, match="may be on its way"):
        provider.send_sms(TO, "text", SHORTCODE)
    post.close()


def test_no_credit(world: Loopback) -> None:
    SimulatorControl(world.url).set_credit(0)
    with pytest.raises(OperatorMustAct, match="credit"):
        world.provider.send_sms(TO, "text", SHORTCODE)


def test_wrong_key_sender_and_voice_number(world: Loopback) -> None:
    wrong = AfricasTalking("sandbox", "wrong", world.url, world.url)
    with pytest.raises(OperatorMustAct, match="HAVEN_AT_API_KEY"):
        wrong.send_sms(TO, "text", SHORTCODE)
    with pytest.raises(OperatorMustAct, match="HAVEN_AT_API_KEY"):
        wrong.call(TO, VOICE_NUMBER)
    with pytest.raises(OperatorMustAct, match="sender"):
        world.provider.send_sms(TO, "text", "MPESA")
    with pytest.raises(OperatorMustAct, match="voice number"):
        world.provider.call(TO, "+254700000000")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("InvalidPhoneNumber", SendRefused),
        ("DestinationNotSupported", SendRefused),
        ("InsufficientCredit", OperatorMustAct),
    ],
)
def test_each_answer_to_a_call(world: Loopback, status: str, error: type[HavenError]) -> None:
    SimulatorControl(world.url).add_fault("call", call_status=status)
    with pytest.raises(error):
        world.provider.call(TO, VOICE_NUMBER)


def test_nobody_there() -> None:
    provider = AfricasTalking("sandbox", KEY, "http://127.0.0.1:1")
    with pytest.raises(SendRetryable, match="could not be reached"):
        provider.send_sms(TO, "text", SHORTCODE)
