"""Empty databases for the sync tests, SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, MetaData, NullPool, StaticPool, create_engine, event, text

Open = Callable[[MetaData], Engine]


def sqlite_engine() -> Engine:
    """SQLite in memory whose transactions SQLAlchemy begins, so that savepoints work."""
    engine = create_engine(
        "sqlite://",
        poolclass=StaticPool,
        connect_args={"isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: object) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    return engine


@pytest.fixture(params=["sqlite", "postgres"])
def open_database(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens an empty database with the tables of a MetaData, on either kind of database."""
    opened: list[Engine] = []

    def open_empty(metadata: MetaData) -> Engine:
        if request.param == "sqlite":
            engine = sqlite_engine()
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
