"""Short contents in few bytes: a context model says how likely each bit is after what stood before
it, and a range coder writes the bit for what that is worth.

A byte of text is seen in six contexts, a byte of a number in two. For every context, and every
bit of the next byte, a slot counts zeros and ones. Their evidence is added up, weighted by how
much such counts have been worth. Before it starts the model has read `primer_1.bin`. The primer
and the weights, made by `tests/sync/train_text_model.py`, are part of the wire's form.
"""

import math
from functools import cache
from importlib import resources
from typing import Protocol

from sync import packing
from sync.event_places import MULTIPLIER, Place, following, mixed
from sync.packing import Reader, Unreadable
from sync.range_coder import Decoder, Encoder

# A byte takes about 25 µs, five times that on a small machine: four emergencies in one frame still
# gain a third, and longer contents would keep it too long.
LONGEST_BYTES = 1024
_SLOT_BITS = 21
_UNUSED_BITS = 32 - _SLOT_BITS
_LAST_SLOT = (1 << _SLOT_BITS) - 1
_MOST_COUNTED = 15
_MOST_EVIDENCE = 2047
EVIDENCE_UNIT = 256
WEIGHT_BITS = 6
# A row for each context, those of numbers first. The columns: only zeros or only ones were counted,
# 1, 2, 3, 4 to 7, more of them; both were, fewer than 6, more.
_WEIGHTS = (
    (7, 16, 17, 37, 87, 4, 27),
    (10, 22, 20, 34, 49, 7, 13),
    (39, 34, 52, 29, 83, -19, 13),
    (39, 31, 32, 37, 43, 27, 22),
    (36, 24, 26, 28, 30, 21, 18),
    (29, 25, 25, 24, 27, 17, 12),
    (33, 28, 34, 29, 51, 23, 25),
    (58, 29, 17, 23, 2, -1, 1),
)
_NUMBER_CONTEXTS = 2
# The case of a letter is told last, so that "Voi" begins like "voi".
_CASE_BIT = 5


class _Coder(Protocol):
    def code(self, one: int, bit: int) -> int:
        """Writes or reads a bit, whose chance to be a one is `one` of 65,536."""
        ...


def compress(content: bytes) -> bytes:
    """The content, which has at most `LONGEST_BYTES`, as the model writes it."""
    encoder, model = Encoder(), Model(bytearray(_primed()))
    for byte in packing.block(content):
        model.code(encoder, byte)
    return encoder.finish()


def decompress(packed: bytes, longest_bytes: int) -> bytes:
    """What `compress` was given. Any bytes are some content; raises Unreadable when that is longer
    than `longest_bytes`, or than `compress` takes.
    """
    decoder, model = Decoder(packed), Model(bytearray(_primed()))
    length = shift = 0
    while True:
        byte = model.code(decoder, 0)
        length |= (byte & 0x7F) << shift
        shift += 7
        if length > min(longest_bytes, LONGEST_BYTES) or shift > 14:
            raise Unreadable("The compressed content is too long.")
        if byte < 0x80:
            return bytes(model.code(decoder, 0) for _ in range(length))


class Model:
    """Follows one content, led by its length, and learns from it. `slots` hold what was learnt
    before, and change.
    """

    def __init__(self, slots: bytearray) -> None:
        self.slots = slots
        self._place = Place()
        self._following = following(self._place)
        next(self._following)
        # The last four bytes of texts, in small letters.
        self._recent = 0

    def code(self, coder: _Coder, byte: int) -> int:
        """Writes the byte, or reads one, whatever the coder does. Gives the byte."""
        slots, rest = self.slots, _TURNED[byte]
        evidence = _EVIDENCE_IN_TEXT if self._place.is_text else _EVIDENCE_IN_NUMBERS
        contexts = self.contexts()
        node = 1
        while node < 256:
            which = _NODES[node]
            at = [context ^ which for context in contexts]
            total = 0
            for says, slot in zip(evidence, at, strict=True):
                total += says[slots[slot]]
            total = min(max(total, -_MOST_EVIDENCE), _MOST_EVIDENCE)
            bit = coder.code(CHANCES[total + _MOST_EVIDENCE], rest >> 7)
            counted = _COUNTED[bit]
            for slot in at:
                slots[slot] = counted[slots[slot]]
            node = node << 1 | bit
            rest = rest << 1 & 0xFF
        byte = _TURNED_BACK[node & 0xFF]
        self._move(byte)
        return byte

    def learn(self, byte: int) -> None:
        """Goes on as if the byte had been coded."""
        slots, contexts = self.slots, self.contexts()
        for which, bit in PATHS[byte]:
            counted = _COUNTED[bit]
            for context in contexts:
                slot = context ^ which
                slots[slot] = counted[slots[slot]]
        self._move(byte)

    def contexts(self) -> list[int]:
        """The next byte's contexts, hashed to slots."""
        place, field, recent = self._place, self._place.field, self._recent
        starts, values = _STARTS_IN_NUMBERS, [field << 4 | place.index, place.said]
        if place.is_text:
            starts = _STARTS_IN_TEXT
            values = [
                field,
                field << 8 | recent & 0xFF,
                recent & 0xFFFF,
                recent & 0xFFFFFF,
                recent,
                mixed(place.told, place.said),
            ]
        return [
            (start ^ value) * MULTIPLIER >> _UNUSED_BITS & _LAST_SLOT
            for start, value in zip(starts, values, strict=True)
        ]

    def _move(self, byte: int) -> None:
        if self._place.is_text:
            self._recent = self._recent << 8 & 0xFFFFFFFF | _SMALL[byte]
        self._following.send(byte)


