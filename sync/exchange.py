"""The bytes of an exchange: one request of a box, one answer of the gateway.

    request  = version, site, epoch, nonce | sealed note | sealed frames
    answer   = version                     | sealed note | sealed frames

The head of a request is readable, because it says which keys open the rest; it is bound into every
seal of the request, and the whole request into every seal of its answer.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync import frame as frames_module
from sync import packing
from sync.frame import Frame
from sync.packing import Reader, Unreadable
from sync.sealing import (
    Bearer,
    Direction,
    MessageType,
    NodeKeys,
    PublicKeys,
    Refused,
    Seal,
    seal_between,
)
from sync.stream_log import Acknowledgement

_VERSION = 1
NONCE_BYTES = 16
STATE_HASH_BYTES = 8
_MOST_ACKNOWLEDGEMENTS = 256
LONGEST_REQUEST_BYTES = 128 * 1024
USUAL_REPLY_BYTES = 64 * 1024


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
    """The readable start of a request."""

    site_id: int
    epoch: int
    nonce: bytes

    def pack(self) -> bytes:
        return (
            bytes([_VERSION])
            + packing.unsigned(self.site_id)
            + packing.unsigned(self.epoch)
            + self.nonce
        )


@dataclass(frozen=True, slots=True)
class Note:
    """What both sides say beside their events.

    `clock` is the sender's. `state_hash` covers the running hashes of all streams acknowledged
    here. `heard_at` is, in a request, the gateway's clock in the last answer the box had: a
    request is fresh when that is. `reply_limit` bytes are the most that the box will take.
    `more` says that events wait which did not fit; `differs` that the other side's state hash is
    not what it should be; `retired` that another box has taken this one's place.
    """

    clock: datetime
    acknowledgements: tuple[Acknowledgement, ...]
    state_hash: bytes
    heard_at: datetime | None = None
    reply_limit: int = USUAL_REPLY_BYTES
    more: bool = False
    differs: bool = False
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """An opened request or answer: authentic, whole, and meant for this reader."""

    note: Note
    frames: tuple[Frame, ...]


def state_hash(acknowledgements: Sequence[Acknowledgement]) -> bytes:
    """Eight bytes that are equal on both sides exactly when the streams' whole histories are."""
    digest = hashlib.blake2s(digest_size=STATE_HASH_BYTES)
    for each in sorted(acknowledgements, key=lambda each: (each.lane, each.epoch)):
        digest.update(
            packing.unsigned(each.lane)
            + packing.unsigned(each.epoch)
            + packing.unsigned(each.cursor)
            + packing.block(each.running_hash)
        )
    return digest.digest()


def read_head(body: bytes) -> Head:
    """Who claims to ask. Raises Refused for anything that is not a request."""
    reader = Reader(body[:64])
    try:
        if reader.take(1)[0] != _VERSION:
            raise Refused
        head = Head(reader.unsigned(), reader.unsigned(), reader.take(NONCE_BYTES))
    except Unreadable:
        raise Refused from None
    if not 0 < head.epoch < 1 << 32 or not 0 < head.site_id < 1 << 63:
        raise Refused
    return head


def build_request(
    using: Session, nonce: bytes, note: Note, frames: Sequence[Frame], bearer: Bearer
) -> bytes:
    """What a box sends. `nonce` is 16 random bytes, so that no two requests are alike."""
    head = Head(using.site_id, using.epoch, nonce).pack()
    sealed_note = using.up.close(_pack_note(note), _bound(bearer, MessageType.REQUEST, head))
    body = head + packing.block(sealed_note)
    for frame in frames:
        body += seal_frame(using.up, frame, bearer, MessageType.REQUEST_FRAME, head)
    return body


def open_request(using: Session, body: bytes, bearer: Bearer) -> Message:
    """The request. Raises Refused when any part of it is damaged, foreign or forged."""
    head = Head(using.site_id, using.epoch, read_head(body).nonce).pack()
    if not body.startswith(head) or len(body) > LONGEST_REQUEST_BYTES:
        raise Refused
    return _open(
        using.up,
        body[len(head) :],
        (bearer, MessageType.REQUEST, MessageType.REQUEST_FRAME),
        head,
    )


def build_answer(
    using: Session,
    request_body: bytes,
    note: Callable[[bool], Note],
    frames: Sequence[Frame],
    limit: int,
    bearer: Bearer,
) -> bytes:
    """What the gateway answers: as many frames as fit `limit` bytes, at least one.

    `note` is given whether frames had to wait.
    """
    request = _digest(request_body)
    sealed_frames: list[bytes] = []
    size = 256
    for frame in frames:
        sealed = seal_frame(using.down, frame, bearer, MessageType.RESPONSE_FRAME, request)
        if sealed_frames and size + len(sealed) > limit:
            break
        sealed_frames.append(sealed)
        size += len(sealed)
    content = _pack_note(note(len(sealed_frames) < len(frames)))
    sealed_note = using.down.close(content, _bound(bearer, MessageType.RESPONSE, request))
    return bytes([_VERSION]) + packing.block(sealed_note) + b"".join(sealed_frames)


