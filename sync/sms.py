"""One event in one SMS, sealed, and what was heard by SMS.

    text    = "HVN" | two letters: how many letters follow | letters (base64, no padding)
    bytes   = flags | up: number: site, epoch of the box, 4 bytes | event: number: its number
            | where the reader may not know it: epoch of the stream, 4 bytes | sealed
    sealed  = what was heard, 7 to 11 bytes | event, compressed as the flags say

Every letter is one septet of GSM-7, a text has at most 150 of them, and whatever a carrier appends
is ignored. A message downward does not name the epochs whose keys and stream it uses: the box tries
those that it has.
"""

import base64
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag

from shared.errors import InvalidInput
from sync import packing
from sync.briefing import shorter_forms
from sync.codec import LONGEST_BYTES, decode, encode
from sync.compression import grow, shrink
from sync.exchange import Session
from sync.heard import Heard, read_heard
from sync.packing import Reader, Unreadable
from sync.sealing import Bearer, Direction, MessageType, Refused, Seal
from sync.stream_log import Position

LONGEST_LETTERS = 150
PREFIX = "HVN"
_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_HEAD_LETTERS = len(PREFIX) + 2
_VERSION = 1
_EPOCH_BYTES = 4
_LANE = 1


class _Flags(IntFlag):
    UP = 1
    EVENT = 2
    BRIEF = 4
    NAMES_EPOCH = 8
    HEARD = 16
    COMPRESSED = 32
    WITH_DICTIONARY = 64


# By the first byte of what `sync.compression` makes.
_FORMS = {
    0: _Flags(0),
    1: _Flags.COMPRESSED,
    2: _Flags.WITH_DICTIONARY,
    4: _Flags.COMPRESSED | _Flags.WITH_DICTIONARY,
}


@dataclass(frozen=True, slots=True)
class Carried:
    """What one SMS brought. A `brief` payload acts, and does not count as the event itself."""

    position: Position | None
    payload: bytes
    brief: bool
    heard: Heard | None


@dataclass(frozen=True, slots=True)
class Label:
    """Whose SMS it is, readable: a box's number and the epoch whose keys sealed it."""

    site_id: int
    epoch: int


def is_ours(text: str) -> bool:
    """True for a text that claims to be one of these, whatever a carrier put after it."""
    return text.lstrip().startswith(PREFIX)


def build_event(
    using: Session,
    direction: Direction,
    at: Position,
    payload: bytes,
    *,
    reader_knows_epoch: bool,
    heard: Heard | None = None,
) -> str:
    """The text that carries this event of lane 1, whole where that fits, else brief.

    Raises InvalidInput when even the shortest form does not fit, which no real event is.
    """
    text = _event_text(using, direction, at, payload, reader_knows_epoch, heard, brief=False)
    if len(text) <= LONGEST_LETTERS:
        return text
    if heard is not None:
        # What was heard can be said by itself; more of the event is worth more.
        return build_event(using, direction, at, payload, reader_knows_epoch=reader_knows_epoch)
    for shorter in shorter_forms(decode(payload)):
        text = _event_text(
            using, direction, at, encode(shorter), reader_knows_epoch, None, brief=True
        )
        if len(text) <= LONGEST_LETTERS:
            return text
    raise InvalidInput("This event does not fit an SMS; it waits for another way.")


def build_heard(using: Session, direction: Direction, heard: Heard) -> str:
    """The text that says only what was heard."""
    head = _head(using, direction, _Flags.HEARD)
    return _text(head + _seal(using, direction).close(heard.pack(), _bound(head, 0)))


def says_heard(text: str) -> bool:
    """True when this text, which we have built, says what was heard: an event may leave no room."""
    return bool(_read_head(Reader(_bytes(text)))[0] & _Flags.HEARD)


def read_label(text: str) -> Label:
    """Whose message to the gateway this is. Raises Refused for anything else."""
    _, label, _ = _read_head(Reader(_bytes(text)))
    if label is None:
        raise Refused
    return label


