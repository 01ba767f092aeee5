"""The doorbell where it cannot be connected: it is tried more and more rarely."""

import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from random import Random

from edge_node.acting import Actor
from edge_node.back_off import BackOff
from edge_node.config import from_environment
from edge_node.doorbell import Doorbell
from edge_node.gateway_tls import gateway_context
from tests.edge_node.listeners import Listener
from tests.edge_node.two_sides import Gateway, Hospital

Both = tuple[Gateway, Hospital]


def _longest_waits(back_off: BackOff, count: int) -> list[float]:
    """Waits of a back-off whose chance is used up, one after each failure."""
    waits = []
    for _ in range(count):
        back_off.failed()
        waits.append(back_off.wait_s())
    return waits


class Highest(Random):
    """Chance that always gives nearly the most."""

    def random(self) -> float:
        return 0.999999


def test_waits_double_up_to_an_hour_where_no_connection_ever_was() -> None:
    waits = _longest_waits(BackOff(Highest()), 20)
    assert [round(wait) for wait in waits[:6]] == [2, 4, 8, 16, 32, 64]
    assert 3500 < max(waits) <= 3600


def test_waits_stay_within_minutes_where_it_has_worked_and_begin_anew() -> None:
    back_off = BackOff(Highest())
    _longest_waits(back_off, 5)
    back_off.lost(after_s=3600)
    assert round(back_off.wait_s()) == 1
    assert 299 < max(_longest_waits(back_off, 20)) <= 300


def test_a_connection_that_breaks_off_at_once_has_not_worked() -> None:
    back_off = BackOff(Highest())
    for _ in range(8):
        back_off.lost(after_s=0.2)
    assert round(back_off.wait_s()) == 256


def test_boxes_do_not_come_back_at_the_same_moment() -> None:
    waits = []
    for seed in range(200):
        back_off = BackOff(Random(seed))
        waits += _longest_waits(back_off, 6)[-1:]
    assert min(waits) >= 32
    assert max(waits) <= 64
    assert max(waits) - min(waits) > 25


class Refusal(BaseHTTPRequestHandler):
    """A network that lets no WebSocket through."""

    def do_GET(self) -> None:
        self.send_error(403)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Stopping(threading.Event):
    """A program that is told to stop after so many waits, of no time at all; before each of them
    something may happen.
    """

    def __init__(self, after: int, meanwhile: Callable[[int], object]) -> None:
        super().__init__()
        self._waits, self._after, self._meanwhile = 0, after, meanwhile

    def wait(self, timeout: float | None = None) -> bool:
        self._waits += 1
        self._meanwhile(self._waits)
        if self._waits >= self._after:
            self.set()
        return self.is_set()


def _attempts(two_sides: Both, meanwhile: Callable[[int], object]) -> int:
    """How often a box tries within so much waiting."""
    _, hospital = two_sides
    listener = Listener(Refusal, None)
    url = f"ws://127.0.0.1:{listener.port}/sync/v1/doorbell"
    doorbell = Doorbell(
        hospital.store,
        hospital.identity.node_keys(),
        replace(hospital.identity.site(), doorbell_url=url),
        hospital.link,
        hospital.notifier,
        Random(1),
        gateway_context(from_environment({}).ca_file, lambda: None),
        Actor(hospital.system, hospital.link, lambda: True),
    )
    doorbell.keep(lambda: None, Stopping(300, meanwhile))
    listener.close()
    assert not hospital.link.state.doorbell
    return listener.connections


def test_blocked_sockets_are_tried_rarely_and_again_when_the_network_is_back(
    two_sides: Both,
) -> None:
    link = two_sides[1].link
    link.update(connected=True)
    assert _attempts(two_sides, lambda number: None) <= 10
    # The exchange fails and succeeds again, over and over.
    flapping = _attempts(two_sides, lambda number: link.update(connected=number % 4 == 0))
    assert flapping >= 50
