"""Whether anybody can hear a hospital's box ring, as far as the gateway knows."""

from datetime import datetime, timedelta

from gateway.ports import Box

# A box in touch asks every few seconds, and that is noted once a minute: this is long.
_SILENT_AFTER = timedelta(minutes=5)


def is_unheard(box: Box, now: datetime) -> bool:
    """True when nobody can hear the box: it said so itself, or has said nothing for long. False
    while nothing is known against it.
    """
    return box.audible is False or now - box.heard_at > _SILENT_AFTER
