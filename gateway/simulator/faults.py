"""What is to go wrong next, on demand."""

import itertools
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from shared.errors import InvalidInput

CHANNELS = ("sms", "call", "ussd-end")
SHAPES = (
    "charset",
    "processed_with_parts",
    "other_number_format",
    "id_none",
    "nobody",
    "no_recipients",
    "plain_401",
    "redirect",
    "html",
    "not_json",
    "empty",
    "half",
)
DROPS = ("before", "after")
DELIVERIES = (
    "success",
    "twice",
    "out_of_order",
    "no_report",
    "lost",
    "Failed",
    "Rejected",
    "AbsentSubscriber",
    "Expired",
)
FAILURE_REASONS = (
    "InsufficientCredit",
    "InvalidLinkId",
    "UserIsInactive",
    "UserInBlackList",
    "UserAccountSuspended",
    "NotNetworkSubcriber",
    "UserNotSubscribedToProduct",
    "UserDoesNotExist",
    "DeliveryFailure",
    "DoNotDisturbRejection",
)
CALL_STATUSES = ("InvalidPhoneNumber", "DestinationNotSupported", "InsufficientCredit")
HANGUP_CAUSES = ("NO_ANSWER", "USER_BUSY", "CALL_REJECTED", "SUBSCRIBER_ABSENT", "UNSPECIFIED")
_MOST_FAULTS = 200
_LONGEST_DELAY_S = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong `count` times (None: until it is taken away), for messages or calls
    to the number `to` (None: to anybody).

    On `sms` and `call`: `delay_s` holds the answer back, `http_status` replaces it,
    `drop_connection` cuts it off before or after the work was done. On `sms`: `status_code` is
    AT's code for the recipient, `shape` one of the odd answers, `delivery` what becomes of a
    message that was taken, with `failure_reason`. On `call`: `call_status` is the answer,
    `hangup_cause` ends the call instead of ringing. On `ussd-end`: the notice is not sent.
    """

    channel: str
    to: str | None = None
    count: int | None = 1
    delay_s: float = 0.0
    http_status: int | None = None
    drop_connection: str | None = None
    status_code: int | None = None
    shape: str | None = None
    delivery: str | None = None
    failure_reason: str | None = None
    call_status: str | None = None
    hangup_cause: str | None = None


NO_FAULT = Fault(channel="none")

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "channel": CHANNELS,
    "shape": SHAPES,
    "drop_connection": DROPS,
    "delivery": DELIVERIES,
    "failure_reason": FAILURE_REASONS,
    "call_status": CALL_STATUSES,
    "hangup_cause": HANGUP_CAUSES,
}
_RANGES = {"count": (1, 1_000_000), "http_status": (300, 599), "status_code": (100, 599)}


def parse_fault(written: Mapping[str, object]) -> Fault:
    """The fault that a JSON object describes, with `Fault`'s names.

    Raises InvalidInput naming the field and what it may be.
    """
    known = set(Fault.__dataclass_fields__)
    for name, value in written.items():
        if name not in known:
            raise InvalidInput(f"{name[:40]!r} is not known; the fields are {sorted(known)}.")
        if value is None:
            continue
        if name in _CHOICES and value not in _CHOICES[name]:
            raise InvalidInput(f"{name} must be one of {', '.join(_CHOICES[name])}.")
        if name in _RANGES:
            low, high = _RANGES[name]
            if type(value) is not int or not low <= value <= high:
                raise InvalidInput(f"{name} must be a whole number from {low} to {high}.")
        if name == "delay_s" and not (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and 0 <= value <= _LONGEST_DELAY_S
        ):
            raise InvalidInput(f"delay_s must be a number from 0 to {_LONGEST_DELAY_S:.0f}.")
        if name == "to" and not (isinstance(value, str) and value.startswith("+")):
            raise InvalidInput("to must be a number such as +254711000111.")
    if written.get("channel") is None:
        raise InvalidInput(f"channel must be one of {', '.join(CHANNELS)}.")
    given = {name: value for name, value in written.items() if value is not None or name == "count"}
    return Fault(**given)  # type: ignore[arg-type]  # each value was checked against its field


class Faults:
    """The faults that wait for their turn, oldest first; safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Fault] = {}

    def add(self, fault: Fault) -> int:
        """Puts the fault last and gives back its number.

        Raises InvalidInput when too many wait already.
        """
        with self._lock:
            if len(self._waiting) >= _MOST_FAULTS:
                raise InvalidInput(f"There are {_MOST_FAULTS} faults already; clear them first.")
            number = next(self._numbers)
            self._waiting[number] = fault
            return number

    def take(self, channel: str, to: str) -> Fault:
        """The first fault that fits, used up by one; NO_FAULT when none fits."""
        with self._lock:
            for number, fault in self._waiting.items():
                if fault.channel == channel and fault.to in (None, to):
                    if fault.count == 1:
                        del self._waiting[number]
                    elif fault.count is not None:
                        self._waiting[number] = replace(fault, count=fault.count - 1)
                    return fault
        return NO_FAULT

    def clear(self) -> None:
        """Takes every fault away."""
        with self._lock:
            self._waiting.clear()

    def listed(self) -> list[dict[str, object]]:
        """What waits, as JSON objects with the `number` of each."""
        with self._lock:
            return [{"number": number, **asdict(fault)} for number, fault in self._waiting.items()]
