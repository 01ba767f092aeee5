"""The audit trail: who did what to which emergency, committed with its cause. Never any content."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, String, Table, bindparam

from gateway.database.metadata import Id, Instant, metadata
from sync.prepared import Prepared

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    # A role and an id, such as "caller:…", "hospital:…", "gateway".
    Column("actor", String(40), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(40), nullable=False, index=True),
)

# Each number of rows is a statement of its own.
_AT_ONCE = 8


@cache
def _record(count: int) -> Prepared:
    rows = [
        {column: bindparam(f"{column.key}_{row}", type_=column.type) for column in audit_entries.c}
        for row in range(count)
    ]
    return Prepared(audit_entries.insert().values(rows))


class Entry(NamedTuple):
    """Who did what to which emergency, dispatch, patient, hospital or alarm, and when."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str


def record(connection: Connection, entries: Sequence[Entry]) -> None:
    """Adds these entries in the caller's transaction."""
    for start in range(0, len(entries), _AT_ONCE):
        some = entries[start : start + _AT_ONCE]
        values: dict[str, Any] = {}
        for row, entry in enumerate(some):
            values |= {
                f"id_{row}": entry.id,
                f"at_{row}": entry.at,
                f"actor_{row}": entry.actor,
                f"action_{row}": entry.action,
                f"subject_{row}": entry.subject,
            }
        _record(len(some)).run(connection, **values)
