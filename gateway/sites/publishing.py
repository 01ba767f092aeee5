"""Sending an event to a hospital's box, inside the transaction that caused it."""

from sqlalchemy import Connection, bindparam, func, select

from gateway.sites.tables import SiteState, sites, streams
from sync.events import Event
from sync.peer import append
from sync.prepared import Prepared

# The live process listens to this channel on PostgreSQL.
CHANNEL = "haven_sites"
_ACTIVE = Prepared(
    select(sites.c.id).where(
        sites.c.hospital_id == bindparam("of"), sites.c.state == SiteState.ACTIVE.value
    )
)


def publish(connection: Connection, hospital_id: int, event: Event) -> bool:
    """Adds the event to the stream of the hospital's active box. False when it has none.

    Call it last in a transaction, and for several hospitals in ascending order of their ids: it
    locks the box's counter until the commit.
    """
    site_id = active_site(connection, hospital_id)
    if site_id is None:
        return False
    append(connection, streams, site_id, [event], event.at)
    ring(connection, site_id)
    return True


def active_site(connection: Connection, hospital_id: int) -> int | None:
    """The number of the hospital's active box; None when it has none."""
    site = _ACTIVE.first(connection, of=hospital_id)
    return None if site is None else int(site.id)


def ring(connection: Connection, site_id: int) -> None:
    """Tells the live process, once this commits. On SQLite it watches the file by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, str(site_id))))
