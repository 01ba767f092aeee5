"""The audit trail: who did what to which emergency, committed with its cause. Never any content."""

from sqlalchemy import Column, Connection, String, Table

from gateway.database.metadata import Id, Instant, metadata
from shared.system import System
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


def record(connection: Connection, system: System, actor: str, action: str, subject: str) -> None:
    """Adds one entry in the caller's transaction."""
    _RECORD.run(
        connection,
        id=system.new_id(),
        at=system.now(),
        actor=actor,
        action=action,
        subject=subject,
    )
