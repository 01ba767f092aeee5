"""Bundles: what one side has for the other, as one file that a person carries.

    bundle = magic, version, direction, site, epoch | sealed note | sealed frames

A bundle answers nothing, so it may be read in any order, again and again: an event that is there
already has no second effect, and acknowledgements only grow. It opens for one box and its gateway
alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sync import exchange, packing
from sync.exchange import Message, Session
from sync.note import Note
from sync.packing import Reader, Unreadable
from sync.sealing import Bearer, Direction, MessageType, Refused

_MAGIC = b"HAVEN\n"
_VERSION = 1
_EPOCH_BYTES = 4
# A month of a busy hospital; more is more than one file.
LONGEST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Label:
    """The readable start of a bundle: whose it is. `epoch` is the box's, and names the keys."""

    direction: Direction
    site_id: int
    epoch: int

    def pack(self) -> bytes:
        return (
            _MAGIC
            + bytes([_VERSION, self.direction])
            + packing.unsigned(self.site_id)
            + self.epoch.to_bytes(_EPOCH_BYTES, "little")
        )


def read_label(content: bytes) -> Label:
    """Whose bundle this is. Raises Refused for anything that is no bundle."""
    reader = Reader(content[:64])
    try:
        if reader.take(len(_MAGIC)) != _MAGIC or reader.take(1)[0] != _VERSION:
            raise Refused("This file is no bundle of Haven, or one of a newer version.")
        direction = Direction(reader.take(1)[0])
        site_id = reader.unsigned()
        epoch = int.from_bytes(reader.take(_EPOCH_BYTES), "little")
    except (Unreadable, ValueError):
        raise Refused("This file is no bundle of Haven.") from None
    if not 0 < site_id < 1 << 63 or not epoch:
        raise Refused("This file is no bundle of Haven.")
    return Label(direction, site_id, epoch)


def build(using: Session, direction: Direction, note: Note, frames: Iterable[bytes]) -> bytes:
    """The file. Raises nothing: what does not fit is left for the next one, and `note` is told
    nothing of it.
    """
    label = Label(direction, using.site_id, using.epoch).pack()
    seal = using.up if direction is Direction.UP else using.down
    sealed_note = exchange.seal_note(seal, note, Bearer.FILE, MessageType.BUNDLE, label)
    content = bytearray(label + packing.block(sealed_note))
    for frame in frames:
        sealed = exchange.seal_frame(seal, frame, Bearer.FILE, MessageType.BUNDLE_FRAME, label)
        if len(content) + len(sealed) > LONGEST_BYTES:
            break
        content += sealed
    return bytes(content)


def open_bundle(using: Session, direction: Direction, content: bytes) -> Message:
    """What is in it. Raises Refused when any part is damaged, foreign or forged."""
    label = Label(direction, using.site_id, using.epoch).pack()
    if not content.startswith(label) or len(content) > LONGEST_BYTES:
        raise Refused("This bundle is for another box, or damaged.")
    seal = using.up if direction is Direction.UP else using.down
    kind = (Bearer.FILE, MessageType.BUNDLE, MessageType.BUNDLE_FRAME)
    try:
        return exchange.open_message(seal, content[len(label) :], kind, label)
    except Refused:
        raise Refused(
            "This bundle is damaged, or not for this box and its gateway. Export it again."
        ) from None
