"""The threads that keep a box in touch."""

import threading
from collections.abc import Iterator
from random import Random

import pytest

from edge_node.agent import Agent
from edge_node.config import from_environment
from gateway.processes import serve
from shared.dispatch import DispatchState
from tests.edge_node.two_sides import Gateway, Hospital, Network

Both = tuple[Gateway, Hospital]
_LONG_S = 30


class SlowLine(Network):
    """A line on which the answer takes until a test lets it through."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.slow = False
        self.waiting, self.through = threading.Event(), threading.Event()

    def post(self, path: str, body: bytes) -> bytes:
        answer = super().post(path, body)
        if self.slow:
            self.waiting.set()
            assert self.through.wait(_LONG_S)
        return answer


class HeardNetwork(Network):
    """Says when it has carried something."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self.carried = threading.Event()

    def post(self, path: str, body: bytes) -> bytes:
        answer = super().post(path, body)
        self.carried.set()
        return answer


@pytest.fixture
def lines(two_sides: Both) -> Iterator[tuple[SlowLine, HeardNetwork]]:
    gateway, _ = two_sides
    slow = SlowLine(gateway)
    yield slow, HeardNetwork(gateway)
    slow.through.set()


def test_an_answer_does_not_wait_for_a_long_download(
    two_sides: Both, lines: tuple[SlowLine, HeardNetwork]
) -> None:
    gateway, hospital = two_sides
    slow, beside = lines
    first = gateway.offers()
    hospital.exchanges()
    hospital.network = slow
    hospital.restarts()
    agent = Agent(
        hospital.exchanger,
        hospital.link,
        hospital.notifier,
        Random(1),
        every_s=3600,
        keep_doorbell=None,
        beside=beside,
    )
    second = gateway.offers()
    slow.slow = True
    agent.start()
    assert slow.waiting.wait(_LONG_S)
    hospital.box.accept(first, "AK")
    agent.say()
    assert beside.carried.wait(_LONG_S)
    assert gateway.state_of(first) is DispatchState.ACCEPTED
    assert second not in {each.id for each in hospital.box.dispatches()}
    slow.slow = False
    slow.through.set()
    agent.stop()
    assert hospital.box.dispatch(second).rings
    assert len(gateway.effects()) == len(set(gateway.effects()))


def test_the_gateway_keeps_a_boxs_connection_from_one_question_to_the_next() -> None:
    asks_every_ms = from_environment({}).exchange_every_s * 1000
    assert asks_every_ms * 2 < serve.IDLE_MS
