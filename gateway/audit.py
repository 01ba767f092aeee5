"""The audit trail: who did what to which emergency, committed with its cause. Never any content."""

from datetime import datetime

from sqlalchemy import Column, Connection, String, Table

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

_RECORD = Prepared(audit_entries.insert(), audit_entries.c.keys())


def record(
    connection: Connection, entry_id: int, at: datetime, actor: str, action: str, subject: str
) -> None:
    """Adds one entry in the caller's transaction; see `UnitOfWork.audit`."""
    _RECORD.run(connection, id=entry_id, at=at, actor=actor, action=action, subject=subject)
