"""Many events of a frame as columns: what stands in the same place of each event stands together.

Events for one hospital are alike. Side by side, their times, identifiers and numbers take only the
bits in which they differ, and their texts go to the compressor together. It works on the packed
bytes of events, which come out as they went in: the running hash covers them.

    content = bytes: texts, compressed | column of types | column of times | the types' columns

What came to an event later than `sync.frozen_layouts` says travels as a tail of bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync import packing
from sync.codec import Shape
from sync.compression import grow
from sync.frozen_layouts import frozen_groups
from sync.number_column import pack_column, read_column
from sync.packing import Reader, Unreadable

# Where a cell stands: its group and place, and which part of it. Two places are no field.
_Place = tuple[int, int, int]
_GROUP_COUNT: _Place = (-1, 0, 0)
_TAIL: _Place = (-1, 1, 0)
_PRESENT = -1


def columns_of(payloads: Sequence[bytes], compress: Callable[[bytes], bytes]) -> bytes | None:
    """The events' packed bytes as columns; None for bytes that no event is packed as."""
    try:
        events = [_apart(payload) for payload in payloads]
    except Unreadable:
        return None
    # The same number can be written in more bytes than it needs.
    if any(_together(event) != payload for event, payload in zip(events, payloads, strict=True)):
        return None
    out = _Out()
    out.columns += pack_column([event.kind for event in events], out.texts)
    out.columns += pack_column([event.at_ms for event in events], out.texts)
    _walk(events, out)
    return packing.block(compress(bytes(out.texts))) + bytes(out.columns)


def read_columns(reader: Reader, count: int, longest_bytes: int) -> tuple[bytes, ...]:
    """The packed bytes of `count` events. Raises Unreadable for anything but columns, and for
    events that take more than `longest_bytes` together.
    """
    came = _In(Reader(grow(reader.block(), longest_bytes)), reader)
    kinds = read_column(reader, came.texts, count)
    times = read_column(reader, came.texts, count)
    events = [_Event(kind, at_ms) for kind, at_ms in zip(kinds, times, strict=True)]
    _walk(events, came)
    if not came.texts.at_end:
        raise Unreadable("The columns have more texts than events.")
    payloads, size = [], 0
    for event in events:
        payloads.append(_together(event))
        size += len(payloads[-1])
        if size > longest_bytes:
            raise Unreadable("The events of the columns are too long.")
    return tuple(payloads)


@dataclass(slots=True)
class _Event:
    """One event, taken apart into numbers and texts by their places."""

    kind: int
    at_ms: int
    numbers: dict[_Place, int] = field(default_factory=dict)
    texts: dict[_Place, bytes] = field(default_factory=dict)


def _apart(payload: bytes) -> _Event:
    reader = Reader(payload)
    event = _Event(reader.unsigned(), reader.unsigned())
    groups = 0
    for group, fields in enumerate(frozen_groups(event.kind)):
        if reader.at_end:
            break
        groups += 1
        optional = sum(each.optional for each in fields)
        present = reader.unsigned() if optional else 0
        event.numbers[group, _PRESENT, 0] = present
        for place, each in enumerate(fields):
            if each.optional:
                present, here = present >> 1, present & 1
                if not here:
                    continue
            _take_cell(event, (group, place, 0), each.form.shape, reader)
    event.numbers[_GROUP_COUNT] = groups
    event.texts[_TAIL] = packing.block(reader.rest())
    return event


def _take_cell(event: _Event, place: _Place, shape: Shape, reader: Reader) -> None:
    group, position, _ = place
    if shape is Shape.TEXT:
        event.texts[place] = packing.block(reader.block())
    elif shape is Shape.TEXTS:
        event.texts[place] = _read_texts(reader)
    elif shape is Shape.IDENTIFIER:
        value = packing.read_identifier(reader, event.at_ms)
        made_ms, chance = (
            value >> packing.IDENTIFIER_CHANCE_BITS,
            value & (1 << packing.IDENTIFIER_CHANCE_BITS) - 1,
        )
        event.numbers[place] = packing.zigzag(made_ms - event.at_ms)
        event.numbers[group, position, 1] = chance
    else:
        event.numbers[place] = head = reader.unsigned()
        if shape is Shape.WORD and head & 1:
            event.texts[place] = packing.block(reader.take(head >> 1))


def _together(event: _Event) -> bytes:
    packed = packing.unsigned(event.kind) + packing.unsigned(event.at_ms)
    groups = event.numbers.get(_GROUP_COUNT, 0)
    for group, fields in enumerate(frozen_groups(event.kind)[:groups]):
        present = event.numbers.get((group, _PRESENT, 0), 0)
        if any(each.optional for each in fields):
            packed += packing.unsigned(present)
        for place, each in enumerate(fields):
            if each.optional:
                present, here = present >> 1, present & 1
                if not here:
                    continue
            packed += _cell(event, (group, place, 0), each.form.shape)
    return packed + Reader(event.texts[_TAIL]).block()


