"""The outbox, its attempts, and the delivery reports that come back."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from gateway.database.metadata import Id, Instant, metadata

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("emergency_id", Id, index=True),
    Column("dispatch_id", Id),
    Column("channel", String(8), nullable=False),
    Column("purpose", String(24), nullable=False),
    Column("recipient_sealed", LargeBinary, nullable=False),
    # For people who look at deliveries: +254…111.
    Column("recipient_masked", String(16), nullable=False),
    Column("text", Text, nullable=False),
    # queued, sent (the provider has it), delivered, failed (this channel will never deliver it).
    Column("state", String(12), nullable=False),
    # 1 is sent before 2.
    Column("urgency", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("lease_token", Id),
    Column("provider_id", String(80)),
    Column("provider_status", String(40), nullable=False, server_default=""),
    Column("last_error", String(240), nullable=False, server_default=""),
    Column("cost", String(24), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    # After this it is not sent; null where the usual time for messages counts.
    Column("valid_until", Instant),
    Column("sent_at", Instant),
    Column("finished_at", Instant),
    Index("ix_messages_due", "state", "urgency", "due_at"),
)
# Only what was handed over has such a number: what waits costs the index nothing.
_handed_over = messages.c.provider_id.is_not(None)
Index(
    "ix_messages_provider_id",
    messages.c.provider_id,
    sqlite_where=_handed_over,
    postgresql_where=_handed_over,
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    # accepted, retryable, refused, operator
    Column("outcome", String(12), nullable=False),
    Column("detail", String(240), nullable=False, server_default=""),
)

# Which message was read out on which call: a key that is pressed there answers what was heard.
spoken_calls = Table(
    "spoken_calls",
    metadata,
    # The provider's name for the call.
    Column("session_id", String(80), primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
)

# Every report as it came, also one that comes before the provider's own answer was stored.
delivery_reports = Table(
    "delivery_reports",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("provider_id", String(80), nullable=False, index=True),
    Column("status", String(40), nullable=False),
    Column("reason", String(60), nullable=False, server_default=""),
    Column("received_at", Instant, nullable=False),
)
