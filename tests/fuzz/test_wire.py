"""The real web server, and whatever bytes come over the wire: half requests, wrong lengths, bodies
that are no text.
"""

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest
import requests

from tests.faults.installation import SECRET, Installation, until
from tests.fuzz import rubbish

_PATH = f"/callbacks/africastalking/{SECRET}/"
_TYPE = b"Content-Type: application/x-www-form-urlencoded\r\n"
_REQUESTS = 600
_STATUS = re.compile(rb"^HTTP/1\.[01] ([0-9]{3}) ", re.MULTILINE)

pytestmark = pytest.mark.processes


@dataclass(frozen=True)
class Wire:
    """What goes over one connection. `whole`: a complete request that has to be answered."""

    sent: bytes
    whole: bool
    is_turn: bool = False


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Installation]:
    """The web process alone, on an empty database."""
    made = Installation(tmp_path)
    made.command("db", "upgrade")
    web = made.program("serve", "gateway", "serve")
    web.start()
    until("the web process answers", partial(_is_ready, made.url))
    yield made
    assert web.exit_code is None, "the web process ended"
    made.close()
    print(made.logs())


def _is_ready(url: str) -> bool:
    return requests.get(f"{url}/readyz", timeout=5).status_code == 200


def _turn(rng: Random) -> bytes:
    fields = {
        b"sessionId": rng.choice([b"ATUid_%d" % rng.randrange(9), rng.randbytes(6)]),
        b"phoneNumber": rng.choice([b"%2B25471100011" + b"%d" % rng.randrange(9), b"x"]),
        b"serviceCode": b"*384*911%23",
        b"networkCode": b"63902",
        b"text": rng.choice([b"", b"1", b"1*2", b"1*2*2*9", rng.randbytes(rng.randrange(60))]),
    }
    return b"&".join(name + b"=" + value for name, value in fields.items())


def _request(body: bytes, *, size: object = None, door: str = "ussd", more: bytes = b"") -> bytes:
    length = len(body) if size is None else size
    head = f"POST {_PATH}{door} HTTP/1.1\r\nHost: haven\r\nConnection: close\r\n".encode()
    return head + _TYPE + more + f"Content-Length: {length}\r\n\r\n".encode() + body


def _wire(rng: Random) -> Wire:
    body = _turn(rng)
    kind = rng.randrange(10)
    if kind < 3:
        return Wire(_request(body), whole=True, is_turn=True)
    if kind == 3:
        body = rng.choice([rng.randbytes(rng.randrange(2_000)), rng.choice(rubbish.BODIES)])
        return Wire(_request(body), whole=True, is_turn=True)
    if kind == 4:
        body = rng.choice([body, rng.randbytes(300)])
        return Wire(_request(body, door=rng.choice(rubbish.DOORS)), whole=True)
    if kind == 5:
        # The rest is what the next request on this connection would be.
        return Wire(_request(body, size=rng.randrange(len(body))), whole=False)
    if kind == 6:
        size = rng.choice([len(body) + 1 + rng.randrange(99), -1, "many", "9" * 30, "1, 2", ""])
        return Wire(_request(body, size=size), whole=False)
    if kind == 7:
        whole = _request(body)
        return Wire(whole[: rng.randrange(len(whole))], whole=False)
    if kind == 8:
        return Wire(_chunked(rng, body), whole=False)
    line = rng.choice([rng.randbytes(50), b"POST\r\n\r\n", b"\x00" * 9, b"GET / HTTP/9.9\r\n\r\n"])
    return Wire(line + b"\r\n\r\n" + _request(body), whole=False)


def _chunked(rng: Random, body: bytes) -> bytes:
    head = f"POST {_PATH}ussd HTTP/1.1\r\nHost: haven\r\nTransfer-Encoding: chunked\r\n".encode()
    size = rng.choice([b"%x" % len(body), b"-1", b"zz", b"f" * 20, b"0", b"%x" % (len(body) + 9)])
    return head + _TYPE + b"\r\n" + size + b"\r\n" + body + b"\r\n0\r\n\r\n"


def _answers(url: str, sent: bytes, *, whole: bool = True) -> bytes:
    """All that comes back until the server hangs up. When it is not `whole`, it hears that nothing
    more is to come.
    """
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    received = b""
    # It may hang up on rubbish before it has read all of it.
    with (
        suppress(OSError),
        socket.create_connection((address.hostname, address.port), timeout=30) as connection,
    ):
        connection.sendall(sent)
        if not whole:
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65_536):
            received += piece
    return received


def test_whatever_bytes_come_no_request_breaks_the_server(serving: Installation) -> None:
    rng = Random(384)
    for _ in range(_REQUESTS):
        wire = _wire(rng)
        received = _answers(serving.url, wire.sent, whole=wire.whole)
        statuses = [int(status) for status in _STATUS.findall(received)]
        assert not [status for status in statuses if status >= 500], (wire, received)
        if wire.whole:
            assert statuses[:1] == [200], (wire, received)
        if wire.is_turn:
            shown = received.partition(b"\r\n\r\n")[2]
            assert shown.startswith((b"CON ", b"END ")), (wire, received)


def test_while_many_requests_stay_unfinished_others_are_answered(serving: Installation) -> None:
    address = urlsplit(serving.url)
    whole = _request(_turn(Random(1)))
    open_ones = []
    for size in range(1, 200):
        connection = socket.create_connection((address.hostname, address.port), timeout=30)
        connection.sendall(whole[: size % len(whole)])
        open_ones.append(connection)
    received = _answers(serving.url, whole)
    assert received.startswith(b"HTTP/1.1 200")
    for connection in open_ones:
        connection.close()
    assert (
        _answers(serving.url, whole).partition(b"\r\n\r\n")[2]
        == (received.partition(b"\r\n\r\n")[2])
    )
