"""One transaction at a time for something that has no row of its own to lock."""

from sqlalchemy import Connection, func, select

# Keeps our advisory locks apart from anybody else's in the same PostgreSQL database.
_LOCK_SPACE = 0x48415645


def one_at_a_time(connection: Connection, what: str) -> None:
    """Waits until no other transaction is at `what`, and keeps others waiting until this one ends.
    On SQLite there is only one writer.
    """
    if connection.dialect.name == "postgresql":
        key = func.hashtextextended(what, _LOCK_SPACE)
        connection.execute(select(func.pg_advisory_xact_lock(key)))
