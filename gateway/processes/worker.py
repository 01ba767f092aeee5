"""The worker process on PostgreSQL: sweeper, senders and jobs; any number of them side by side."""

import os
import signal
import threading
from types import FrameType

import psycopg
import structlog

from gateway import bootstrap
from gateway.config import Config
from gateway.machine import real_system
from gateway.processes.jobs import JobRunner
from gateway.processes.parent import leave_with_up
from gateway.processes.workers import Workers
from gateway.unit_of_work import WAKE_CHANNEL, Services

_log = structlog.get_logger(__name__)
_LISTEN_FOR_S = 1.0


def run_worker(config: Config) -> None:
    """Works until SIGINT or SIGTERM, then finishes what it is at."""
    system = real_system()
    gateway = bootstrap.open_gateway(config, system)
    workers = Workers(gateway.services, bootstrap.carriers(config, system), gateway.exchange_desk)
    jobs = JobRunner(gateway.services)
    stopping = threading.Event()

    def stop(signal_number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    leave_with_up(os.environ)
    workers.start()
    jobs.start()
    roads = bootstrap.road_fetcher(gateway.services)
    if roads is not None:
        roads.start()
    listener = threading.Thread(
        target=_listen, args=(config, gateway.services, stopping), name="listener", daemon=True
    )
    listener.start()
    while not stopping.wait(0.5):
        pass
    workers.stop()
    jobs.stop()
    if roads is not None:
        roads.stop()
    gateway.services.database.close()
    _log.info("worker stopped")


def _listen(config: Config, services: Services, stopping: threading.Event) -> None:
    """Wakes the senders when any process has committed a message. Only a hint: they also sweep."""
    url = config.database_direct_url.replace("postgresql+psycopg://", "postgresql://")
    while not stopping.is_set():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"LISTEN {WAKE_CHANNEL}")
                while not stopping.is_set():
                    for _ in connection.notifies(timeout=_LISTEN_FOR_S):
                        services.sender_bell.ring()
        except psycopg.Error:
            _log.warning("lost the connection that wakes senders; sweeping goes on")
            stopping.wait(_LISTEN_FOR_S)
