"""A server and a proxy on loopback that count what comes to them."""

import select
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from simple_websocket import Server

CHALLENGE = b"0123456789abcdef"


class Listener:
    """A server in threads of its own, with this certificate if any."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], certificate: Path | None) -> None:
        self.connections = 0
        self._server = _Counting(("127.0.0.1", 0), handler)
        self._server.on_connection = self._count
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.context = context
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _count(self) -> None:
        self.connections += 1


class _Counting(ThreadingHTTPServer):
    on_connection: Callable[[], None]
    context: ssl.SSLContext | None = None
    daemon_threads = True
    block_on_close = False

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.on_connection()
        if self.context is not None:
            # The handshake comes with the first read, in a thread of the connection.
            connection = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses our certificate is what a test is about."""


class Echo(BaseHTTPRequestHandler):
    """Answers a POST with what it was sent, and a WebSocket with a challenge."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(self.carried(content))

    def carried(self, content: bytes) -> bytes:
        """What of an answer goes over the line."""
        return content

    def do_GET(self) -> None:
        environ = {
            "HTTP_" + name.upper().replace("-", "_"): value for name, value in self.headers.items()
        }
        environ |= {"werkzeug.socket": cast(Any, self.connection), "REQUEST_METHOD": "GET"}
        line = Server(environ)
        line.send(CHALLENGE)
        line.receive(timeout=10)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Breaking(Echo):
    """Hangs up after two thirds of an answer."""

    def carried(self, content: bytes) -> bytes:
        self.close_connection = True
        return content[: len(content) * 2 // 3]


class Tunnel(BaseHTTPRequestHandler):
    """A proxy that knows CONNECT."""

    def do_CONNECT(self) -> None:
        port = self.path.rpartition(":")[2]
        # Every name leads here: the test's own certificates name hosts that do not exist.
        with socket.create_connection(("127.0.0.1", int(port))) as far:
            self.send_response(200)
            self.end_headers()
            ends = [self.connection, far]
            while True:
                for ready in select.select(ends, [], [])[0]:
                    content = ready.recv(65536)
                    if not content:
                        self.close_connection = True
                        return
                    (far if ready is self.connection else self.connection).sendall(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
