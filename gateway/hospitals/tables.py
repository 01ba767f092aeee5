"""The tables of hospitals: standing facts, availability, and the log of changes to either."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

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
    # Beds of the whole house, as the register counts them; None is unknown.
    Column("beds", Integer),
    Column("open_24h", Boolean),
    # A HospitalStatus: the register's own word, `closed` or `normal`.
    Column("status", String(16), nullable=False),
    Column("duty_phone", String(24), index=True),
    # When this duty phone first answered one of our offers; None again when the number changes.
    Column("duty_phone_proved_at", Instant),
    # A channel to it has been tested: a box is enrolled, or its duty phone answered. Kept by
    # gateway.hospitals.reachability alone.
    Column("reachable", Boolean, nullable=False, default=False),
    UniqueConstraint("source", "source_id"),
)

# One row for each hospital: shared.hospital.Availability.
availability = Table(
    "availability",
    metadata,
    Column("hospital_id", Id, ForeignKey("hospitals.id"), primary_key=True, autoincrement=False),
    Column("status", String(16), nullable=False),
    Column("staffed_beds", Integer),
    Column("free_beds", Integer),
    Column("assigned_since", Integer, nullable=False),
    Column("reported_at", Instant),
    Column("stock_has", BigInteger, nullable=False),
    Column("stock_lacks", BigInteger, nullable=False),
    Column("stock_reported_at", Instant),
    # When and by whom the latest report of any sort was made; an earlier one that comes late does
    # not count.
    Column("heard_at", Instant),
    Column("source", String(32), nullable=False),
    # The number in hospital_changes of the last change.
    Column("version", BigInteger, nullable=False),
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
