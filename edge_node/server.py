"""`haven-edge serve`: the agent's threads and the web server, until SIGINT or SIGTERM."""

import ctypes
import fcntl
import signal
from pathlib import Path
from types import FrameType
from typing import IO

import structlog
import waitress

from edge_node.config import Config
from edge_node.node import Node
from edge_node.web.app import create_app
from edge_node.web.routes import MOST_STREAMS
from shared.errors import HavenError

_log = structlog.get_logger()
_THREADS = MOST_STREAMS + 8
# From malloc.h.
_M_ARENA_MAX = -8
_HEAPS = 2


class AlreadyRunning(HavenError):
    """Another program serves this folder."""


def lock(directory: Path) -> IO[str]:
    """Holds the folder for one server; kept open as long as it runs.

    Raises AlreadyRunning when another one has it, HavenError when the disk does not take it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (directory / "serve.lock").open("w")
    except OSError as error:
        raise HavenError(
            f"{directory} cannot be written: {error.strerror}. Have this box's disk looked at; "
            "answer dispatches by SMS or telephone until then."
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyRunning(
            f"haven-edge serve runs already for {directory}. Stop it first, or set HAVEN_EDGE_DIR."
        ) from None
    return file


def _share_memory() -> None:
    """Two dozen threads that each keep a heap of their own, which is glibc's way, take a tenth more
    memory than they need. Other C libraries have no such setting, and no such habit.
    """
    setting = getattr(ctypes.CDLL(None), "mallopt", None)
    if setting is not None:
        setting(_M_ARENA_MAX, _HEAPS)


def serve(node: Node, config: Config) -> None:
    """Serves until the program is told to stop. What was not sent stays in the store."""
    _share_memory()
    app = create_app(
        node.box, node.condition, config.hostnames, node.hospital_name, config.frame_ancestors
    )
    try:
        server = waitress.create_server(
            app,
            host=config.host,
            port=config.port,
            threads=_THREADS,
            max_request_body_size=64 * 1024,
            ident=None,
        )
    except OSError as error:
        raise HavenError(
            f"Cannot listen on {config.host}:{config.port} ({error.strerror}). "
            "Stop what uses it, or set HAVEN_EDGE_LISTEN."
        ) from None

    def stop(number: int, frame: FrameType | None) -> None:
        # waitress ends its loop on this, and lets requests under way finish.
        node.notifier.close()
        raise SystemExit

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    node.start()
    _log.info("serving", host=config.host, port=server.effective_port)
    server.run()
