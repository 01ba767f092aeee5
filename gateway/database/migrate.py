"""Brings a database to the newest schema, by Alembic's migrations that come with Haven."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from gateway.database.exclusive import one_at_a_time

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Runs every migration that the database has not had, all in one transaction. Processes that
    start together migrate one after another, and the later ones find nothing to do.
    """
    if current(engine) == newest():
        return
    # Alembic takes a second to import: a start with nothing to migrate does without it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with engine.begin() as connection:
        one_at_a_time(connection, "migrate")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def newest() -> str:
    """The newest revision: files are named by theirs, 0001_what_it_does.py and so on."""
    return max(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return found
