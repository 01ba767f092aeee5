"""The bytes of an exchange: one request of a box, one answer of the gateway.

    request  = version, site, epoch, number | sealed note | sealed frames
    answer   = version                      | sealed note | sealed frames

The head of a request is readable, because it says which keys open the rest; it is bound into every
seal of the request, and the whole request into every seal of its answer.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync import frame as frames_module
from sync import packing
from sync.frame import Frame
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
from sync.stream_log import Acknowledgement, KeptFrom, Position
from sync.stream_log.values import HASH_BYTES, NO_HASH, SHOWN_HASH_BYTES

_VERSION = 1
CHALLENGE_BYTES = 16
STATE_HASH_BYTES = 8
_EPOCH_BYTES = 4
_MOST_STREAMS = 4096
# What a note and its seal take of an answer at most, as long as it is not complete.
_NOTE_ROOM_BYTES = 256
# The flags of a note, by bit.
_HEARD, _LIMIT, _ACKNOWLEDGES, _COMPLETE, _MORE, _SPELL, _DIFFERS, _RETIRED = (
    1 << bit for bit in range(8)
)
_LOST, _FRAME, _FURTHEST, _LEASE, _KEPT_FROM = (1 << bit for bit in range(8, 13))
LONGEST_REQUEST_BYTES = 128 * 1024
USUAL_REPLY_BYTES = 64 * 1024
USUAL_LEASE_H = 7 * 24


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
class Note:
    """What both sides say beside their events.

    `clock` is the sender's. `state_hash` covers all that the sender has of the other's streams.
    `acknowledgements` name those streams that have grown since the other side was last told; when
    `complete`, all of them, each with its running hash, because the two may not agree.
    `heard_at` is, in a request, the gateway's clock in the last answer the box had: a request is
    fresh when that is. `reply_limit` bytes are the most that the box will take. `lost` names the
    sender's own streams of which the other side has more, as far as the sender has them: the rest
    is to be given back. `more` says that events wait which did not fit; `spell` asks for a
    complete note; `differs` says that the other side's history is not what it should be;
    `retired` that another box has taken this one's place. `furthest` names, always, the streams of
    which the sender has events ahead of a gap or in brief, each with the furthest of them.
    `lease_h`, in an answer, is for how many hours that the box runs it may show summaries from now
    on.
    `kept_from` names streams of the sender of which the reader lacks what is not kept any more.
    """

    clock: datetime
    state_hash: bytes
    acknowledgements: tuple[Acknowledgement, ...] = ()
    complete: bool = False
    heard_at: datetime | None = None
    reply_limit: int = USUAL_REPLY_BYTES
    lost: tuple[Position, ...] = ()
    more: bool = False
    spell: bool = False
    differs: bool = False
    retired: bool = False
    furthest: tuple[Position, ...] = ()
    lease_h: int = USUAL_LEASE_H
    kept_from: tuple[KeptFrom, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """An opened request or answer: authentic, whole, and meant for this reader."""

    note: Note
    frames: tuple[Frame, ...]


def state_hash(acknowledgements: Sequence[Acknowledgement]) -> bytes:
    """Eight bytes that are equal on both sides exactly when the streams' whole histories are. A
    stream of which nothing stands without a gap does not count.
    """
    digest = hashlib.blake2s(digest_size=STATE_HASH_BYTES)
    for each in sorted(acknowledgements, key=lambda each: (each.lane, each.epoch)):
        if not each.cursor:
            continue
        digest.update(
            packing.unsigned(each.lane)
            + packing.unsigned(each.epoch)
            + packing.unsigned(each.cursor)
            + each.running_hash[:SHOWN_HASH_BYTES]
        )
    return digest.digest()


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


def open_answer(using: Session, request_body: bytes, body: bytes, bearer: Bearer) -> Message:
    """The answer to this very request. Raises Refused for anything else."""
    if body[:1] != bytes([_VERSION]):
        raise Refused
    return open_message(
        using.down,
        body[1:],
        (bearer, MessageType.RESPONSE, MessageType.RESPONSE_FRAME),
        digest(request_body),
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
    seal: Seal, body: bytes, kind: tuple[Bearer, MessageType, MessageType], answers: bytes
) -> Message:
    """A note and its frames. Raises Refused when any part of it is damaged, foreign or forged."""
    bearer, note_type, frame_type = kind
    reader = Reader(body)
    try:
        note, frames = _read_note(seal.open(reader.block(), _bound(bearer, note_type, answers)))
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


def digest(request_body: bytes) -> bytes:
    """What an answer names its request by, 16 bytes."""
    return hashlib.blake2s(request_body, digest_size=16).digest()


def pack_note(note: Note, inside: bytes | None = None) -> bytes:
    """The note's bytes before sealing."""
    flags = note.more * _MORE | note.spell * _SPELL | note.complete * _COMPLETE
    flags |= note.differs * _DIFFERS | note.retired * _RETIRED
    flags |= bool(note.acknowledgements or note.complete) * _ACKNOWLEDGES
    flags |= bool(note.heard_at) * _HEARD | bool(note.lost) * _LOST
    flags |= (note.reply_limit != USUAL_REPLY_BYTES) * _LIMIT | (inside is not None) * _FRAME
    flags |= bool(note.furthest) * _FURTHEST | (note.lease_h != USUAL_LEASE_H) * _LEASE
    flags |= bool(note.kept_from) * _KEPT_FROM
    clock_ms = packing.milliseconds(note.clock)
    packed = packing.unsigned(clock_ms) + packing.unsigned(flags) + note.state_hash
    if note.heard_at:
        packed += packing.signed(packing.milliseconds(note.heard_at) - clock_ms)
    if flags & _LIMIT:
        packed += packing.unsigned(note.reply_limit)
    if flags & _ACKNOWLEDGES:
        packed += packing.unsigned(len(note.acknowledgements))
        for each in note.acknowledgements:
            packed += _place(each.lane, each.epoch, each.cursor) + packing.unsigned(each.ahead)
            if note.complete:
                packed += each.running_hash[:SHOWN_HASH_BYTES].ljust(SHOWN_HASH_BYTES, b"\0")
    if note.lost:
        packed += _places(note.lost)
    if inside is not None:
        packed += packing.block(inside)
    if note.furthest:
        packed += _places(note.furthest)
    if flags & _LEASE:
        packed += packing.unsigned(note.lease_h)
    if note.kept_from:
        packed += packing.unsigned(len(note.kept_from))
        for kept in note.kept_from:
            at = kept.position
            packed += _place(at.lane, at.epoch, at.seq) + packing.unsigned(kept.comes)
            packed += kept.running_hash.ljust(HASH_BYTES, b"\0")
    return packed