def _cell(event: _Event, place: _Place, shape: Shape) -> bytes:
    group, position, _ = place
    if shape in (Shape.TEXT, Shape.TEXTS):
        return event.texts[place]
    if shape is Shape.IDENTIFIER:
        made_ms = event.at_ms + packing.unzigzag(event.numbers[place])
        value = (made_ms << packing.IDENTIFIER_CHANCE_BITS) + event.numbers[group, position, 1]
        if not 0 <= value < 1 << 63:
            raise Unreadable("An identifier is out of range.")
        return packing.identifier(value, event.at_ms)
    head = packing.unsigned(event.numbers[place])
    if shape is Shape.WORD and event.numbers[place] & 1:
        return head + Reader(event.texts[place]).block()
    return head


def _read_texts(reader: Reader) -> bytes:
    count = reader.unsigned()
    packed = packing.unsigned(count)
    for _ in range(count):
        packed += packing.block(reader.block())
    return packed


class _Way(Protocol):
    """Columns on their way out or in: the numbers, or the texts, in one place of some events."""

    def numbers(self, events: Sequence[_Event], place: _Place) -> None: ...

    def words(self, events: Sequence[_Event], place: _Place, *, many: bool = False) -> None: ...


class _Out:
    """Columns being written."""

    def __init__(self) -> None:
        self.columns, self.texts = bytearray(), bytearray()

    def numbers(self, events: Sequence[_Event], place: _Place) -> None:
        self.columns += pack_column([event.numbers[place] for event in events], self.texts)

    def words(self, events: Sequence[_Event], place: _Place, *, many: bool = False) -> None:
        texts = [event.texts[place] for event in events]
        # Each different text once, in the order in which they come, when many are the same.
        different = list(dict.fromkeys(texts))
        if not texts:
            return
        repeats = 2 * len(different) <= len(texts)
        self.columns += packing.unsigned(len(different) if repeats else 0)
        self.texts += b"".join(different if repeats else texts)
        if repeats:
            which = {text: number for number, text in enumerate(different)}
            self.columns += pack_column([which[text] for text in texts], self.texts)


class _In:
    """Columns being read."""

    def __init__(self, texts: Reader, columns: Reader) -> None:
        self.texts, self._columns = texts, columns

    def numbers(self, events: Sequence[_Event], place: _Place) -> None:
        values = read_column(self._columns, self.texts, len(events))
        for event, value in zip(events, values, strict=True):
            event.numbers[place] = value

    def words(self, events: Sequence[_Event], place: _Place, *, many: bool = False) -> None:
        if not events:
            return
        repeats = self._columns.unsigned()
        if repeats > len(events):
            raise Unreadable("A column has more texts than events.")
        texts = [self._word(many=many) for _ in range(repeats or len(events))]
        if repeats:
            which = read_column(self._columns, self.texts, len(events))
            if max(which) >= repeats:
                raise Unreadable("A column names a text that it does not have.")
            texts = [texts[number] for number in which]
        for event, text in zip(events, texts, strict=True):
            event.texts[place] = text

    def _word(self, *, many: bool) -> bytes:
        return _read_texts(self.texts) if many else packing.block(self.texts.block())


def _walk(events: Sequence[_Event], way: _Way) -> None:
    """Every column in its order, which is the same both ways: which events have a cell is known
    from the columns before.
    """
    for kind in sorted({event.kind for event in events}):
        rows = [event for event in events if event.kind == kind]
        groups = frozen_groups(kind)
        if groups:
            way.numbers(rows, _GROUP_COUNT)
        for group, fields in enumerate(groups):
            having = [row for row in rows if row.numbers[_GROUP_COUNT] > group]
            if any(each.optional for each in fields):
                way.numbers(having, (group, _PRESENT, 0))
            bit = 0
            for place, each in enumerate(fields):
                cells = having
                if each.optional:
                    cells = [row for row in having if row.numbers[group, _PRESENT, 0] >> bit & 1]
                    bit += 1
                _walk_cells(cells, (group, place, 0), each.form.shape, way)
        way.words(rows, _TAIL)


def _walk_cells(cells: Sequence[_Event], place: _Place, shape: Shape, way: _Way) -> None:
    if shape in (Shape.TEXT, Shape.TEXTS):
        way.words(cells, place, many=shape is Shape.TEXTS)
        return
    way.numbers(cells, place)
    if shape is Shape.IDENTIFIER:
        way.numbers(cells, (place[0], place[1], 1))
    elif shape is Shape.WORD:
        way.words([row for row in cells if row.numbers[place] & 1], place)
