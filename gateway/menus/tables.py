"""Menu sessions: what the machine knows between two turns, and what it last answered."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from gateway.database.json_columns import Json
from gateway.database.metadata import Id, Instant, metadata

menu_sessions = Table(
    "menu_sessions",
    metadata,
    Column("session_id", String(80), primary_key=True),
    # `ussd` or `voice`.
    Column("bearer", String(8), nullable=False),
    Column("phone_index", LargeBinary(16), nullable=False),
    Column("service_code", String(32), nullable=False),
    Column("caller_id", Id, nullable=False),
    Column("state", Json(), nullable=False),
    # How long the history is that was answered last, a keyed hash of it, and the answer, for a turn
    # that comes again. Not the history: callers type allergies and places.
    Column("answered_length", Integer, nullable=False),
    Column("answered_mark", LargeBinary(16), nullable=False),
    Column("answer", Text, nullable=False),
    Column("ended", Boolean, nullable=False),
    # Indexes hold this moment and not the other, which every turn would write anew in each of them.
    Column("started_at", Instant, nullable=False, index=True),
    Column("updated_at", Instant, nullable=False),
    # A caller who was cut off is found by their number.
    Index("ix_menu_sessions_of_phone", "phone_index", "started_at"),
)
