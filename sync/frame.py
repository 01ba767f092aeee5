"""Frames: consecutive events of one stream, packed together, that any bearer can carry."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sync import packing
from sync.codec import CODEC_VERSION
from sync.columns import columns_of, read_columns
from sync.compression import grow, shrink, shrink_quickly
from sync.packing import Reader, Unreadable
from sync.sealing import SEAL_BYTES
from sync.stream_log import Outgoing

LONGEST_BYTES = 8192
_MOST_CONTENT_BYTES = 48 * 1024
_LONGEST_CONTENT_BYTES = 64 * 1024
_MOST_EVENTS = 4096
# Beside the forms of `sync.compression`: the events stand in columns.
_COLUMNS = 3
# With fewer events columns have nothing to gain.
_FEWEST_IN_COLUMNS = 4
# Beside the lane, in the same byte: these events are the reader's own, which it has lost.
_RECOVERED = 0x80


@dataclass(frozen=True, slots=True)
class Frame:
    """Events `first_seq`, `first_seq + 1`, … of one lane and epoch of one stream. With `recovered`
    they are the reader's own, given back.
    """

    lane: int
    epoch: int
    first_seq: int
    payloads: tuple[bytes, ...]
    recovered: bool = False


def packed_frames_of(events: Iterable[Outgoing], *, recovered: bool = False) -> Iterator[bytes]:
    """The events in few frames, in their order, packed one by one as they are asked for. Each fits
    8 kB sealed, even where compression gains nothing.
    """
    most = _MOST_EVENTS
    for run in _runs(events):
        while run:
            packed, count = _fullest(run[:most], recovered)
            yield packed
            # A frame like this one is full again, or nearly; trying with far more costs time.
            if count < len(run):
                most = count + count // 32 + 1
            run = run[count:]


def _runs(events: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """Consecutive events of one stream."""
    held: list[Outgoing] = []
    for event in events:
        at = event.position
        last = held[-1].position if held else None
        if last and (last.lane, last.epoch, last.seq + 1) != (at.lane, at.epoch, at.seq):
            yield held
            held = []
        held.append(event)
    if held:
        yield held


def _fullest(run: list[Outgoing], recovered: bool) -> tuple[bytes, int]:
    """A frame of the first events of a run, as many as fit, and how many that are."""
    count = size = 0
    for event in run:
        size += len(event.payload) + 2
        if count and size > _MOST_CONTENT_BYTES:
            break
        count += 1
    while True:
        packed = pack(_frame(run[:count], recovered))
        fits = LONGEST_BYTES - SEAL_BYTES
        if len(packed) <= fits or count == 1:
            return packed, count
        # More events compress better together, so that this is rarely too many.
        count = max(1, min(count - 1, count * fits // len(packed)))


def _frame(events: list[Outgoing], recovered: bool) -> Frame:
    first = events[0].position
    payloads = tuple(event.payload for event in events)
    return Frame(first.lane, first.epoch, first.seq, payloads, recovered)


def pack(frame: Frame) -> bytes:
    """The frame's bytes before sealing, in the shortest of its forms."""
    packed = shrink(content_of(frame))
    if len(frame.payloads) < _FEWEST_IN_COLUMNS:
        return packed
    beside = columns_form_of(frame, shrink_quickly)
    return packed if beside is None else min(packed, beside, key=len)


def columns_form_of(frame: Frame, compress: Callable[[bytes], bytes]) -> bytes | None:
    """The frame's bytes with its events in columns; None where they cannot stand so."""
    columns = columns_of(frame.payloads, compress)
    return None if columns is None else bytes([_COLUMNS]) + _head(frame) + columns


def content_of(frame: Frame) -> bytes:
    """The frame's bytes before compression."""
    return _head(frame) + b"".join(map(packing.block, frame.payloads))


def _head(frame: Frame) -> bytes:
    return (
        bytes([CODEC_VERSION, frame.lane | (_RECOVERED if frame.recovered else 0)])
        + packing.unsigned(frame.epoch)
        + packing.unsigned(frame.first_seq)
        + packing.unsigned(len(frame.payloads))
    )


def unpack(packed: bytes) -> Frame:
    """The frame. Raises Unreadable for anything that `pack` did not write."""
    in_columns = packed[:1] == bytes([_COLUMNS])
    reader = Reader(packed[1:] if in_columns else grow(packed, _LONGEST_CONTENT_BYTES))
    if reader.take(1)[0] != CODEC_VERSION:
        raise Unreadable("The frame's version is not known to this version: update the program.")
    lane, epoch, first_seq = reader.take(1)[0], reader.unsigned(), reader.unsigned()
    count = reader.unsigned()
    if count > _MOST_EVENTS or not 0 < epoch < 1 << 32 or not 0 < first_seq < 1 << 62:
        raise Unreadable("The frame's head is out of range.")
    if in_columns:
        payloads = read_columns(reader, count, _LONGEST_CONTENT_BYTES)
    else:
        payloads = tuple(reader.block() for _ in range(count))
    if not reader.at_end:
        raise Unreadable("The frame is longer than its events.")
    return Frame(lane & ~_RECOVERED, epoch, first_seq, payloads, bool(lane & _RECOVERED))
