"""Empty databases for the sync tests, SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, NullPool, StaticPool, create_engine, event, text

Open = Callable[[MetaData], Engine]


def sqlite_engine(file: Path | None = None) -> Engine:
    """SQLite whose transactions SQLAlchemy begins, so that savepoints work: in memory, where all
    share one connection, or in a file, where each writer has its own and waits for the others.
    """
    engine = create_engine(
        "sqlite://" if file is None else f"sqlite:///{file}",
        poolclass=StaticPool if file is None else NullPool,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 60},
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    return engine


@pytest.fixture(params=["sqlite", "postgres"])
def open_database(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens an empty database with the tables of a MetaData, on either kind of database."""
    yield from _opener(request, None)


@pytest.fixture(params=["sqlite", "postgres"])
def open_for_many(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """The same for several writers at once, each on a connection of its own."""
    yield from _opener(request, tmp_path / "streams.sqlite")


def _opener(request: pytest.FixtureRequest, file: Path | None) -> Iterator[Open]:
    opened: list[Engine] = []

    def open_empty(metadata: MetaData) -> Engine:
        if request.param == "sqlite":
            engine = sqlite_engine(file)
        else:
            url = request.getfixturevalue("postgres_url")
            engine = create_engine(url, poolclass=NullPool)
            with engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        metadata.create_all(engine)
        opened.append(engine)
        return engine

    yield open_empty
    for engine in opened:
        engine.dispose()
