"""The doorbell: a WebSocket on which the gateway tells that something waits, and brings it where it
is little.
"""

import threading
import time
from collections.abc import Callable
from random import Random

import structlog
import websocket

from edge_node import proxy
from edge_node.acting import Actor
from edge_node.back_off import BackOff
from edge_node.gateway_tls import GatewayContext
from edge_node.identity import Site
from edge_node.link import Link
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import streams
from shared.errors import origin
from sync import exchange, peer
from sync.exchange import Session
from sync.frame import Frame
from sync.sealing import NodeKeys

_log = structlog.get_logger()
_CONNECT_S = 10
# The gateway pings every 25 s; a line on which even that is missing is dead.
_SILENT_S = 60
_LOOK_S = 2.0


class Doorbell:
    """Keeps one doorbell connected. It is a convenience: without it the box asks by the clock."""

    def __init__(
        self,
        store: Store,
        keys: NodeKeys,
        site: Site,
        link: Link,
        notifier: Notifier,
        rng: Random,
        tls: GatewayContext,
        actor: Actor,
    ) -> None:
        self._store = store
        self._keys = keys
        self._site = site
        self._link = link
        self._notifier = notifier
        self._rng = rng
        self._tls = tls
        self._actor = actor
        self._rang_at_s: float | None = None

    def keep(self, wake: Callable[[], None], stopping: threading.Event) -> None:
        """Runs until `stopping`; `wake` is called for every ring that brings news."""
        back_off = BackOff(self._rng)
        while not stopping.is_set():
            self._rang_at_s = None
            try:
                self._listen(wake, stopping)
            except Exception as error:
                # Whatever it is, it is only the doorbell: try again, more and more rarely.
                _log.info("doorbell lost", reason=origin(error))
            if self._rang_at_s is None:
                back_off.failed()
            else:
                back_off.lost(time.monotonic() - self._rang_at_s)
            self._say(connected=False)
            self._rest(back_off.wait_s(), stopping)

    def _rest(self, wait_s: float, stopping: threading.Event) -> None:
        """Waits, but not when exchanges succeed again that did not: the network is back."""
        was_connected = self._link.state.connected
        while wait_s > 0 and not stopping.wait(min(wait_s, _LOOK_S)):
            wait_s -= _LOOK_S
            connected = self._link.state.connected
            if connected and not was_connected:
                return
            was_connected = connected

    def _listen(self, wake: Callable[[], None], stopping: threading.Event) -> None:
        url = self._site.doorbell_url
        line = websocket.create_connection(
            url,
            timeout=_CONNECT_S,
            enable_multithread=True,
            sslopt={"context": self._tls},
            **proxy.websocket_options(url),
        )
        # The thread that stops the program must not wait for a silent line.
        watch = threading.Thread(target=_hang_up, args=(line, stopping), daemon=True)
        watch.start()
        try:
            challenge = _receive(line)
            session = self._session()
            line.send_binary(exchange.build_hello(session, challenge))
            line.settimeout(_SILENT_S)
            while not stopping.is_set():
                head, frame = exchange.open_ring(session, challenge, _receive(line))
                self._rang_at_s = self._rang_at_s or time.monotonic()
                self._say(connected=True)
                # What it brought is acknowledged by an exchange, which also says that it rings.
                brought = frame is not None and self._take(frame)
                # Fewer than we have: the gateway dropped some, or has lost them.
                if brought or head != self._seen():
                    wake()
        finally:
            line.close()

    def _take(self, frame: Frame) -> bool:
        """Stores what the ring brought; whether it was new."""
        new = self._store.write(lambda connection: self._actor.take_frame(connection, frame))
        if new:
            self._notifier.changed()
        return bool(new)

    def _session(self) -> Session:
        epoch = self._store.read(streams.outgoing.epoch)
        return exchange.session(self._keys, self._site.gateway, self._site.site_id, epoch or 0)

    def _seen(self) -> int:
        return self._store.read(lambda connection: peer.seen(connection, streams))

    def _say(self, *, connected: bool) -> None:
        if self._link.update(doorbell=connected):
            self._notifier.changed()


def _hang_up(line: websocket.WebSocket, stopping: threading.Event) -> None:
    while line.connected and not stopping.wait(1.0):
        pass
    line.abort()  # type: ignore[no-untyped-call]


def _receive(line: websocket.WebSocket) -> bytes:
    content = line.recv()
    return content.encode() if isinstance(content, str) else content
