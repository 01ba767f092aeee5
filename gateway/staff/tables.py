"""What staff say at their box: notes for the coordinators, and patients who came unannounced."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from gateway.database.metadata import Id, Instant, metadata

# `id` is the box's number of the report: the same again is the same note. `dispatch_id` is what it
# is about, None where it is about nobody.
hospital_notes = Table(
    "hospital_notes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("hospital_id", Id, ForeignKey("hospitals.id"), nullable=False),
    Column("dispatch_id", Id, index=True),
    Column("text", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)

# `emergency_id` is whose help code they showed, None where nobody had heard of them.
walk_ins = Table(
    "walk_ins",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("hospital_id", Id, ForeignKey("hospitals.id"), nullable=False, index=True),
    Column("emergency_id", Id),
    Column("kind", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("patient_count", Integer, nullable=False),
    Column("age_years", Integer),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)
