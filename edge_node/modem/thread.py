"""The thread that serves the modem."""

import threading

import structlog

from edge_node.link import Link
from edge_node.modem.duty_texts import DutyTexts
from edge_node.modem.sim import balance_cents
from edge_node.modem.texting import Texting
from shared.errors import HavenError, origin
from sync.smsd_spool import IncomingText, Spool

_log = structlog.get_logger()
_LOOKS_EVERY_S = 0.5
_SENT_EVERY = 2


class ModemThread:
    """Reads what came and texts what is due, for as long as the box runs. Whatever fails is tried
    again: nothing is taken from the folders before it is in the store.
    """

    def __init__(self, spool: Spool, texting: Texting, duty: DutyTexts, link: Link) -> None:
        self._spool = spool
        self._texting = texting
        self._duty = duty
        self._link = link
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="modem", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Lets it finish what it is at."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _keep(self) -> None:
        looks = 0
        while not self._stopping.is_set():
            try:
                self.look(sends=looks % _SENT_EVERY == 0)
                self._link.update(modem_problem="")
            except HavenError as error:
                if self._link.update(modem_problem=str(error)):
                    _log.warning("the modem does not work", problem=str(error))
            except Exception as error:
                # Whatever it is, this thread has to live: it may be the only way out.
                _log.error("the modem's thread failed", error=origin(error))
            looks += 1
            self._stopping.wait(_LOOKS_EVERY_S)

    def look(self, *, sends: bool = True) -> None:
        """One look. Raises SpoolUnusable."""
        for message in self._spool.incoming():
            self._take(message)
        if sends:
            self._spool.check()
            self._texting.send_due()
            self._duty.text_due()
            self._texting.watch()

    def _take(self, message: IncomingText) -> None:
        if self._texting.take(message) or self._duty.take(message):
            self._spool.done(*message.files)
            return
        left = balance_cents(message.text)
        if left is not None:
            self._texting.credit_is(left)
            self._spool.done(*message.files)
            return
        self._spool.keep(message)
