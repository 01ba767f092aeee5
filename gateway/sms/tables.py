"""Incoming SMS as they came, so that one delivered twice acts once."""

from sqlalchemy import Column, Index, String, Table, Text

from gateway.database.metadata import Id, Instant, metadata

incoming_sms = Table(
    "incoming_sms",
    metadata,
    # The provider's id of the message.
    Column("provider_id", String(80), primary_key=True),
    # Who sent it, where that is no phone number: nobody can be answered or called back.
    Column("sender", String(40), nullable=False, server_default=""),
    Column("caller_id", Id),
    Column("emergency_id", Id, index=True),
    Column("text", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_incoming_sms_caller_received", "caller_id", "received_at"),
)
