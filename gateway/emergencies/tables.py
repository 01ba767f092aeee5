"""Emergencies, dispatches, and the moments at which something has to happen to them."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from gateway.database.json_columns import Json
from gateway.database.metadata import Id, Instant, metadata

emergencies = Table(
    "emergencies",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("help_code", String(4), nullable=False, index=True),
    # One emergency is one patient; an incident links those that belong together.
    Column("incident_id", Id, nullable=False, index=True),
    Column("caller_id", ForeignKey("callers.id"), index=True),
    Column("channel", String(8), nullable=False),
    Column("language", String(8), nullable=False),
    # What was answered, such as {"sign": "bleeding", "cause": "injury"}.
    Column("answers", Json(), nullable=False),
    Column("kind", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("needs", Integer, nullable=False),
    Column("stabilise_first", Boolean, nullable=False),
    Column("advice", String(24), nullable=False),
    Column("rule_id", String(48), nullable=False),
    Column("ruleset", String(24), nullable=False),
    Column("place_text", String(160), nullable=False, server_default=""),
    Column("place_name", String(120), nullable=False, server_default=""),
    Column("lat", Float),
    Column("lon", Float),
    Column("radius_m", Integer),
    # The places last offered for a choice by SMS, as [[name, lat, lon, radius_m], …].
    Column("place_choices", Json()),
    Column("patient_count", Integer, nullable=False, server_default="1"),
    Column("age_years", Integer),
    Column("note", Text, nullable=False, server_default=""),
    Column("transport", Integer),
    # The hospital that the patient was last told to go to, and how far it is from them.
    Column("told_dispatch_id", Id),
    Column("accepted_dispatch_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("raised_at", Instant),
    Column("ended_at", Instant),
    # When the phone called off what only people may end: it seems cancelled there, and goes on.
    Column("cancel_asked_at", Instant),
    # The hospital where the patient is, when it refers them onward, and the emergency in which they
    # came there; both empty where nobody referred.
    Column("referred_by", ForeignKey("hospitals.id")),
    Column("referred_from", Id),
    # The caller says that they themselves are the patient: what they state about themselves belongs
    # to this emergency.
    Column("caller_is_patient", Boolean, nullable=False, server_default=false()),
    # SHA-256 of the token that lets a reporter without an account follow this emergency alone.
    Column("token_hash", LargeBinary(32), unique=True),
    Index("ix_emergencies_state_created", "state", "created_at"),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    # Found by the unique pair below. A hospital may be asked again, in a row of its own, when the
    # one
    # that took its place turned out not to treat.
    Column("emergency_id", ForeignKey("emergencies.id"), nullable=False),
    Column("hospital_id", ForeignKey("hospitals.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    # What staff answer by SMS or phone; never the patient's help code.
    Column("answer_code", String(4), nullable=False, index=True),
    Column("travel_min", Integer, nullable=False),
    Column("distance_m", Integer, nullable=False),
    # The three parts of the score, what was missing or unknown, in words.
    Column("explanation", Json(), nullable=False),
    # A shared.dispatch.Part.
    Column("part", Integer, nullable=False),
    # True while this dispatch counts as an occupied bed.
    Column("reserved", Boolean, nullable=False),
    # True when the hospital had a tested channel at the time.
    Column("reachable", Boolean, nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("answer_by", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("answered_at", Instant),
    Column("answered_via", String(12), nullable=False, server_default=""),
    Column("answered_by", String(60), nullable=False, server_default=""),
    # A shared.dispatch.CannotTreatReason.
    Column("reason_code", Integer),
    Column("reason_note", String(240), nullable=False, server_default=""),
    UniqueConstraint("emergency_id", "position"),
)

timers = Table(
    "timers",
    metadata,
    Column("emergency_id", ForeignKey("emergencies.id"), primary_key=True, autoincrement=False),
    # 0 where the moment concerns the whole emergency.
    Column("dispatch_id", Id, primary_key=True, autoincrement=False),
    Column("kind", String(24), primary_key=True),
    Column("due_at", Instant, nullable=False),
    # Only what is still to come stands here, so whoever looks for what is due reads all of it: an
    # index by time, and a tree of its own for the key, were a fifth of what a raise turn writes.
    sqlite_with_rowid=False,
)

# Who has looked a help code up within the last hour, so that nobody tries them all.
code_lookups = Table(
    "code_lookups",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("caller_id", Id, nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
)
