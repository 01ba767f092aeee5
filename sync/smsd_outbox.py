"""Watching what a modem has yet to send: whether it sends at all, and what is too old to go out."""

from datetime import datetime, timedelta

from sync.smsd_spool import Spool

# What the modem has not taken from its folder for so long says that nobody takes it.
_STUCK_AFTER = timedelta(minutes=2)
# By then what a text says has come another way, or concerns nobody any more.
_STALE_AFTER = timedelta(hours=2)
STUCK = "The modem does not send: is gammu-smsd running, and the modem plugged in?"


class OutboxWatch:
    """Looks at one modem's outbox again and again. Ages count from when this program first saw a
    text wait: file times follow a clock that may jump.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._since: dict[str, datetime] = {}

    def look(self, now: datetime) -> str:
        """What is wrong, or nothing; takes back what must not go out so late."""
        waiting = self._spool.waiting()
        self._since = {note: min(self._since.get(note, now), now) for note in waiting}
        for note, path in waiting.items():
            if now - self._since[note] >= _STALE_AFTER:
                self._spool.done(path)
        oldest = min(self._since.values(), default=now)
        return STUCK if now - oldest >= _STUCK_AFTER else ""
