"""Processes that start at the same moment on an empty PostgreSQL, as they do on a new server."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from gateway import keys
from gateway.bootstrap import open_gateway
from gateway.config import from_environment
from gateway.database.postgres import PostgresDatabase
from gateway.machine import real_system
from gateway.places.tables import places
from gateway.processes.jobs import JobRunner
from tests.faults.installation import Installation

pytestmark = pytest.mark.processes
_TOGETHER = 4
_PATIENCE_S = 60.0
_at_once: Barrier


def _meet_at(barrier: Barrier) -> None:
    global _at_once
    _at_once = barrier


def _start(environment: dict[str, str]) -> None:
    """Opens the gateway and its queue at the moment when the others do."""
    config = from_environment(environment)
    _at_once.wait(_PATIENCE_S)
    gateway = open_gateway(config, real_system())
    _at_once.wait(_PATIENCE_S)
    JobRunner(gateway.services)
    gateway.services.database.close()


def test_all_of_them_open_the_gateway_and_its_queue(
    tmp_path: Path, postgres_url: str, empty_postgres: None
) -> None:
    environment = Installation(tmp_path, HAVEN_DATABASE_URL=postgres_url).environment
    keys.make(from_environment(environment).secret_dir)
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        _TOGETHER, spawning, initializer=_meet_at, initargs=(spawning.Barrier(_TOGETHER),)
    ) as processes:
        list(processes.map(_start, [environment] * _TOGETHER))

    with closing(PostgresDatabase(postgres_url, connections=1)) as database:
        each_place = select(func.count(), func.count(func.distinct(places.c.source_id)))
        stored, different = database.read(lambda connection: connection.execute(each_place).one())
        assert stored == different > 300
        queue = text("SELECT count(*) FROM huey_task")
        assert database.read(lambda connection: connection.execute(queue).scalar_one()) == 0
