"""A column of numbers as few bits: the form that is shortest for these numbers.

    column = 0 range | packed
           | 1 steps | number: the first | packed: zigzag of each number less the one before
           | 2 few   | number: how many | as many numbers, ascending | bits: which of them, each
           | 3 apart | nothing here: the numbers stand among the texts, for the compressor
    packed = number: lowest | width, one byte | bits: each number less the lowest

Bits are filled from the lowest of the first byte; the last byte is filled up with zeros. A column
of no numbers is nothing at all.
"""

from collections.abc import Sequence
from itertools import pairwise

from sync import packing
from sync.packing import Reader, Unreadable

_RANGE, _STEPS, _FEW, _APART = range(4)
_MOST_BITS = 64
_MOST_FEW = 64


def pack_column(values: Sequence[int], apart: bytearray) -> bytes:
    """The column; numbers that are better compressed go to `apart`."""
    if not values:
        return b""
    forms = [bytes([_RANGE]) + _pack_range(values)]
    if max(values) < 1 << 63:  # A step is one bit longer than the numbers.
        forms.append(bytes([_STEPS]) + _pack_steps(values))
    if len(set(values)) <= _MOST_FEW:
        forms.append(bytes([_FEW]) + _pack_few(values))
    shortest = min(forms, key=len)
    plain = b"".join(map(packing.unsigned, values))
    if len(plain) < len(shortest):
        apart += plain
        return bytes([_APART])
    return shortest


def read_column(reader: Reader, apart: Reader, count: int) -> list[int]:
    """The `count` numbers of a column. Raises Unreadable for anything else."""
    if not count:
        return []
    form = reader.take(1)[0]
    if form == _RANGE:
        values = _read_range(reader, count)
    elif form == _STEPS:
        values = _read_steps(reader, count)
    elif form == _FEW:
        values = _read_few(reader, count)
    elif form == _APART:
        values = [apart.unsigned() for _ in range(count)]
    else:
        raise Unreadable("A column's form is not known to this version: update the program.")
    if any(value < 0 or value >> 64 for value in values):
        raise Unreadable("A number of a column is out of range.")
    return values


def _pack_range(values: Sequence[int]) -> bytes:
    lowest = min(values, default=0)
    width = (max(values, default=0) - lowest).bit_length()
    head = packing.unsigned(lowest) + bytes([width])
    return head + _pack_bits([value - lowest for value in values], width)


def _read_range(reader: Reader, count: int) -> list[int]:
    lowest, width = reader.unsigned(), reader.take(1)[0]
    return [lowest + value for value in _read_bits(reader, width, count)]


def _pack_steps(values: Sequence[int]) -> bytes:
    steps = [packing.zigzag(value - before) for before, value in pairwise(values)]
    return packing.unsigned(values[0]) + _pack_range(steps)


def _read_steps(reader: Reader, count: int) -> list[int]:
    values = [reader.unsigned()]
    for step in _read_range(reader, count - 1):
        values.append(values[-1] + packing.unzigzag(step))
    return values


def _pack_few(values: Sequence[int]) -> bytes:
    few = sorted(set(values))
    which = {value: number for number, value in enumerate(few)}
    head = packing.unsigned(len(few)) + b"".join(map(packing.unsigned, few))
    return head + _pack_bits([which[value] for value in values], (len(few) - 1).bit_length())


def _read_few(reader: Reader, count: int) -> list[int]:
    size = reader.unsigned()
    if not 0 < size <= _MOST_FEW:
        raise Unreadable("A column has too many different numbers.")
    few = [reader.unsigned() for _ in range(size)]
    which = _read_bits(reader, (size - 1).bit_length(), count)
    if max(which) >= size:
        raise Unreadable("A column names a number that it does not have.")
    return [few[number] for number in which]


def _pack_bits(values: Sequence[int], width: int) -> bytes:
    bits = 0
    for value in reversed(values):
        bits = bits << width | value
    return bits.to_bytes((len(values) * width + 7) // 8, "little")


def _read_bits(reader: Reader, width: int, count: int) -> list[int]:
    if width > _MOST_BITS:
        raise Unreadable("A column is too wide.")
    bits = int.from_bytes(reader.take((count * width + 7) // 8), "little")
    mask = (1 << width) - 1
    values = []
    for _ in range(count):
        values.append(bits & mask)
        bits >>= width
    return values
