"""The migrations make the schema that the code works with, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.database import migrate
from gateway.database.postgres import PostgresDatabase
from gateway.database.schema import metadata
from gateway.database.sqlite import SqliteDatabase


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrating_an_empty_database_gives_the_tables_of_the_code(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database: SqliteDatabase | PostgresDatabase
    if kind == "sqlite":
        database = SqliteDatabase(tmp_path / "haven.sqlite", bytes(32))
    else:
        database = PostgresDatabase(request.getfixturevalue("postgres_url"), connections=2)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    try:
        assert migrate.current(database.engine) is None
        migrate.upgrade(database.engine)
        assert migrate.current(database.engine) == migrate.newest()
        with database.engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), metadata)
        assert differences == []
        migrate.upgrade(database.engine)
    finally:
        if kind == "postgresql":
            with database.engine.begin() as connection:
                connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        database.close()