def open_answer(using: Session, request_body: bytes, body: bytes, bearer: Bearer) -> Message:
    """The answer to this very request. Raises Refused for anything else."""
    if body[:1] != bytes([_VERSION]):
        raise Refused
    return _open(
        using.down,
        body[1:],
        (bearer, MessageType.RESPONSE, MessageType.RESPONSE_FRAME),
        _digest(request_body),
    )


def seal_frame(
    seal: Seal, frame: Frame, bearer: Bearer, message_type: MessageType, answers: bytes
) -> bytes:
    """A frame, sealed by itself and led by its length."""
    sealed = seal.close(frames_module.pack(frame), _bound(bearer, message_type, answers))
    return packing.block(sealed)


def build_hello(using: Session, challenge: bytes) -> bytes:
    """What a box says first on the doorbell: who it is.

    It answers the gateway's `challenge`, so that a recorded hello opens nothing.
    """
    head = Head(using.site_id, using.epoch, bytes(NONCE_BYTES)).pack()
    bound = _bound(Bearer.WEBSOCKET, MessageType.HELLO, head + challenge)
    return head + using.up.close(bytes([_VERSION]), bound)


def open_hello(using: Session, challenge: bytes, body: bytes) -> None:
    """Raises Refused unless the box itself answers this very challenge."""
    head = Head(using.site_id, using.epoch, bytes(NONCE_BYTES)).pack()
    if not body.startswith(head):
        raise Refused
    bound = _bound(Bearer.WEBSOCKET, MessageType.HELLO, head + challenge)
    using.up.open(body[len(head) :], bound)


def build_ring(using: Session, challenge: bytes, head: int) -> bytes:
    """What the doorbell rings with: how many events there are for this box by now."""
    bound = _bound(Bearer.WEBSOCKET, MessageType.RING, challenge)
    return using.down.close(packing.unsigned(head), bound)


def open_ring(using: Session, challenge: bytes, body: bytes) -> int:
    """How many events there are. Raises Refused for a ring that is not the gateway's."""
    bound = _bound(Bearer.WEBSOCKET, MessageType.RING, challenge)
    try:
        return Reader(using.down.open(body, bound)).unsigned()
    except Unreadable:
        raise Refused from None


def _open(
    seal: Seal, body: bytes, kind: tuple[Bearer, MessageType, MessageType], answers: bytes
) -> Message:
    bearer, note_type, frame_type = kind
    reader = Reader(body)
    try:
        note = _read_note(seal.open(reader.block(), _bound(bearer, note_type, answers)))
        frames = []
        while not reader.at_end:
            sealed = reader.block()
            if len(sealed) > frames_module.LONGEST_BYTES:
                raise Refused
            packed = seal.open(sealed, _bound(bearer, frame_type, answers))
            frames.append(frames_module.unpack(packed))
    except Unreadable:
        raise Refused from None
    return Message(note, tuple(frames))


def _bound(bearer: Bearer, message_type: MessageType, answers: bytes) -> list[bytes]:
    return [bytes([_VERSION, bearer, message_type]), answers]


def _digest(request_body: bytes) -> bytes:
    return hashlib.blake2s(request_body, digest_size=16).digest()


def _pack_note(note: Note) -> bytes:
    heard = packing.milliseconds(note.heard_at) if note.heard_at else 0
    flags = note.more | note.differs << 1 | note.retired << 2
    return (
        packing.instant(note.clock)
        + packing.unsigned(heard)
        + packing.unsigned(note.reply_limit)
        + packing.unsigned(flags)
        + note.state_hash
        + packing.unsigned(len(note.acknowledgements))
        + b"".join(
            packing.unsigned(each.lane)
            + packing.unsigned(each.epoch)
            + packing.unsigned(each.cursor)
            + packing.unsigned(each.ahead)
            for each in note.acknowledgements
        )
    )


def _read_note(packed: bytes) -> Note:
    """What a newer version added at the end is left alone."""
    reader = Reader(packed)
    clock, heard, reply_limit = reader.instant(), reader.unsigned(), reader.unsigned()
    flags, hashed, count = reader.unsigned(), reader.take(STATE_HASH_BYTES), reader.unsigned()
    if count > _MOST_ACKNOWLEDGEMENTS:
        raise Unreadable("There are too many acknowledgements.")
    acknowledgements = tuple(
        Acknowledgement(reader.unsigned(), reader.unsigned(), reader.unsigned(), reader.unsigned())
        for _ in range(count)
    )
    if any(max(each.lane, each.epoch, each.cursor) >> 62 for each in acknowledgements):
        raise Unreadable("An acknowledgement is out of range.")
    return Note(
        clock=clock,
        acknowledgements=acknowledgements,
        state_hash=hashed,
        heard_at=packing.from_milliseconds(heard) if heard else None,
        reply_limit=reply_limit,
        more=bool(flags & 1),
        differs=bool(flags & 2),
        retired=bool(flags & 4),
    )
