"""The threads that keep a box in touch with its gateway. They never hold up the console."""

import threading
from collections.abc import Callable
from random import Random

import structlog

from edge_node.exchange import Exchanger
from edge_node.gateway_connection import GatewayConnection
from edge_node.link import Link
from edge_node.notifier import Notifier
from shared.errors import HavenError, origin

_log = structlog.get_logger()
_FIRST_WAIT_S = 0.5
# Asking at once again and again is right while a backlog drains, and wrong for ever.
_MOST_AT_ONCE = 200


class Agent:
    """Exchanges when the doorbell rings, when this box has something to say, and every now and
    then; after a failure it waits longer each time, by chance, and never longer than that.
    """

    def __init__(
        self,
        exchanger: Exchanger,
        link: Link,
        notifier: Notifier,
        rng: Random,
        every_s: float,
        keep_doorbell: Callable[[Callable[[], None], threading.Event], None] | None,
        beside: GatewayConnection,
    ) -> None:
        self._exchanger = exchanger
        self._link = link
        self._notifier = notifier
        self._rng = rng
        self._every_s = every_s
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._beside = beside
        self._said = threading.Event()
        self._exchanging = threading.Event()
        self._threads = [
            threading.Thread(target=self._exchange, name="exchange", daemon=True),
            threading.Thread(target=self._send_beside, name="send", daemon=True),
        ]
        if keep_doorbell is not None:
            self._threads.append(
                threading.Thread(
                    target=keep_doorbell,
                    args=(self.wake, self._stopping),
                    name="doorbell",
                    daemon=True,
                )
            )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something waits: exchange now."""
        self._wake.set()

    def say(self) -> None:
        """Staff have said something: it goes out now, beside an exchange that is under way."""
        self._said.set()
        self._wake.set()

    def stop(self) -> None:
        """Lets the exchange under way end. Whatever was not sent is in the store."""
        self._stopping.set()
        self._said.set()
        self._wake.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)

    def _exchange(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._wake.clear()
            if self._drain():
                failures = 0
                wait_s = self._every_s
            else:
                failures += 1
                longest_s = min(self._every_s, _FIRST_WAIT_S * 2**failures)
                wait_s = longest_s * (0.5 + self._rng.random() / 2)
            self._wake.wait(wait_s)

    def _send_beside(self) -> None:
        """An exchange that is under way was begun before the staff spoke, and may take long on a
        slow line. Whatever fails here goes out with the next exchange.
        """
        while not self._stopping.is_set():
            self._said.wait()
            self._said.clear()
            if self._stopping.is_set() or not self._exchanging.is_set():
                continue
            try:
                self._exchanger.send(self._beside)
            except HavenError as error:
                _log.info("not sent beside an exchange", problem=str(error))
            except Exception as error:
                _log.error("sending beside an exchange failed", error=origin(error))

    def _drain(self) -> bool:
        """Exchanges until nothing waits. False when that failed."""
        self._exchanging.set()
        try:
            for _ in range(_MOST_AT_ONCE):
                if not self._exchanger.run().more or self._stopping.is_set():
                    break
        except HavenError as error:
            self._fail(str(error))
            return False
        except Exception as error:
            # Whatever it is, this thread has to live: it is the way out for every answer.
            _log.error("exchange failed", error=origin(error))
            self._fail(
                f"This box has a fault of its own ({type(error).__name__}). Check that its disk "
                "is not full; dispatches can be answered by SMS or telephone meanwhile."
            )
            return False
        finally:
            self._exchanging.clear()
        return True

    def _fail(self, problem: str) -> None:
        if self._link.update(connected=False, problem=problem):
            _log.warning("no exchange", problem=problem)
            self._notifier.changed()
