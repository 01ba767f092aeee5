"""Whether anybody can hear a hospital's box ring, as far as the gateway knows."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from gateway.sites.tables import SiteState, sites
from sync.prepared import Prepared

# A box in touch asks every few seconds, and that is noted once a minute: this is long.
_SILENT_AFTER = timedelta(minutes=5)
_ACTIVE = Prepared(
    select(sites.c.audible, sites.c.last_seen_at, sites.c.enrolled_at).where(
        sites.c.hospital_id == bindparam("of"), sites.c.state == SiteState.ACTIVE.value
    )
)


def is_unheard(connection: Connection, hospital_id: int, now: datetime) -> bool:
    """True when the hospital has a box that nobody can hear: it said so itself, or has said nothing
    for long. False without a box, and while nothing is known against it.
    """
    site = _ACTIVE.first(connection, of=hospital_id)
    if site is None:
        return False
    return site.audible is False or now - (site.last_seen_at or site.enrolled_at) > _SILENT_AFTER