def _places(positions: Sequence[Position]) -> bytes:
    packed = packing.unsigned(len(positions))
    for at in positions:
        packed += _place(at.lane, at.epoch, at.seq)
    return packed


def _place(lane: int, epoch: int, seq: int) -> bytes:
    return packing.unsigned(lane) + epoch.to_bytes(_EPOCH_BYTES, "little") + packing.unsigned(seq)


def _read_note(packed: bytes) -> tuple[Note, list[Frame]]:
    """The note, and the frame inside it if any. What a newer version added at the end is left
    alone.
    """
    reader = Reader(packed)
    clock_ms, flags, hashed = reader.unsigned(), reader.unsigned(), reader.take(STATE_HASH_BYTES)
    heard_at = (
        packing.from_milliseconds(max(clock_ms + reader.signed(), 0)) if flags & _HEARD else None
    )
    limit = reader.unsigned() if flags & _LIMIT else USUAL_REPLY_BYTES
    complete = bool(flags & _COMPLETE)
    acknowledgements = (
        tuple(_read_acknowledgement(reader, complete) for _ in range(_count(reader)))
        if flags & _ACKNOWLEDGES
        else ()
    )
    lost = _read_places(reader) if flags & _LOST else ()
    inside = [frames_module.unpack(reader.block())] if flags & _FRAME else []
    furthest = _read_places(reader) if flags & _FURTHEST else ()
    lease_h = reader.unsigned() if flags & _LEASE else USUAL_LEASE_H
    kept_from = (
        tuple(_read_kept_from(reader) for _ in range(_count(reader))) if flags & _KEPT_FROM else ()
    )
    note = Note(
        clock=packing.from_milliseconds(clock_ms),
        state_hash=hashed,
        acknowledgements=acknowledgements,
        complete=complete,
        heard_at=heard_at,
        reply_limit=limit,
        lost=lost,
        more=bool(flags & _MORE),
        spell=bool(flags & _SPELL),
        differs=bool(flags & _DIFFERS),
        retired=bool(flags & _RETIRED),
        furthest=furthest,
        lease_h=lease_h,
        kept_from=kept_from,
    )
    return note, inside


def _count(reader: Reader) -> int:
    count = reader.unsigned()
    if count > _MOST_STREAMS:
        raise Unreadable("There are too many streams in a note.")
    return count


def _read_places(reader: Reader) -> tuple[Position, ...]:
    return tuple(Position(*_read_place(reader)) for _ in range(_count(reader)))


def _read_place(reader: Reader) -> tuple[int, int, int]:
    lane = reader.unsigned()
    epoch = int.from_bytes(reader.take(_EPOCH_BYTES), "little")
    seq = reader.unsigned()
    if max(lane, seq) >> 62:
        raise Unreadable("A stream's number is out of range.")
    return lane, epoch, seq


def _read_kept_from(reader: Reader) -> KeptFrom:
    at = Position(*_read_place(reader))
    comes = bool(reader.unsigned())
    return KeptFrom(at, reader.take(HASH_BYTES), comes)


def _read_acknowledgement(reader: Reader, complete: bool) -> Acknowledgement:
    lane, epoch, cursor = _read_place(reader)
    ahead = reader.unsigned()
    shown = reader.take(SHOWN_HASH_BYTES) if complete else NO_HASH
    # A stream of which nothing is there has no hash to show.
    return Acknowledgement(lane, epoch, cursor, ahead, shown if cursor else NO_HASH)
