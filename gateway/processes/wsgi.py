"""The web process: what the server loads, with the threads that live beside the routes on
SQLite.
"""

import gc
import os
import signal
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
from gateway.places.pick_counter import PickCounter
from gateway.processes.jobs import JobRunner
from gateway.processes.parent import leave_with
from gateway.processes.workers import Workers
from gateway.travel.fetching import RoadFetcher

_log = structlog.get_logger(__name__)

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def load() -> Wsgi:
    """The application, opened on the configuration in the environment."""
    logs.configure()
    config = from_environment(os.environ)
    system = real_system()
    lock = bootstrap.hold_writer_lock(config)
    gateway = bootstrap.open_gateway(config, system)
    parts: list[Workers | JobRunner | RoadFetcher | PickCounter] = [PickCounter(gateway.services)]
    if config.on_sqlite:
        # We hold the writer's lock: whoever had these messages is dead.
        gateway.services.write(free_leases)
        carriers: Carriers = bootstrap.carriers(config, system)
        workers = Workers(gateway.services, carriers, gateway.exchange_desk)
        parts += [workers, JobRunner(gateway.services)]
    roads = bootstrap.road_fetcher(gateway.services)
    if roads is not None:
        parts.append(roads)
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
    # An orphan has nobody left to answer to; what it had begun is in the database.
    leave_with(os.getppid(), signal.SIGKILL)
    application = create_app(gateway)
    # What is here now stays: the register, the gazetteer, the code. A collector that walked through
    # all of it again and again stopped every caller for a tenth of a second.
    gc.collect()
    gc.freeze()
    return application
