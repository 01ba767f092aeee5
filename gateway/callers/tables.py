"""The table of callers."""

from sqlalchemy import Column, Float, Integer, LargeBinary, String, Table

from gateway.database.metadata import Id, Instant, metadata

callers = Table(
    "callers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    # Found by a keyed hash; the number itself is readable only with the key.
    Column("phone_index", LargeBinary(16), nullable=False, unique=True),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("language", String(8), nullable=False, server_default=""),
    Column("last_place_name", String(120), nullable=False, server_default=""),
    Column("last_place_lat", Float),
    Column("last_place_lon", Float),
    Column("last_place_radius_m", Integer),
    # Where they live, as they said themselves.
    Column("home_place_name", String(120), nullable=False, server_default=""),
    Column("home_place_lat", Float),
    Column("home_place_lon", Float),
    Column("home_place_radius_m", Integer),
    Column("first_seen_at", Instant, nullable=False),
)