def primed(primer: bytes) -> bytes:
    """The slots of a model that has read these contents, each led by its length."""
    slots, reader = bytearray(1 << _SLOT_BITS), Reader(primer)
    while not reader.at_end:
        model = Model(slots)
        for byte in packing.block(reader.block()):
            model.learn(byte)
    return bytes(slots)


@cache
def _primed() -> bytes:
    return primed(resources.files("sync").joinpath("primer_1.bin").read_bytes())


def evidence_of(state: int) -> int:
    """What a slot's counts say for a one: the logarithm of its odds."""
    zeros, ones = state >> 4, state & 15
    return round(EVIDENCE_UNIT * math.log((10 * ones + 3) / (10 * zeros + 3)))


def confidence_of(state: int) -> int:
    """Which column of the weights a slot's counts have."""
    zeros, ones = state >> 4, state & 15
    total = zeros + ones
    if zeros and ones:
        return 5 if total < 6 else 6
    return max(total, 1) - 1 if total < 4 else 3 if total < 8 else 4


def _after(state: int, bit: int) -> int:
    """A slot that has counted one more bit. What contradicts it is half forgotten."""
    counts = [state >> 4, state & 15]
    counts[bit] = min(counts[bit] + 1, _MOST_COUNTED)
    if counts[1 - bit] > 2:
        counts[1 - bit] = counts[1 - bit] // 2 + 1
    return counts[0] << 4 | counts[1]


_STARTS = tuple(mixed(0, number) for number in range(1, len(_WEIGHTS) + 1))
_STARTS_IN_NUMBERS, _STARTS_IN_TEXT = _STARTS[:_NUMBER_CONTEXTS], _STARTS[_NUMBER_CONTEXTS:]
_NODES = tuple(mixed(0, node) >> _UNUSED_BITS for node in range(256))
_TURNED = bytes(byte >> 6 << 6 | (byte & 0x1F) << 1 | byte >> _CASE_BIT & 1 for byte in range(256))
_TURNED_BACK = bytes(map(_TURNED.index, range(256)))
# By byte: its bits from the first to the last, each with the node that it stands at.
PATHS = tuple(
    tuple((_NODES[(0x100 | turned) >> left], turned >> left - 1 & 1) for left in range(8, 0, -1))
    for turned in _TURNED
)
_SMALL = bytes(range(256)).lower()
# A slot's state is its zeros, in the upper four bits, and its ones.
_COUNTED = tuple(bytes(_after(state, bit) for state in range(256)) for bit in (0, 1))
# No value of these tables is so near a half that a machine could round it otherwise.
CHANCES = tuple(
    round(65536 / (1 + math.exp(-evidence / EVIDENCE_UNIT)))
    for evidence in range(-_MOST_EVIDENCE, _MOST_EVIDENCE + 1)
)
EVIDENCE = tuple(
    tuple(evidence_of(state) * row[confidence_of(state)] >> WEIGHT_BITS for state in range(256))
    for row in _WEIGHTS
)
_EVIDENCE_IN_NUMBERS = EVIDENCE[:_NUMBER_CONTEXTS]
_EVIDENCE_IN_TEXT = EVIDENCE[_NUMBER_CONTEXTS:]
