"""How long the sealed texts of many emergencies are, and how much of each they say.

Run it from the project's root: `python -m tests.bench.sms_size`.
"""

from dataclasses import dataclass

from sync import exchange, sms
from sync.codec import encode
from sync.sealing import Direction, NodeKeys
from sync.stream_log import Position
from tests.bench.corpus import NAIROBI, Typed, emergencies
from tests.bench.elsewhere import ELSEWHERE

COUNT = 10_000
_BOX, _GATEWAY = NodeKeys(b"b" * 32), NodeKeys(b"g" * 32)
_SITE, _EPOCH, _GATEWAY_EPOCH = 1234, 5, 99


@dataclass(frozen=True, slots=True)
class SmsSize:
    """Letters of the longest text; the shares that are whole, and that keep the whole note."""

    longest: int
    whole: float
    whole_note: float


def measure(count: int = COUNT, typed_by: Typed = NAIROBI) -> SmsSize:
    """Seals `count` emergencies, and opens each text again."""
    gateway = exchange.session(_GATEWAY, _BOX.public, _SITE, _EPOCH)
    box = exchange.session(_BOX, _GATEWAY.public, _SITE, _EPOCH)
    longest = whole = whole_note = 0
    for seq, offer in enumerate(emergencies(count, typed_by=typed_by), start=2):
        at = Position(1, _GATEWAY_EPOCH, seq)
        text = sms.build_event(gateway, Direction.DOWN, at, encode(offer), reader_knows_epoch=True)
        came = sms.open_message(text, [box], Direction.DOWN, [_GATEWAY_EPOCH])
        if came.position != at:
            raise AssertionError(f"the text of event {seq} came back as {came.position}")
        longest = max(longest, len(text))
        whole += not came.brief
        whole_note += offer.note.encode() in came.payload
    return SmsSize(longest, whole / count, whole_note / count)


if __name__ == "__main__":
    for typed_by in (NAIROBI, ELSEWHERE):
        print(measure(typed_by=typed_by))
