"""Frames: consecutive events of one stream, packed together, that any bearer can carry."""

from collections.abc import Iterable
from dataclasses import dataclass

import zstandard

from sync import packing
from sync.codec import CODEC_VERSION
from sync.packing import Reader, Unreadable
from sync.sealing import SEAL_BYTES
from sync.stream_log import Outgoing

LONGEST_BYTES = 8192
_LEVEL = 9
_PLAIN, _COMPRESSED = 0, 1
# Room for the seal, the form byte and the head of a frame.
_CONTENT_BYTES = LONGEST_BYTES - SEAL_BYTES - 40
_MOST_EVENTS = 4096


@dataclass(frozen=True, slots=True)
class Frame:
    """Events `first_seq`, `first_seq + 1`, … of one lane and epoch of one stream."""

    lane: int
    epoch: int
    first_seq: int
    payloads: tuple[bytes, ...]


def frames_of(events: Iterable[Outgoing]) -> list[Frame]:
    """The events in as few frames as possible, in their order. Each fits 8 kB sealed, even where
    compression gains nothing.
    """
    frames: list[Frame] = []
    payloads: list[bytes] = []
    size = 0
    for event in events:
        at, taken = event.position, len(event.payload) + 2
        last = frames[-1] if frames else None
        if (
            last is not None
            and (last.lane, last.epoch) == (at.lane, at.epoch)
            and last.first_seq + len(payloads) == at.seq
            and size + taken <= _CONTENT_BYTES
        ):
            payloads.append(event.payload)
            size += taken
            frames[-1] = Frame(last.lane, last.epoch, last.first_seq, tuple(payloads))
        else:
            payloads, size = [event.payload], taken
            frames.append(Frame(at.lane, at.epoch, at.seq, (event.payload,)))
    return frames


def pack(frame: Frame) -> bytes:
    """The frame's bytes before sealing, compressed where that makes them fewer."""
    content = (
        bytes([CODEC_VERSION, frame.lane])
        + packing.unsigned(frame.epoch)
        + packing.unsigned(frame.first_seq)
        + packing.unsigned(len(frame.payloads))
        + b"".join(map(packing.block, frame.payloads))
    )
    # The frame's own length and check sum stand in the seal already.
    compressed = zstandard.ZstdCompressor(
        level=_LEVEL, write_checksum=False, write_content_size=True
    ).compress(content)
    if len(compressed) < len(content):
        return bytes([_COMPRESSED]) + compressed
    return bytes([_PLAIN]) + content


def unpack(packed: bytes) -> Frame:
    """The frame. Raises Unreadable for anything that `pack` did not write."""
    reader = Reader(packed)
    form = reader.take(1)[0]
    content = reader.rest()
    if form == _COMPRESSED:
        content = _decompress(content)
    elif form != _PLAIN:
        raise Unreadable("The frame's form is not known to this version: update the program.")
    reader = Reader(content)
    if reader.take(1)[0] != CODEC_VERSION:
        raise Unreadable("The frame's version is not known to this version: update the program.")
    lane, epoch, first_seq = reader.take(1)[0], reader.unsigned(), reader.unsigned()
    count = reader.unsigned()
    if count > _MOST_EVENTS or not 0 < epoch < 1 << 32 or not 0 < first_seq < 1 << 62:
        raise Unreadable("The frame's head is out of range.")
    payloads = tuple(reader.block() for _ in range(count))
    if not reader.at_end:
        raise Unreadable("The frame is longer than its events.")
    return Frame(lane, epoch, first_seq, payloads)


def _decompress(compressed: bytes) -> bytes:
    try:
        size = zstandard.get_frame_parameters(compressed).content_size
        # A tiny frame must not be able to ask for all the memory there is.
        if size > LONGEST_BYTES:
            raise Unreadable("The frame is too long.")
        return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=LONGEST_BYTES)
    except zstandard.ZstdError:
        raise Unreadable("The frame cannot be decompressed.") from None
