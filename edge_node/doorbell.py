"""The doorbell: a WebSocket on which the gateway tells that something waits."""

import threading
from collections.abc import Callable
from random import Random

import structlog
import websocket

from edge_node import proxy
from edge_node.gateway_tls import GatewayContext
from edge_node.identity import Site
from edge_node.link import Link
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import streams
from shared.errors import origin
from sync import exchange, peer
from sync.exchange import Session
from sync.sealing import NodeKeys

_log = structlog.get_logger()
_CONNECT_S = 10
# The gateway pings every 25 s; a line on which even that is missing is dead.
_SILENT_S = 60
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0


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
    ) -> None:
        self._store = store
        self._keys = keys
        self._site = site
        self._link = link
        self._notifier = notifier
        self._rng = rng
        self._tls = tls

    def keep(self, wake: Callable[[], None], stopping: threading.Event) -> None:
        """Runs until `stopping`; `wake` is called for every ring that brings news."""
        failures = 0
        while not stopping.is_set():
            try:
                self._listen(wake, stopping)
                failures = 0
            except Exception as error:
                # Whatever it is, it is only the doorbell: try again, more and more rarely.
                failures = 0 if self._link.state.doorbell else failures + 1
                _log.info("doorbell lost", reason=origin(error))
            self._say(connected=False)
            longest_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**failures)
            stopping.wait(longest_s * (0.5 + self._rng.random() / 2))

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
                head = exchange.open_ring(session, challenge, _receive(line))
                self._say(connected=True)
                # Fewer than we have: the gateway dropped some, or has lost them.
                if head != self._seen():
                    wake()
        finally:
            line.close()

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
