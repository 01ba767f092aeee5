"""Patients' keys, the fields of their profiles under those keys, their consents, and to whom their
facts were disclosed.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from gateway.database.metadata import Id, Instant, metadata

# One key for each patient, wrapped under the gateway's own. Without its row nothing of the patient
# can be read again, wherever copies of the rest may be.
patient_keys = Table(
    "patient_keys",
    metadata,
    Column("caller_id", ForeignKey("callers.id"), primary_key=True, autoincrement=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
)

# Every version of every field; the highest one counts.
profile_fields = Table(
    "profile_fields",
    metadata,
    Column("caller_id", ForeignKey("patient_keys.caller_id"), primary_key=True),
    Column("field", String(24), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("written_at", Instant, nullable=False),
)

# What was agreed to and what was taken back, one row for each time; the latest one counts. No row
# is ever changed or deleted: it proves what was said, to which text.
consents = Table(
    "consents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("caller_id", ForeignKey("callers.id"), nullable=False),
    # A gateway.medical.consent.Scope.
    Column("scope", String(40), nullable=False),
    Column("given", Boolean, nullable=False),
    # The version of the text that was agreed to, and how and in which language it was put.
    Column("text_version", String(24), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("language", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_consents_caller_scope", "caller_id", "scope"),
)

# For which dispatches a hospital was told what the patient states: never what it was. `shared` is
# false from when it was told to forget that, and `told_at` is of the latest word.
disclosures = Table(
    "disclosures",
    metadata,
    Column("dispatch_id", ForeignKey("dispatches.id"), primary_key=True, autoincrement=False),
    Column("shared", Boolean, nullable=False),
    Column("told_at", Instant, nullable=False),
)
