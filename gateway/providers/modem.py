"""A modem of the gateway's own, through gammu-smsd's folders: boxes are texted by it where there is
one, so that neither the internet nor a carrier's account stands between.
"""

from collections.abc import Callable
from datetime import datetime

from gateway.providers.ports import Accepted
from shared.errors import SendRetryable
from shared.identifier import to_text
from shared.system import System
from sync.smsd_outbox import OutboxWatch
from sync.smsd_spool import IncomingText, Spool, SpoolUnusable


class Modem:
    """Sends like any other carrier of texts, and is read once a second."""

    def __init__(self, spool: Spool, system: System) -> None:
        self._spool = spool
        self._system = system
        self._watch = OutboxWatch(spool)
        self._problem = ""

    def send_sms(self, to: str, text: str, sender: str | None) -> Accepted:
        """See `gateway.providers.ports.SmsSender`. What a modem has taken is neither billed by us
        nor reported on.
        """
        if self._problem:
            raise SendRetryable(self._problem)
        note = to_text(self._system.new_id())
        try:
            self._spool.send(to, text, self._system.now(), note, urgent=True)
        except SpoolUnusable as error:
            raise SendRetryable(str(error)) from error
        return Accepted(message_id=None)

    def look(self, take: Callable[[str, str, str], None]) -> None:
        """Hands on what came, as (name of the message, sender, text), and notices whether the modem
        sends. What was handed on is gone from the folder only after that.
        """
        for message in self._spool.incoming():
            take(_name(message), message.sender, message.text)
            self._spool.done(*message.files)
        self._spool.done(*(path for _, _, path in self._spool.outcomes()))
        now: datetime = self._system.now()
        self._problem = self._watch.look(now)


def _name(message: IncomingText) -> str:
    return f"modem-{message.files[0].stem}"[:80]
