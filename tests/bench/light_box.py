"""A box that speaks to the gateway as a real one does, without store or console."""

from dataclasses import replace
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import websocket

from edge_node.machine import real_system
from sync import exchange
from sync.frame import Frame
from sync.note import Note, state_hash
from sync.sealing import Bearer, NodeKeys, PublicKeys
from sync.stream_log import Acknowledgement
from sync.stream_log.values import NO_HASH, next_hash

_PATH = "/sync/v1/exchange"


def keys_of(number: int) -> NodeKeys:
    """A light box's keys."""
    return NodeKeys(number.to_bytes(32, "big"))


class LightBox:
    """A box that remembers how far it is, and nothing else."""

    def __init__(self, number: int, site_id: int, gateway: PublicKeys, url: str) -> None:
        self._session = exchange.session(keys_of(number), gateway, site_id, number)
        self._system = real_system()
        parts = urlsplit(url)
        self._line = HTTPConnection(str(parts.hostname), parts.port, timeout=120)
        self._has: dict[tuple[int, int], Acknowledgement] = {}
        self._told: dict[tuple[int, int], Acknowledgement] | None = None
        self._heard_at: datetime | None = None
        self._number = 0
        self._challenge = b""

    @property
    def count(self) -> int:
        return sum(each.cursor for each in self._has.values())

    def connects(self, url: str) -> websocket.WebSocket:
        """The doorbell, after its first ring."""
        bell = websocket.create_connection(url, timeout=120)
        self._challenge = _binary(bell)
        bell.send_binary(exchange.build_hello(self._session, self._challenge))
        self.rung(bell)
        return bell

    def rung(self, bell: websocket.WebSocket) -> int:
        """How many events there are, at the next ring, which may have brought some."""
        bell.settimeout(600)
        count, frame = exchange.open_ring(self._session, self._challenge, _binary(bell))
        if frame is not None:
            self._take(frame)
        return count

    def exchanges(self) -> None:
        """Fetches what waits, and acknowledges what came before."""
        has = tuple(self._has.values())
        said = has
        if self._told is not None:
            said = tuple(each for at, each in self._has.items() if self._told.get(at) != each)
        note = Note(
            clock=self._system.now(),
            state_hash=state_hash(has),
            acknowledgements=said,
            complete=self._told is None,
            heard_at=self._heard_at,
        )
        self._number += 1
        body = exchange.build_request(self._session, self._number, note, [], Bearer.HTTPS)
        try:
            content = self._post(body)
        except (ConnectionError, HTTPException):
            # The gateway lets go of a connection that is silent for long.
            self._line.close()
            content = self._post(body)
        message = exchange.open_answer(self._session, body, content, Bearer.HTTPS)
        self._heard_at, self._told = message.note.clock, dict(self._has)
        for frame in message.frames:
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        at = frame.lane, frame.epoch
        known = self._has.get(at, Acknowledgement(*at, 0, 0, NO_HASH))
        for payload in frame.payloads[known.cursor + 1 - frame.first_seq :]:
            hashed = next_hash(known.running_hash, payload)
            known = replace(known, cursor=known.cursor + 1, running_hash=hashed)
        self._has[at] = known

    def _post(self, body: bytes) -> bytes:
        self._line.request("POST", _PATH, body, {"Content-Type": "application/octet-stream"})
        answer = self._line.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the gateway answers {answer.status}")
        return content


def _binary(bell: websocket.WebSocket) -> bytes:
    content = bell.recv()
    if isinstance(content, str):
        raise TypeError("the doorbell speaks in bytes")
    return content
