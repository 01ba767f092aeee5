"""The threads that act by themselves: a sweeper that fires due timers, one that reads changed
places, one that notices a database set back to a copy, one that texts boxes which the network does
not reach, and senders that empty the outbox.

On SQLite they live in the web process, the only one that writes; on PostgreSQL in worker processes.
"""

import threading
from collections.abc import Callable
from functools import partial

import structlog

from gateway.delivery.sending import Carriers, send
from gateway.emergencies import firing
from gateway.notifications import outbox
from gateway.restoring import hold
from gateway.sites import box_texts, texting
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sms.arriving import arrive
from gateway.sms.incoming import IncomingSms
from gateway.unit_of_work import Services

_log = structlog.get_logger(__name__)

_SWEEP_EVERY_S = 1.0
# How far the database has come is written to a file of its own, durably.
_WATCH_EVERY_S = 5.0
# Two sends of at most 13 s each end well within a lease.
_CLAIMED_AT_ONCE = 2
# One interpreter does both: a text that goes out a moment later costs a caller nothing, a screen
# that comes late may cost the session.
_GIVES_WAY_S = 0.1


class Workers:
    """Starts and stops the sweeper and the senders."""

    def __init__(
        self, services: Services, carriers: Carriers, desk: ExchangeDesk, senders: int = 4
    ) -> None:
        self._services = services
        self._carriers = carriers
        self._desk = desk
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._loop,
                args=(self._sweep, self._stopping.wait),
                name="sweeper",
                daemon=True,
            )
        ]
        # Its own thread: reading a country's places takes seconds, and what is due must not wait.
        self._threads.append(
            threading.Thread(
                target=self._loop,
                args=(self._refresh_places, self._stopping.wait),
                name="places",
                daemon=True,
            )
        )
        self._threads.append(
            threading.Thread(
                target=self._loop,
                args=(self._watch_restores, lambda _: self._stopping.wait(_WATCH_EVERY_S)),
                name="restores",
                daemon=True,
            )
        )
        self._threads.append(
            threading.Thread(
                target=self._loop,
                args=(self._text_boxes, self._stopping.wait),
                name="box texts",
                daemon=True,
            )
        )
        if carriers.modem is not None:
            self._threads.append(
                threading.Thread(
                    target=self._loop,
                    args=(self._read_modem, self._stopping.wait),
                    name="modem",
                    daemon=True,
                )
            )
        self._threads += [
            threading.Thread(
                target=self._loop,
                args=(self._send_some, services.sender_bell.wait),
                name=f"sender-{number}",
                daemon=True,
            )
            for number in range(senders)
        ]

    def start(self) -> None:
        """Lets them run."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Lets each finish what it is at; what is not begun stays in the outbox."""
        self._stopping.set()
        self._services.sender_bell.ring(len(self._threads))
        for thread in self._threads:
            thread.join(timeout_s)

    def _loop(self, work: Callable[[], bool], wait: Callable[[float], bool]) -> None:
        while not self._stopping.is_set():
            try:
                found_work = work()
            except Exception:
                # A sweep that fails is tried again: what is due stays due until it has been done.
                _log.exception("background work failed", thread=threading.current_thread().name)
                found_work = False
            if not found_work:
                wait(_SWEEP_EVERY_S)

    def _sweep(self) -> bool:
        fired = firing.fire_due(self._services)
        if fired:
            self._services.sender_bell.ring(fired)
        return False

    def _watch_restores(self) -> bool:
        hold.look(self._services)
        hold.release_when_ready(self._services)
        return False

    def _text_boxes(self) -> bool:
        texting.text_boxes(self._services, self._desk.keys)
        return False

    def _read_modem(self) -> bool:
        modem = self._carriers.modem
        if modem is not None:
            modem.look(self._take_sms)
        return False

    def _take_sms(self, name: str, sender: str, text: str) -> None:
        arrive(
            self._services,
            IncomingSms(provider_id=name, sender=sender, text=text),
            partial(box_texts.receive, self._desk),
        )

    def _refresh_places(self) -> bool:
        self._services.places.refresh()
        return False

    def _send_some(self) -> bool:
        now = self._services.system.now()
        if not self._services.database.read(lambda c: outbox.anything_due(c, now)):
            return False
        self._services.traffic.give_way(_GIVES_WAY_S)
        claimed = self._services.write(lambda uow: outbox.claim(uow, _CLAIMED_AT_ONCE))
        for message in claimed:
            send(self._services, self._carriers, message)
        return bool(claimed)
