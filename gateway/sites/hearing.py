"""Whether anybody can hear a hospital's box ring, as far as the gateway knows."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.sites.publishing import active_site

# A box in touch asks every few seconds, and that is noted once a minute: this is long.
_SILENT_AFTER = timedelta(minutes=5)


def is_unheard(connection: Connection, hospital_id: int, now: datetime) -> bool:
    """True when the hospital has a box that nobody can hear: it said so itself, or has said nothing
    for long. False without a box, and while nothing is known against it.
    """
    site = active_site(connection, hospital_id)
    if site is None:
        return False
    heard_at: datetime = site.last_seen_at or site.enrolled_at
    return site.audible is False or now - heard_at > _SILENT_AFTER
