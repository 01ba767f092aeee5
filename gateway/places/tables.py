"""The tables of the gazetteer."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from gateway.database.metadata import Id, Instant, metadata

# `kind` is a PlaceKind (shared.place). `county` is the name in pycountry's list, `parent` the next
# larger area, empty where the source names none. `radius_m` is how far off the place may be.
# `population` is 0 where the source does not say.
places = Table(
    "places",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("source", String(32), nullable=False),
    Column("source_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("county", String(80), nullable=False),
    Column("parent", String(80), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("radius_m", Float(53), nullable=False),
    Column("population", Integer, nullable=False),
    UniqueConstraint("source", "source_id"),
)

# Other names of a place: spellings, abbreviations.
place_aliases = Table(
    "place_aliases",
    metadata,
    Column("place_id", Id, ForeignKey("places.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), primary_key=True),
)

# What callers meant by what they typed (gateway.places.confirmations): `spelling` and `caller` are
# keyed hashes. `meant` is false where the place was offered and was not the one. A place may be a
# facility, whose number is below zero, so there is no foreign key.
place_confirmations = Table(
    "place_confirmations",
    metadata,
    Column("spelling", LargeBinary(16), primary_key=True),
    Column("place_id", Id, primary_key=True, autoincrement=False),
    Column("caller", LargeBinary(16), primary_key=True),
    Column("meant", Boolean, nullable=False),
    Column("on_day", Instant, nullable=False),
    # One tree instead of three: whoever picks a place waits for what is written.
    sqlite_with_rowid=False,
)

# One row for the places and one for what is learnt of callers: each grows by one with every change,
# so that a process knows when to read them again.
place_version = Table(
    "place_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)
