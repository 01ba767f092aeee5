"""What the gateway asks of a carrier of messages, whoever it is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message or call upon itself; whether it arrives is told later.

    `message_id` is the provider's name for it, by which its delivery reports find it again; None
    when the provider gave none, so that no report can be matched. `cost` is what the provider
    charges, with its currency, such as `KES 0.8000`. `segments` is how many parts it counted.
    Both are None where it does not say.
    """

    message_id: str | None
    cost: str | None = None
    segments: int | None = None


class SmsSender(Protocol):
    """Sends one text message to one number."""

    def send_sms(self, to: str, text: str, sender: str | None) -> Accepted:
        """Hands `text` over for `to` (E.164), shown as coming from `sender` (None: the account's
        default).

        Raises SendRetryable when another try may help, also when the answer was lost and the
        message may be on its way; SendRefused when this channel will never reach the number;
        OperatorMustAct when our account or configuration stops every message.
        """
        ...


class VoiceCaller(Protocol):
    """Rings one number; what is said then is asked from us by a callback."""

    def call(self, to: str, caller: str) -> Accepted:
        """Rings `to` (E.164), showing `caller` (one of our voice numbers, E.164).

        The answer's `message_id` is the call's session. Raises as `SmsSender.send_sms` does.
        """
        ...
