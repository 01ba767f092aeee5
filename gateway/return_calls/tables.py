"""Calls that we owe somebody: who asked, and how far it has come."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table

from gateway.database.metadata import Id, Instant, metadata

return_calls = Table(
    "return_calls",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("caller_id", Id, nullable=False),
    Column("phone_index", LargeBinary(16), nullable=False),
    # The provider's name for the missed call that asked for it; empty when a menu did.
    Column("asked_by", String(80), nullable=False),
    # asked, talking, over, refused.
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    # The message in the outbox that makes the call.
    Column("message_id", Id, index=True),
    # The provider's name for our call, once it is known.
    Column("session_id", String(80), index=True),
    Column("asked_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_return_calls_of_phone", "phone_index", "asked_at"),
)
