"""The tables of hospitals: standing facts, availability, and the log of changes to either."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from gateway.database.json_columns import Json
from gateway.database.metadata import Id, Instant, metadata

# Standing facts, written by imports and administrators. `id` is our own number, short because
# people type it; `source` and `source_id` are the register's. A hospital without coordinates is
# kept, so that operators see and phone it, but never matched. `level` 0 is unknown.
hospitals = Table(
    "hospitals",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(32), nullable=False),
    Column("source_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("official_name", String(200), nullable=False),
    Column("level", Integer, nullable=False),
    Column("owner", String(120), nullable=False),
    Column("county", String(80), nullable=False),
    Column("sub_county", String(80), nullable=False),
    Column("ward", String(80), nullable=False),
    Column("lat", Float(53)),
    Column("lon", Float(53)),
    # Capability masks (shared.capability): known yes and known no.
    Column("has", BigInteger, nullable=False),
    Column("lacks", BigInteger, nullable=False),
    # What its own answers have taught where those two are silent: gateway.hospitals.experience.
    Column("learned_has", BigInteger, nullable=False, server_default="0"),
    Column("learned_lacks", BigInteger, nullable=False, server_default="0"),
    Column("learned_at", Instant, index=True),
    # Beds of the whole house, as the register counts them; None is unknown.
    Column("beds", Integer),
    Column("open_24h", Boolean),
    # A HospitalStatus: the register's own word, `closed` or `normal`.
    Column("status", String(16), nullable=False),
    # A channel to it has proved itself lately: a box is enrolled and heard, or a duty phone
    # answered. Kept by gateway.hospitals.reachability alone.
    Column("reachable", Boolean, nullable=False, default=False),
    # Whom it serves: areas apart by semicolons, and how many people; None is unknown.
    Column("catchment", String(400), nullable=False, server_default=""),
    Column("catchment_population", Integer),
    # What operators have set for it, with many others perhaps, until then (None: until they lift
    # it): a HospitalStatus (empty: none), and capabilities that are out of order.
    Column("imposed_status", String(16), nullable=False, server_default=""),
    Column("imposed_lacks", BigInteger, nullable=False, server_default="0"),
    Column("imposed_until", Instant, index=True),
    Column("imposed_why", String(120), nullable=False, server_default=""),
    UniqueConstraint("source", "source_id"),
)

# The telephones of a hospital's staff. `duty` is a rota (shared.duty_hours); empty is day and
# night. `position` is the order in which they are used. `tested_at` is when it was last asked to
# say that it works, `ok_at` when somebody there last answered anything of ours.
hospital_contacts = Table(
    "hospital_contacts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("hospital_id", Id, ForeignKey("hospitals.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("label", String(60), nullable=False, server_default=""),
    Column("phone", String(24), nullable=False, index=True),
    Column("sms", Boolean, nullable=False),
    Column("voice", Boolean, nullable=False),
    Column("duty", String(200), nullable=False, server_default=""),
    Column("tested_at", Instant),
    Column("ok_at", Instant),
    UniqueConstraint("hospital_id", "phone"),
)

# What programs of a hospital prove themselves with when they report its beds; the SHA-256 of it.
hospital_tokens = Table(
    "hospital_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("hospital_id", Id, ForeignKey("hospitals.id"), nullable=False, index=True),
    Column("label", String(60), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("used_at", Instant),
)

# One row for each hospital: shared.hospital.Availability.
availability = Table(
    "availability",
    metadata,
    Column("hospital_id", Id, ForeignKey("hospitals.id"), primary_key=True, autoincrement=False),
    Column("status", String(16), nullable=False),
    Column("status_reported_at", Instant),
    Column("staffed_beds", Integer),
    Column("free_beds", Integer),
    Column("assigned_since", Integer, nullable=False),
    Column("reported_at", Instant),
    Column("stock_has", BigInteger, nullable=False),
    Column("stock_lacks", BigInteger, nullable=False),
    Column("stock_reported_at", Instant),
    Column("units_free", BigInteger, nullable=False, server_default="0"),
    Column("units_full", BigInteger, nullable=False, server_default="0"),
    Column("units_reported_at", Instant),
    # When and by whom the latest report of any sort was made. What comes late counts where nothing
    # newer of its sort is known.
    Column("heard_at", Instant),
    Column("source", String(32), nullable=False),
    # When staff were last asked to report anew.
    Column("asked_at", Instant),
    # The number in hospital_changes of the last change.
    Column("version", BigInteger, nullable=False),
)

# The latest count of each sort of beds (shared.bed_type.BedType); a count that is None is unknown.
hospital_beds = Table(
    "hospital_beds",
    metadata,
    Column("hospital_id", Id, ForeignKey("hospitals.id"), primary_key=True, autoincrement=False),
    Column("bed_type", String(24), primary_key=True),
    Column("staffed", Integer),
    Column("free", Integer),
    Column("reported_at", Instant, nullable=False),
)

# Every report as it was made, also one that came too late to count. `source` is the channel.
availability_reports = Table(
    "availability_reports",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("hospital_id", Id, ForeignKey("hospitals.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", String(32), nullable=False),
    Column("said", Json, nullable=False),
    Column("counted", Boolean, nullable=False),
    Index("ix_availability_reports_of_hospital", "hospital_id", "at"),
)

# What an index in any process has to read again. The token tells a number that was rolled back
# from the same one given out anew.
hospital_changes = Table(
    "hospital_changes",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("token", BigInteger, nullable=False),
    Column("hospital_id", Id, nullable=False),
)

# One row: the last number given out. Its lock puts changes in one order, so that whoever has seen a
# number has seen all before it.
hospital_change_counter = Table(
    "hospital_change_counter",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
