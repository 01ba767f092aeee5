"""The simulator's server with a browser that goes away."""

import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Flask, Response

from gateway.simulator.server import running


def test_what_was_sent_is_closed_when_the_browser_has_gone_away() -> None:
    gone, closed = threading.Event(), threading.Event()
    app = Flask(__name__)
    app.extensions["stop"] = lambda: None

    class SlowToEnd:
        def __iter__(self) -> Iterator[bytes]:
            yield b"all of it"
            gone.wait(20)

        def close(self) -> None:
            closed.set()

    @app.get("/")
    def page() -> Response:
        return Response(SlowToEnd(), headers={"Content-Length": "9"})

    with running(app) as url:
        address = urlsplit(url)
        client = socket.create_connection((str(address.hostname), int(address.port or 0)))
        client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        received = b""
        while not received.endswith(b"all of it"):
            received += client.recv(1024)
        # With a reset, as by a browser that has gone to another page.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        gone.set()
        assert closed.wait(20)
