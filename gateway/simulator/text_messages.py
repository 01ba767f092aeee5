"""Text messages between handsets and the gateway: taking, delivering, reporting, handing in."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from threading import Lock

from gateway.providers.africastalking_answers import SMS_STATUS_NAMES
from gateway.simulator.agenda import Agenda
from gateway.simulator.callbacks import Callbacks
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.faults import Fault
from gateway.simulator.handset import Handset, Handsets, ShortMessage
from gateway.simulator.journal import Journal
from shared.errors import InvalidInput
from shared.gsm import segments
from shared.system import System

_PRICE_PER_SEGMENT = Decimal("0.8")
_LONGEST_TEXT = 1600
_OWN_STATUSES = frozenset({"Failed", "Rejected", "AbsentSubscriber", "Expired"})


class Credit:
    """What is left on the account, in KES; None means without end. Safe to share."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left: Decimal | None = None

    @property
    def left(self) -> Decimal | None:
        """KES left, or None for an account without end."""
        return self._left

    def set(self, left: Decimal | None) -> None:
        """Fills or empties the account."""
        with self._lock:
            self._left = left

    def spend(self, cost: Decimal) -> bool:
        """Takes the cost off and tells whether there was enough."""
        with self._lock:
            if self._left is None:
                return True
            if self._left < cost:
                return False
            self._left -= cost
            return True


class TextMessages:
    """The message centre."""

    def __init__(
        self,
        config: SimulatorConfig,
        system: System,
        agenda: Agenda,
        callbacks: Callbacks,
        handsets: Handsets,
        journal: Journal,
        credit: Credit,
    ) -> None:
        self._config = config
        self._system = system
        self._agenda = agenda
        self._callbacks = callbacks
        self._handsets = handsets
        self._journal = journal
        self._credit = credit
        self._inbound_count = count()

    def take(self, to: str, text: str, sender: str, fault: Fault) -> dict[str, object]:
        """Takes one message for one recipient and gives back AT's row about it. It is delivered and
        reported as `fault` says.
        """
        parts = segments(text)
        cost = _PRICE_PER_SEGMENT * parts
        code = fault.status_code or 101
        if code in (100, 101, 102):
            try:
                to = self._handsets.with_number(to).number
            except InvalidInput:
                code = 403
        if code in (100, 101, 102) and not self._credit.spend(cost):
            code = 405
        row: dict[str, object] = {
            "statusCode": code,
            "number": to,
            "status": SMS_STATUS_NAMES.get(code, "Unknown"),
            "cost": f"KES {cost:.4f}",
            "messageId": f"ATXid_{self._system.rng.getrandbits(128):032x}",
        }
        if code not in (100, 101, 102):
            row |= {"cost": "0", "messageId": "None"}
        else:
            row["status"] = "Success"
            self._deliver(to, text, sender, str(row["messageId"]), fault)
        self._journal.write("sms taken", to=to, sender=sender, text=text, row=dict(row))
        return row

    def send_from(
        self, handset: Handset, to: str, text: str, twice: bool = False, delay_s: float = 0.0
    ) -> None:
        """A person sends a message from a handset: to the shortcode, which AT hands in to the
        gateway until it answers 200, or to another handset.

        Raises InvalidInput when the text or the recipient cannot be used.
        """
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise InvalidInput(f"A message has 1 to {_LONGEST_TEXT} characters.")
        now = self._system.now()
        message = f"{self._system.rng.getrandbits(128):032x}"
        at = now.isoformat(timespec="milliseconds")
        if to != self._config.shortcode:
            other = self._handsets.with_number(to)
            incoming = ShortMessage(message, "received", handset.number, text, at)
            self._agenda.after(self._config.delivery_delay_s, lambda: other.take_message(incoming))
        else:
            # Both formats of the date have been seen; they take turns here.
            odd = next(self._inbound_count) % 2
            form = {
                "date": now.strftime("%Y-%m-%dT%H:%M:%SZ" if odd else "%Y-%m-%d %H:%M:%S"),
                "from": handset.number,
                "id": message,
                "linkId": f"{self._system.rng.getrandbits(64):016x}",
                "text": text,
                "to": to,
                "cost": "None",
                "networkCode": handset.network.code,
            }
            for _ in range(2 if twice else 1):
                self._callbacks.tell("sms", form, delay_s)
        handset.take_message(ShortMessage(message, "sent", to, text, at))

    def _deliver(self, to: str, text: str, sender: str, message: str, fault: Fault) -> None:
        delivery = fault.delivery or "success"
        delay_s = self._config.delivery_delay_s
        arrives = delivery not in _OWN_STATUSES | {"lost"}
        if arrives:
            self._agenda.after(delay_s, lambda: self._arrive(to, text, sender, message))
        for status, wait_s in _reports(delivery, delay_s):
            form = {
                "id": message,
                "status": status,
                "phoneNumber": to,
                "networkCode": self._handsets.with_number(to).network.code,
            }
            if status in _OWN_STATUSES:
                form["failureReason"] = fault.failure_reason or "DeliveryFailure"
                form["retryCount"] = "0"
            self._callbacks.tell("delivery", form, wait_s)

    def _arrive(self, to: str, text: str, sender: str, message: str) -> None:
        at = self._system.now().isoformat(timespec="milliseconds")
        self._handsets.with_number(to).take_message(
            ShortMessage(message, "received", sender, text, at)
        )


def _reports(delivery: str, delay_s: float) -> Iterator[tuple[str, float]]:
    """The delivery reports of one message, each with the seconds until it is posted."""
    if delivery in ("no_report", "lost"):
        return
    if delivery == "out_of_order":
        yield "Success", delay_s
        yield "Sent", delay_s * 2
        return
    yield "Sent", delay_s / 2
    final = delivery if delivery in _OWN_STATUSES else "Success"
    yield final, delay_s
    if delivery == "twice":
        yield final, delay_s * 2
