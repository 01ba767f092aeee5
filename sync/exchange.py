"""The bytes of an exchange: one request of a box, one answer of the gateway.

    request  = version, site, epoch, number | sealed note | sealed frames
    answer   = version                      | sealed note | sealed frames

The head of a request is readable, because it says which keys open the rest; it is bound into every
seal of the request, and the whole request into every seal of its answer.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sync import frame as frames_module
from sync import packing
from sync.frame import Frame
from sync.note import Note, pack_note, read_note
from sync.packing import Reader, Unreadable
from sync.sealing import (
    SEAL_BYTES,
    Bearer,
    Direction,
    MessageType,
    NodeKeys,
    PublicKeys,
    Refused,
    Seal,
    seal_between,
)

_VERSION = 1
CHALLENGE_BYTES = 16
_EPOCH_BYTES = 4
# What a note and its seal take of an answer at most, as long as it is not complete.
_NOTE_ROOM_BYTES = 256
LONGEST_REQUEST_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Session:
    """The two seals between one box, in one of its epochs, and the gateway."""

    site_id: int
    epoch: int
    up: Seal = field(repr=False)
    down: Seal = field(repr=False)


def session(own: NodeKeys, other: PublicKeys, site_id: int, epoch: int) -> Session:
    """The session as either side computes it."""
    return Session(
        site_id,
        epoch,
        seal_between(own, other, site_id, epoch, Direction.UP),
        seal_between(own, other, site_id, epoch, Direction.DOWN),
    )


@dataclass(frozen=True, slots=True)
class Head:
    """The readable start of a request. `number` makes each request of one epoch different."""

    site_id: int
    epoch: int
    number: int

    def pack(self) -> bytes:
        return (
            bytes([_VERSION])
            + packing.unsigned(self.site_id)
            + self.epoch.to_bytes(_EPOCH_BYTES, "little")
            + packing.unsigned(self.number)
        )


@dataclass(frozen=True, slots=True)
class Message:
    """An opened request or answer: authentic, whole, and meant for this reader."""

    note: Note
    frames: tuple[Frame, ...]


def read_head(body: bytes) -> Head:
    """Who claims to ask. Raises Refused for anything that is not a request."""
    reader = Reader(body[:64])
    try:
        if reader.take(1)[0] != _VERSION:
            raise Refused
        site_id = reader.unsigned()
        epoch = int.from_bytes(reader.take(_EPOCH_BYTES), "little")
        head = Head(site_id, epoch, reader.unsigned())
    except Unreadable:
        raise Refused from None
    if not 0 < head.epoch < 1 << 32 or not 0 < head.site_id < 1 << 63:
        raise Refused
    return head


def build_request(
    using: Session, number: int, note: Note, frames: Iterable[bytes], bearer: Bearer
) -> bytes:
    """What a box sends: packed `frames`, as many as fit. `number` differs for each request of the
    epoch, so that no two are alike.
    """
    head = Head(using.site_id, using.epoch, number).pack()
    chosen: list[bytes] = []
    size = len(head) + _sealed_size(pack_note(note))
    for frame in frames:
        size += _sealed_size(frame)
        if size > LONGEST_REQUEST_BYTES:
            break
        chosen.append(frame)
    kind = (bearer, MessageType.REQUEST, MessageType.REQUEST_FRAME)
    return head + _seal_message(using.up, note, chosen, kind, head)


def open_request(using: Session, body: bytes, bearer: Bearer) -> Message:
    """The request. Raises Refused when any part of it is damaged, foreign or forged."""
    head = Head(using.site_id, using.epoch, read_head(body).number).pack()
    if not body.startswith(head) or len(body) > LONGEST_REQUEST_BYTES:
        raise Refused
    return open_message(
        using.up,
        body[len(head) :],
        (bearer, MessageType.REQUEST, MessageType.REQUEST_FRAME),
        head,
    )


def build_answer(
    using: Session,
    request_body: bytes,
    note: Callable[[bool], Note],
    frames: Iterable[bytes],
    limit: int,
    bearer: Bearer,
) -> bytes:
    """What the gateway answers: as many packed frames as fit `limit` bytes, at least one unless
    the limit is 0. `note` is given whether frames had to wait.
    """
    chosen: list[bytes] = []
    size, waiting = _NOTE_ROOM_BYTES, False
    for frame in frames:
        size += _sealed_size(frame)
        if (chosen or not limit) and size > limit:
            waiting = True
            break
        chosen.append(frame)
    kind = (bearer, MessageType.RESPONSE, MessageType.RESPONSE_FRAME)
    sealed = _seal_message(using.down, note(waiting), chosen, kind, digest(request_body))
    return bytes([_VERSION]) + sealed


def open_answer(
    using: Session,
    request_body: bytes,
    body: bytes,
    bearer: Bearer,
    *,
    broken_off: bool = False,
) -> Message:
    """The answer to this very request; where it was `broken_off`, its note and whatever frames are
    whole. Raises Refused for anything else.
    """
    if body[:1] != bytes([_VERSION]):
        raise Refused
    return open_message(
        using.down,
        body[1:],
        (bearer, MessageType.RESPONSE, MessageType.RESPONSE_FRAME),
        digest(request_body),
        broken_off=broken_off,
    )


def _seal_message(
    seal: Seal,
    note: Note,
    frames: Sequence[bytes],
    kind: tuple[Bearer, MessageType, MessageType],
    answers: bytes,
) -> bytes:
    """A note and packed frames. A single one goes inside the note: one seal less, where every byte
    counts most.
    """
    bearer, note_type, frame_type = kind
    inside = frames[0] if len(frames) == 1 else None
    sealed = packing.block(seal_note(seal, note, bearer, note_type, answers, inside))
    if inside is None:
        for frame in frames:
            sealed += seal_frame(seal, frame, bearer, frame_type, answers)
    return sealed


def _sealed_size(content: bytes) -> int:
    """How many bytes a sealed block of this content takes."""
    sealed = len(content) + SEAL_BYTES
    return len(packing.unsigned(sealed)) + sealed


def seal_note(
    seal: Seal,
    note: Note,
    bearer: Bearer,
    message_type: MessageType,
    answers: bytes,
    inside: bytes | None = None,
) -> bytes:
    """A note, sealed, with the one packed frame `inside` it if any."""
    return seal.close(pack_note(note, inside), _bound(bearer, message_type, answers))


def seal_frame(
    seal: Seal, frame: bytes, bearer: Bearer, message_type: MessageType, answers: bytes
) -> bytes:
    """A packed frame, sealed by itself and led by its length."""
    return packing.block(seal.close(frame, _bound(bearer, message_type, answers)))


def build_hello(using: Session, challenge: bytes) -> bytes:
    """What a box says first on the doorbell: who it is.

    It answers the gateway's `challenge`, so that a recorded hello opens nothing.
    """
    head = Head(using.site_id, using.epoch, 0).pack()
    bound = _bound(Bearer.WEBSOCKET, MessageType.HELLO, head + challenge)
    return head + using.up.close(bytes([_VERSION]), bound)


def open_hello(using: Session, challenge: bytes, body: bytes) -> None:
    """Raises Refused unless the box itself answers this very challenge."""
    head = Head(using.site_id, using.epoch, 0).pack()
    if not body.startswith(head):
        raise Refused
    bound = _bound(Bearer.WEBSOCKET, MessageType.HELLO, head + challenge)
    using.up.open(body[len(head) :], bound)


def build_ring(using: Session, challenge: bytes, head: int, frame: bytes | None = None) -> bytes:
    """What the doorbell rings with: how many events there are for this box by now, and the packed
    frame of those that it lacks, where they are few.
    """
    bound = _bound(Bearer.WEBSOCKET, MessageType.RING, challenge)
    inside = b"" if frame is None else packing.block(frame)
    return using.down.close(packing.unsigned(head) + inside, bound)


def open_ring(using: Session, challenge: bytes, body: bytes) -> tuple[int, Frame | None]:
    """How many events there are, and the frame. Raises Refused for a ring that is not the
    gateway's.
    """
    bound = _bound(Bearer.WEBSOCKET, MessageType.RING, challenge)
    try:
        reader = Reader(using.down.open(body, bound))
        head = reader.unsigned()
        return head, None if reader.at_end else frames_module.unpack(reader.block())
    except Unreadable:
        raise Refused from None


def open_message(
    seal: Seal,
    body: bytes,
    kind: tuple[Bearer, MessageType, MessageType],
    answers: bytes,
    *,
    broken_off: bool = False,
) -> Message:
    """A note and its frames, without the last one where the message was `broken_off` in it. Raises
    Refused when any part of it is damaged, foreign or forged.
    """
    bearer, note_type, frame_type = kind
    reader = Reader(body)
    try:
        note, frames = read_note(seal.open(reader.block(), _bound(bearer, note_type, answers)))
        while not reader.at_end:
            try:
                sealed = reader.block()
            except Unreadable:
                if broken_off:
                    break
                raise
            if len(sealed) > frames_module.LONGEST_BYTES:
                raise Refused
            packed = seal.open(sealed, _bound(bearer, frame_type, answers))
            frames.append(frames_module.unpack(packed))
    except Unreadable:
        raise Refused from None
    return Message(note, tuple(frames))


def _bound(bearer: Bearer, message_type: MessageType, answers: bytes) -> list[bytes]:
    return [bytes([_VERSION, bearer, message_type]), answers]


def digest(request_body: bytes) -> bytes:
    """What an answer names its request by, 16 bytes."""
    return hashlib.blake2s(request_body, digest_size=16).digest()
