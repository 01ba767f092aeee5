"""Incoming SMS as they came, so that one delivered twice acts once."""

from sqlalchemy import Column, String, Table, Text

from gateway.database.metadata import Id, Instant, metadata

incoming_sms = Table(
    "incoming_sms",
    metadata,
    # The provider's id of the message.
    Column("provider_id", String(80), primary_key=True),
    Column("caller_id", Id),
    Column("emergency_id", Id, index=True),
    Column("text", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
)
