"""The table of times at which this database was found to be older than it had been."""

from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, String, Table, func, select

from gateway.database.metadata import Id, Instant, metadata

restores = Table(
    "restores",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("noticed_at", Instant, nullable=False),
    # How far the database had come before, and how far the copy has: ids of audit entries.
    Column("newest_before", Id, nullable=False),
    Column("newest_found", Id, nullable=False),
    # Null while what was due before waits.
    Column("released_at", Instant),
    # Who did not want to wait any longer; empty where every box had been heard.
    Column("released_by", String(60), nullable=False, server_default=""),
)


def newest_restore(connection: Connection) -> datetime | None:
    """When the database was last found to be set back, None when it never was."""
    return connection.execute(select(func.max(restores.c.noticed_at))).scalar()


def is_not_held(moment: Column[datetime]) -> ColumnElement[bool]:
    """The condition that nothing waits of what was written, or due, at this moment."""
    held = select(restores.c.id).where(
        restores.c.released_at.is_(None), restores.c.noticed_at >= moment
    )
    return ~held.exists()
