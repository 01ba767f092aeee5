"""The tables of a box. Facts of a dispatch are kept as the packed event that brought them, so that
a newer gateway's fields survive an older box, and new fields need no migration.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from sync.stream_log import StreamLog

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MILLISECOND


metadata = MetaData()
# A box may start with any clock, and hears the right time only from its gateway. What its staff
# said has no other form: a gateway that has lost it hears it again, word for word.
streams = StreamLog(metadata, "gateway", dated_later=True, tells_anew=False)

dispatches = Table(
    "dispatches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("offer", LargeBinary),  # null while only a change of it has arrived
    Column("received_at", Instant, nullable=False),
    Column("rang_since", Instant),  # null when it came too late to ring
    Column("seen_at", Instant),
    Column("late", Boolean, nullable=False),
)

# What staff have understood to be over or late: it leaves the console's main list.
dismissals = Table(
    "dismissals",
    metadata,
    Column("dispatch_id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
)

# Up to which version staff have understood what is new of a patient.
readings = Table(
    "readings",
    metadata,
    Column("dispatch_id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
)

# Changes in any order; what they say together follows from their versions.
dispatch_changes = Table(
    "dispatch_changes",
    metadata,
    Column("dispatch_id", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("full", Boolean, primary_key=True),  # false: only what a verdict said of the state
    Column("late", Boolean, nullable=False),  # after the patient's time: shown, and does not ring
    Column("change", LargeBinary, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dispatch_id", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("by", String(80), nullable=False),
    Column("detail", String(300), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("why", String(300), nullable=False),
    Column("verdict_at", Instant),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Index("ix_claims_dispatch", "dispatch_id"),
    Index("ix_claims_state", "state"),
)

availability = Table(
    "availability",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("status", String(12), nullable=False),
    Column("staffed_beds", Integer),
    Column("free_beds", Integer),
    Column("by", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)

# What staff say of their hospital. Of an event of ours the packed form is kept, as of dispatches.
reports = Table(
    "reports",
    metadata,
    Column("id", Integer, primary_key=True),
    # What whoever sent it calls this one press: the same again is the same report.
    Column("request_key", String(64), unique=True),
    Column("kind", String(10), nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(10), nullable=False),
    Column("why", String(300), nullable=False),
    Column("answered_at", Instant),  # by the gateway's clock
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Index("ix_reports_state", "state"),
)

# Patients who are no longer this hospital's business, and when the gateway said so: whatever was
# said of them before that and comes later is not stored again.
removals = Table(
    "removals",
    metadata,
    Column("dispatch_id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
)

# What patients state about themselves, as the packed event that brought it; null where it was taken
# back. It may come before its dispatch.
summaries = Table(
    "summaries",
    metadata,
    Column("dispatch_id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),  # the gateway's clock
    Column("event", LargeBinary),
)

# One row: what was left of the lease on summaries when it was last written down.
lease = Table(
    "lease",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("left_s", Integer, nullable=False),
    Column("granted_h", Integer, nullable=False),
)

# One row: the gateway's latest word on whom to text by the box's own modem.
duty_phones = Table(
    "duty_phones",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("event", LargeBinary, nullable=False),
)

link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last_exchange_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),  # the gateway's clock then
    Column("offset_ms", Integer),  # gateway's clock minus ours; null while nobody has compared them
    Column("differs", Boolean, nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("bearer", String(10), nullable=False),  # by which the last exchange came
)
