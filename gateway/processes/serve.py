"""Runs the web process behind granian: one process, blocking threads (docs/adr/002)."""

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from gateway import bootstrap
from gateway.config import Config

_STOP_WITHIN_S = 30
_BACKLOG = 1024


def serve(config: Config) -> None:
    """Serves until SIGINT or SIGTERM, then answers what it has begun and stops.

    Raises AlreadyRunning, KeysUnusable or DatabaseUnusable when it may not start.
    """
    bootstrap.require_startable(config)
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
        http1_settings=HTTP1Settings(header_read_timeout=10_000, keep_alive=True),
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_WITHIN_S,
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
    ).serve()
