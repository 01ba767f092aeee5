"""Records what the version before this one and the one after it send, as bytes:
`python -m tests.sync.record_versions > tests/sync/recorded_versions.json`.

The one before lacks the newest group of every event; the one after has one more group in each, one
more type of event, and more at the end of a note. The file is kept as it is: when this version
becomes the one before, new bytes are added to it, and the old ones stay.
"""

import json
from dataclasses import replace
from typing import Any

from sync import codec, events, exchange, frame, packing
from sync.codec import Layout, encode
from sync.events import Event
from sync.frame import Frame
from sync.note import Note, pack_note, state_hash
from sync.sealing import Bearer, MessageType, NodeKeys
from tests.sync.vectors import (
    BOX_SECRET,
    EPOCH,
    GATEWAY_EPOCH,
    GATEWAY_SECRET,
    NOON,
    SITE,
    sample_events,
)

NEW_TYPE = 99


def as_before(event: Event) -> bytes:
    """The event as the version before packed it: without its layout's newest group."""
    layout = next(each for each in codec.LAYOUTS if each.type is type(event))
    if len(layout.groups) == 1:
        return encode(event)
    older = Layout(layout.number, layout.type, layout.lane, layout.groups[:-1])
    return codec.encode_as(older, event)


def as_after(event: Event) -> bytes:
    """The event as the version after packs it: one more group, of a bit map, a text, a number."""
    group = packing.unsigned(1) + packing.text("colour: red") + packing.unsigned(300)
    return encode(replace(event, unknown_tail=group))


def unknown_event() -> bytes:
    """An event of a type that this version does not know."""
    at_ms = packing.milliseconds(NOON)
    return packing.unsigned(NEW_TYPE) + packing.unsigned(at_ms) + packing.text("from the future")


def record() -> dict[str, Any]:
    """The whole file."""
    box, gateway = NodeKeys(BOX_SECRET), NodeKeys(GATEWAY_SECRET)
    session = exchange.session(box, gateway.public, SITE, EPOCH)
    samples = sample_events()
    start = encode(samples[0])
    offer, accept = samples[3], samples[8]
    report = next(each for each in samples if isinstance(each, events.AvailabilityReported))

    def exchanged(pack: Any, *more: bytes) -> dict[str, str]:
        up = [
            Frame(1, EPOCH, 1, (start, pack(accept), *more)),
            Frame(2, EPOCH, 1, (start, pack(report))),
        ]
        down = [Frame(1, GATEWAY_EPOCH, 1, (start, pack(offer), *more))]
        note = Note(clock=NOON, state_hash=state_hash([]), complete=True)
        tail = b"" if pack is as_before else packing.text("more of a note")
        head = exchange.Head(SITE, EPOCH, 1).pack()
        request = head + _sealed(session.up, note, tail, MessageType.REQUEST, head)
        for each in up:
            request += exchange.seal_frame(
                session.up,
                b"\0" + frame.content_of(each),
                Bearer.HTTPS,
                MessageType.REQUEST_FRAME,
                head,
            )
        digest = exchange.digest(request)
        answer = b"\1" + _sealed(session.down, note, tail, MessageType.RESPONSE, digest)
        for each in down:
            answer += exchange.seal_frame(
                session.down,
                b"\0" + frame.content_of(each),
                Bearer.HTTPS,
                MessageType.RESPONSE_FRAME,
                digest,
            )
        return {"request": request.hex(), "answer": answer.hex()}

    return {
        "before": {
            "events": [as_before(event).hex() for event in samples],
            "exchange": exchanged(as_before),
        },
        "after": {
            "events": [as_after(event).hex() for event in samples],
            "unknown_event": unknown_event().hex(),
            "exchange": exchanged(as_after, unknown_event()),
        },
    }


def _sealed(seal: Any, note: Note, tail: bytes, kind: MessageType, bound: bytes) -> bytes:
    content = pack_note(note) + tail
    return packing.block(seal.close(content, [bytes([1, Bearer.HTTPS, kind]), bound]))


if __name__ == "__main__":
    print(json.dumps(record(), indent=1))
