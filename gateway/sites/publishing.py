"""Sending an event to a hospital's box, inside the transaction that caused it."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from gateway.ports import Box
from gateway.sites.tables import SiteState, sites, streams
from sync.events import DispatchRemoved, Event, SummaryWithdrawn
from sync.peer import append
from sync.prepared import Prepared

# One that was silent for longer has forgotten its patients by itself, or is gone.
_HEARD_WITHIN = timedelta(days=35)
# The live process listens to this channel on PostgreSQL.
CHANNEL = "haven_sites"
_ACTIVE = Prepared(
    select(
        sites.c.id,
        sites.c.audible,
        sites.c.last_seen_at,
        sites.c.texted_at,
        sites.c.enrolled_at,
    ).where(sites.c.hospital_id == bindparam("of"), sites.c.state == SiteState.ACTIVE.value)
)


def publish(connection: Connection, hospital_id: int, event: Event) -> bool:
    """Adds the event to the stream of the hospital's active box. False when it has none.

    Call it last in a transaction, and for several hospitals in ascending order of their ids: it
    locks the box's counter until the commit.
    """
    box = active_box(connection, hospital_id)
    if box is None:
        return False
    publish_to(connection, box, event)
    return True


def publish_to(connection: Connection, box: Box, event: Event) -> None:
    """The same for a box that was looked up already. That a patient, or what they state about
    themselves, leaves the hospital's boxes is told to those too whose place this one took: they may
    still be switched on in a ward.
    """
    site_ids = [box.site_id]
    if isinstance(event, DispatchRemoved | SummaryWithdrawn):
        site_ids += _retired_beside(connection, box.site_id, event.at)
    for site_id in site_ids:
        append(connection, streams, site_id, [event], event.at)
        ring(connection, site_id)


def _retired_beside(connection: Connection, site_id: int, now: datetime) -> list[int]:
    of_it = select(sites.c.hospital_id).where(sites.c.id == site_id).scalar_subquery()
    found = connection.execute(
        select(sites.c.id)
        .where(
            sites.c.hospital_id == of_it,
            sites.c.state == SiteState.RETIRED.value,
            sites.c.last_seen_at >= now - _HEARD_WITHIN,
        )
        .order_by(sites.c.id)
    )
    return list(found.scalars())


def active_box(connection: Connection, hospital_id: int) -> Box | None:
    """The hospital's active box; None when it has none."""
    row = _ACTIVE.first(connection, of=hospital_id)
    if row is None:
        return None
    heard_at = max(row.last_seen_at or row.enrolled_at, row.texted_at or row.enrolled_at)
    return Box(row.id, row.audible, heard_at)


def ring(connection: Connection, site_id: int) -> None:
    """Tells the live process, once this commits. On SQLite it watches the file by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, str(site_id))))
