"""Sending an event to a hospital's box, inside the transaction that caused it."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from gateway.sites.tables import SiteState, sites, streams
from sync.events import Event
from sync.peer import append
from sync.prepared import Prepared

# The live process listens to this channel on PostgreSQL.
CHANNEL = "haven_sites"
_ACTIVE = Prepared(
    select(sites.c.id, sites.c.audible, sites.c.last_seen_at, sites.c.enrolled_at).where(
        sites.c.hospital_id == bindparam("of"), sites.c.state == SiteState.ACTIVE.value
    )
)


def publish(connection: Connection, hospital_id: int, event: Event) -> bool:
    """Adds the event to the stream of the hospital's active box. False when it has none.

    Call it last in a transaction, and for several hospitals in ascending order of their ids: it
    locks the box's counter until the commit.
    """
    site = active_site(connection, hospital_id)
    if site is None:
        return False
    append(connection, streams, site.id, [event], event.at)
    ring(connection, site.id)
    return True


def active_site(connection: Connection, hospital_id: int) -> Row[Any] | None:
    """The hospital's active box (`id`, `audible`, `last_seen_at`, `enrolled_at`); None when it has
    none.
    """
    return _ACTIVE.first(connection, of=hospital_id)


def ring(connection: Connection, site_id: int) -> None:
    """Tells the live process, once this commits. On SQLite it watches the file by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, str(site_id))))
