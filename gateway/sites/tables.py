"""The tables of boxes, of the codes that enrol them, and of the streams to and from them."""

from enum import StrEnum

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, text

from gateway.database.metadata import Id, Instant, metadata
from sync.stream_log import StreamLog


class SiteState(StrEnum):
    """Whether a box is listened to, and whether dispatches go to it."""

    ACTIVE = "active"
    RETIRED = "retired"  # another box took its place: what it queued still counts
    REVOKED = "revoked"  # stolen or broken: nothing it says counts


streams = StreamLog(metadata, "site")

sites = Table(
    "sites",
    metadata,
    Column("id", Id, primary_key=True),
    Column("hospital_id", Id, nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("exchange_key", LargeBinary(32), nullable=False),
    Column("signing_key", LargeBinary(32), nullable=False),
    Column("state", String(10), nullable=False),
    Column("enrolled_at", Instant, nullable=False),
    Column("epoch", Id),  # of the last exchange that carried something
    Column("last_seen_at", Instant),
    Column("audible", Boolean),  # unknown until the box says so
    # Its SIM's number: known once the box has texted us, or when an administrator says so.
    Column("sim_phone", String(20)),
    # When it last texted something new, and in which epoch of its own; when it was last told what
    # we have heard.
    Column("texted_at", Instant),
    Column("texted_epoch", Id),
    Column("told_heard_at", Instant),
    # When the box's history of our events was found to differ from ours.
    Column("differs_at", Instant),
    # The box's modem and its SIM, as it last said itself; all unknown until it has. `credit` is in
    # cents of the SIM's currency.
    Column("sim_working", Boolean),
    Column("sim_credit_cents", Integer),
    Column("sim_sent_today", Integer),
    Column("sim_problem", String(300), nullable=False, server_default=""),
    Column("sim_reported_at", Instant),
    # One active box per hospital, whatever else goes wrong.
    Index(
        "ix_sites_one_active",
        "hospital_id",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
)

enrolment_codes = Table(
    "enrolment_codes",
    metadata,
    Column("number", String(4), primary_key=True),
    Column("hospital_id", Id, nullable=False),
    Column("hospital_name", String(120), nullable=False),
    # The key of both proofs, sealed: whoever reads the database cannot enrol a box with it.
    Column("sealed_proof_key", LargeBinary(48), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_by", Id),
)