def open_message(
    text: str, sessions: Iterable[Session], direction: Direction, epochs: Sequence[int]
) -> Carried:
    """What the text brought.

    `sessions` are those that may have sealed it, `epochs` those of the writer's lane 1 that are
    known, the likeliest first. Raises Refused when none of them opens it.
    """
    content = _bytes(text)
    reader = Reader(content)
    flags, label, seq = _read_head(reader)
    if (label is not None) is not (direction is Direction.UP):
        raise Refused
    if flags & _Flags.NAMES_EPOCH:
        epochs = [int.from_bytes(_take(reader, _EPOCH_BYTES), "little")]
    sealed = reader.rest()
    head = content[: len(content) - len(sealed)]
    candidates = epochs if flags & _Flags.EVENT else [0]
    for using in sessions:
        for epoch in candidates:
            try:
                opened = _seal(using, direction).open(sealed, _bound(head, epoch))
            except Refused:
                continue
            return _carried(flags, epoch, seq, opened)
    raise Refused


def _carried(flags: _Flags, epoch: int, seq: int, opened: bytes) -> Carried:
    reader = Reader(opened)
    try:
        heard = read_heard(reader) if flags & _Flags.HEARD else None
        if not flags & _Flags.EVENT:
            return Carried(None, b"", False, heard)
        form = next(each for each, flag in _FORMS.items() if flag == flags & _COMPRESSION)
        payload = grow(bytes([form]) + reader.rest(), LONGEST_BYTES)
    except (Unreadable, StopIteration):
        raise Refused from None
    return Carried(Position(_LANE, epoch, seq), payload, bool(flags & _Flags.BRIEF), heard)


_COMPRESSION = _Flags.COMPRESSED | _Flags.WITH_DICTIONARY


def _event_text(
    using: Session,
    direction: Direction,
    at: Position,
    payload: bytes,
    reader_knows_epoch: bool,
    heard: Heard | None,
    *,
    brief: bool,
) -> str:
    shrunk = shrink(payload)
    flags = _Flags.EVENT | _FORMS[shrunk[0]]
    flags |= _Flags.BRIEF if brief else _Flags(0)
    flags |= _Flags.HEARD if heard is not None else _Flags(0)
    flags |= _Flags(0) if reader_knows_epoch else _Flags.NAMES_EPOCH
    head = _head(using, direction, flags) + packing.unsigned(at.seq)
    if not reader_knows_epoch:
        head += at.epoch.to_bytes(_EPOCH_BYTES, "little")
    content = (heard.pack() if heard is not None else b"") + shrunk[1:]
    return _text(head + _seal(using, direction).close(content, _bound(head, at.epoch)))


def _head(using: Session, direction: Direction, flags: _Flags) -> bytes:
    if direction is Direction.DOWN:
        return bytes([flags])
    return (
        bytes([flags | _Flags.UP])
        + packing.unsigned(using.site_id)
        + using.epoch.to_bytes(_EPOCH_BYTES, "little")
    )


def _read_head(reader: Reader) -> tuple[_Flags, Label | None, int]:
    flags = _Flags(_take(reader, 1)[0])
    try:
        label = None
        if flags & _Flags.UP:
            site_id = reader.unsigned()
            label = Label(site_id, int.from_bytes(reader.take(_EPOCH_BYTES), "little"))
        seq = reader.unsigned() if flags & _Flags.EVENT else 0
    except Unreadable:
        raise Refused from None
    if flags & _Flags.EVENT and not 0 < seq < 1 << 62:
        raise Refused
    return flags, label, seq


def _take(reader: Reader, size: int) -> bytes:
    try:
        return reader.take(size)
    except Unreadable:
        raise Refused from None


def _seal(using: Session, direction: Direction) -> Seal:
    return using.up if direction is Direction.UP else using.down


def _bound(head: bytes, epoch: int) -> list[bytes]:
    kind = bytes([_VERSION, Bearer.SMS, MessageType.TEXT])
    return [kind, head + epoch.to_bytes(_EPOCH_BYTES, "little")]


def _text(content: bytes) -> str:
    letters = base64.b64encode(content).decode("ascii").rstrip("=")
    high, low = divmod(len(letters), len(_LETTERS))
    return f"{PREFIX}{_LETTERS[high % len(_LETTERS)]}{_LETTERS[low]}{letters}"


def _bytes(text: str) -> bytes:
    text = text.lstrip()
    if not text.startswith(PREFIX):
        raise Refused
    high, low = (_LETTERS.find(letter) for letter in text[len(PREFIX) : _HEAD_LETTERS].ljust(2))
    length = high * len(_LETTERS) + low
    letters = text[_HEAD_LETTERS : _HEAD_LETTERS + length]
    if min(high, low) < 0 or len(letters) != length or set(letters) - set(_LETTERS):
        raise Refused
    try:
        return base64.b64decode(letters + "=" * (-length % 4), validate=True)
    except ValueError:
        raise Refused from None
