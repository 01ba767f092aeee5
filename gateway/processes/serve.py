"""Runs the web process behind granian: one process, blocking threads (docs/adr/002)."""

import os

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from gateway import bootstrap
from gateway.config import Config
from gateway.processes.parent import leave_with_up

_STOP_WITHIN_S = 30
_BACKLOG = 1024
# How long a connection may stay silent between two requests, or within the head of one. A box asks
# every 15 s: it must not have to make a new connection, with all that TLS sends, each time.
IDLE_MS = 40_000


def serve(config: Config) -> None:
    """Serves until SIGINT or SIGTERM, then answers what it has begun and stops.

    Raises AlreadyRunning, KeysUnusable or DatabaseUnusable when it may not start.
    """
    bootstrap.require_startable(config)
    leave_with_up(os.environ)
    Granian(
        "gateway.processes.wsgi:load",
        factory=True,
        address=config.listen.host,
        port=config.listen.port,
        interface=Interfaces.WSGI,
        # On SQLite one process writes. On PostgreSQL more machines or containers are started.
        workers=1,
        blocking_threads=config.threads,
        backlog=_BACKLOG,
        backpressure=_BACKLOG,
        # A slow or half-sent request must not hold a thread.
        http1_settings=HTTP1Settings(header_read_timeout=IDLE_MS, keep_alive=True),
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_WITHIN_S,
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
    ).serve()
