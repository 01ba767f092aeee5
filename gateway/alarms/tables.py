"""Alarms: what only a person can solve now."""

from sqlalchemy import Column, String, Table, Text

from gateway.database.metadata import Id, Instant, metadata

alarms = Table(
    "alarms",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    # A name of the catalogue's `operator` texts: unanswered, no_place, provider and so on.
    Column("kind", String(24), nullable=False),
    # None for an alarm about the gateway itself.
    Column("emergency_id", Id, index=True),
    # The hospital it is about, a reason, or what somebody wrote.
    Column("detail", Text, nullable=False, server_default=""),
    Column("raised_at", Instant, nullable=False, index=True),
    Column("solved_at", Instant),
    # The initials of the operator who solved it, empty where the gateway did, and what they noted.
    Column("solved_by", String(12), nullable=False, server_default=""),
    Column("solved_note", String(240), nullable=False, server_default=""),
)
