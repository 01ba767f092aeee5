"""The table of mass-casualty incidents."""

from sqlalchemy import Column, Float, Integer, String, Table

from gateway.database.metadata import Id, Instant, metadata

# Within `radius_m` of the position hospitals make room for everybody until `until`, or until an
# operator ends it. `declared_by` is an operator's initials, or empty when Haven noticed it.
mass_casualties = Table(
    "mass_casualties",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("lat", Float(53), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("radius_m", Integer, nullable=False),
    Column("patients", Integer, nullable=False),
    Column("declared_by", String(12), nullable=False, server_default=""),
    Column("began_at", Instant, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)
