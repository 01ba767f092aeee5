"""The way of an exchange: what it does to a request and to its answer, the seed decides."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from edge_node import enrolment
from edge_node.gateway_connection import AnswerBrokeOff, GatewayRefused, GatewayUnreachable
from sync.packing import Unreadable
from sync.sealing import Refused
from tests.simulation.broken import Broken
from tests.simulation.centre import Centre
from tests.simulation.clock import Clock
from tests.simulation.disk import PowerCut

_MOST_KEPT = 30


class Network:
    """Loses, delays, repeats, reorders, damages and swaps. `meanwhile` is what else happens while
    a request is under way.
    """

    def __init__(
        self, centre: Centre, clock: Clock, rng: Random, meanwhile: Callable[[], None]
    ) -> None:
        self._centre = centre
        self._clock = clock
        self._rng = rng
        self._meanwhile = meanwhile
        self.is_calm = True
        self.is_cut = False
        # What the last post gave back was not the answer to its request.
        self.gave_another = False
        self._requests: list[bytes] = []
        self._answers: list[bytes] = []

    def post(self, path: str, body: bytes) -> bytes:
        self.gave_another = False
        if path == enrolment.ENROL_PATH:
            answered = self._centre.enrols(body)
            if answered is None:
                raise GatewayRefused("refused")
            return answered
        if self.is_calm:
            return self._deliver(body)
        if self.is_cut:
            raise GatewayUnreachable("The cable is out.")
        return self._by_chance(body)

    def _by_chance(self, body: bytes) -> bytes:
        rng = self._rng
        self._keep(self._requests, body)
        self._passes()
        if rng.random() < 0.1:
            raise GatewayUnreachable("Lost on the way, or late: it may be delivered yet.")
        if rng.random() < 0.05:
            self._deliver_damaged(body)
        if rng.random() < 0.1:
            self.repeats_an_old_request()
        if rng.random() < 0.2:
            self._meanwhile()
        answer = self._deliver(body)
        if rng.random() < 0.08:
            self._deliver(body)
        if rng.random() < 0.2:
            self._meanwhile()
        self._passes()
        if rng.random() < 0.1:
            if len(answer) % 2:
                raise AnswerBrokeOff("The answer broke off.", answer[: len(answer) * 3 // 4])
            raise GatewayUnreachable("The answer is lost.")
        return self._perhaps_another(answer)

    def repeats_an_old_request(self) -> None:
        """One that was sent before, whether or not it has arrived."""
        if self._requests:
            self._deliver(self._rng.choice(self._requests))

    def _perhaps_another(self, answer: bytes) -> bytes:
        rng, old = self._rng, list(self._answers)
        self._keep(self._answers, answer)
        given = answer
        if old and rng.random() < 0.06:
            given = rng.choice(old)
        elif rng.random() < 0.05:
            damaged = bytearray(answer)
            damaged[rng.randrange(len(answer))] ^= 1 << rng.randrange(8)
            given = bytes(damaged[: rng.randrange(1, len(answer) + 1)])
        self.gave_another = given != answer
        return given

    def _deliver(self, body: bytes) -> bytes:
        try:
            return self._centre.answers(body)
        except (Refused, Unreadable) as error:
            raise Broken("a box's own request is taken", repr(error)) from error
        except PowerCut as cut:
            if cut.disk is not self._centre.disk:
                raise
            self._centre.power_returns()
            raise GatewayUnreachable("The gateway's power went.") from None

    def _deliver_damaged(self, body: bytes) -> None:
        damaged = bytearray(body)
        damaged[self._rng.randrange(len(body))] ^= 1 << self._rng.randrange(8)
        try:
            self._centre.answers(bytes(damaged))
        except (Refused, Unreadable):
            return
        raise Broken("what is damaged is refused", "a damaged request was answered")

    def _passes(self) -> None:
        self._clock.forward(timedelta(seconds=self._rng.choice([0.05, 0.3, 2, 20])))

    def _keep(self, kept: list[bytes], message: bytes) -> None:
        kept.append(message)
        del kept[:-_MOST_KEPT]
