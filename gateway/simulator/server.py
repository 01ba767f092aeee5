"""Serving the simulator.

werkzeug's own server, with a thread for each connection: it comes with Flask, lets every open phone
wait for news without taking a thread from the next caller, and hands out the socket, so that a
connection can be cut off half-way. It is not for production, and neither is a simulator.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from shared.errors import InvalidInput

_ANSWER = "haven.answer"


class _QuietHandler(WSGIRequestHandler):
    """Writes no access log, because the addresses hold phone numbers, and closes the file that it
    was sending when a browser has gone to another page: werkzeug leaves it open then.
    """

    def log(self, type: str, message: str, *args: object) -> None:
        """Drops the line."""

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        """Whoever asked is gone."""
        close = getattr((environ or {}).get(_ANSWER), "close", None)
        if close is not None:
            close()


class _Answering:
    """The application, with each answer within reach of the handler that sends it."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environ[_ANSWER] = answer = self._app(environ, start_response)
        return answer


def bind(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """A server that listens already and answers once its `serve_forever` runs; port 0 takes any
    free one, see `server.server_port`.

    Raises InvalidInput when it cannot listen there.
    """
    try:
        return make_server(
            host, port, _Answering(app), threaded=True, request_handler=_QuietHandler
        )
    except (OSError, SystemExit):
        # werkzeug itself ends the program when the port is taken.
        raise InvalidInput(
            f"Nothing can listen on {host}:{port}; another program may. Choose another --listen."
        ) from None


def stops_on_signals(server: BaseWSGIServer) -> None:
    """From now on SIGINT and SIGTERM end the server's `serve_forever`, also one that begins later.

    An exception out of the signal handler could be raised anywhere, where somebody catches it.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        # It waits until the serving has ended, which goes on in this very thread.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


@contextmanager
def running(app: Flask, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves the simulator on a thread within the `with`, gives its address, such as
    `http://127.0.0.1:8200`, and stops its work in the end.
    """
    server = bind(app, host, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        app.extensions["stop"]()
