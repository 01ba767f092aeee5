"""The web process: what the server loads, with the threads that live beside the routes on
SQLite.
"""

import os
import threading
from collections.abc import Callable, Iterable
from multiprocessing.util import Finalize
from typing import Any

import structlog

from gateway import bootstrap, logs
from gateway.app import create_app
from gateway.config import from_environment
from gateway.delivery.sending import Carriers
from gateway.machine import real_system
from gateway.notifications.outbox import free_leases
from gateway.processes.jobs import JobRunner
from gateway.processes.workers import Workers

_log = structlog.get_logger(__name__)

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def load() -> Wsgi:
    """The application, opened on the configuration in the environment."""
    logs.configure()
    config = from_environment(os.environ)
    system = real_system()
    lock = bootstrap.hold_writer_lock(config)
    gateway = bootstrap.open_gateway(config, system)
    parts: list[Workers | JobRunner] = []
    if config.on_sqlite:
        # We hold the writer's lock: whoever had these messages is dead.
        gateway.services.write(free_leases)
        carriers: Carriers = bootstrap.carriers(config)
        parts = [Workers(gateway.services, carriers), JobRunner(gateway.services)]
        for part in parts:
            part.start()

    def stop() -> None:
        # Reached on SIGTERM and SIGINT, after the server has answered what it had begun.
        for part in parts:
            part.stop()
        gateway.services.database.close()
        if lock is not None:
            os.close(lock)
        _log.info("web process stopped")

    Finalize(None, stop, exitpriority=100)
    _end_with_parent()
    return create_app(gateway)


def _end_with_parent() -> None:
    """An orphan would keep the port and the database: it goes when the server above it is
    killed.
    """
    parent = os.getppid()

    def watch() -> None:
        ticker = threading.Event()
        while not ticker.wait(0.5):
            if os.getppid() != parent:
                os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
