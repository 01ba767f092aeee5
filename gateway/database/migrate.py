"""Brings a database to the newest schema, by Alembic's migrations that come with Haven."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Runs every migration that the database has not had, each in a transaction."""
    config = _config()
    with engine.begin() as connection:
        if (
            revision == "head"
            and MigrationContext.configure(connection).get_current_revision()
            == ScriptDirectory.from_config(config).get_current_head()
        ):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(_FOLDER))
    return config
