"""What both sides say beside their events: what they have, what they lack, how they stand."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync import frame as frames_module
from sync import packing
from sync.frame import Frame
from sync.packing import Reader, Unreadable
from sync.stream_log import Acknowledgement, KeptFrom, Position
from sync.stream_log.values import HASH_BYTES, NO_HASH, SHOWN_HASH_BYTES

STATE_HASH_BYTES = 8
USUAL_REPLY_BYTES = 64 * 1024
USUAL_LEASE_H = 7 * 24
_EPOCH_BYTES = 4
_MOST_STREAMS = 4096
# The flags of a note, by bit.
_HEARD, _LIMIT, _ACKNOWLEDGES, _COMPLETE, _MORE, _SPELL, _DIFFERS, _RETIRED = (
    1 << bit for bit in range(8)
)
_LOST, _FRAME, _FURTHEST, _LEASE, _KEPT_FROM = (1 << bit for bit in range(8, 13))


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


def read_note(packed: bytes) -> tuple[Note, list[Frame]]:
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
