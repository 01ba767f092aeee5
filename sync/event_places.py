"""Where in an event, or in a frame's content, the next byte stands, so that a model of such bytes
can predict each field from what that field usually holds.

It follows the bytes one by one and never fails: whatever is no event is a text.
"""

from collections.abc import Generator
from dataclasses import dataclass

from sync.codec import CODEC_VERSION, Shape
from sync.frozen_layouts import frozen_groups

MULTIPLIER = 0x9E3779B1
# Places outside of events. Those of an event begin at 64 times the number of its type.
_OTHER, _LENGTH, _FIRST, _LANE, _EPOCH, _SEQ, _COUNT, _EVENT_LENGTH, _TYPE = range(9)
_PLACES_OF_A_TYPE = 64
_LONGEST_NUMBER_BYTES = 10
# The fields from which much else of an event follows.
_TELLING = ("kind", "priority", "needs")


def mixed(hashed: int, value: int) -> int:
    """A 32-bit hash with one more value in it."""
    return (hashed ^ value) * MULTIPLIER & 0xFFFFFFFF


@dataclass(slots=True)
class Place:
    """Where the next byte stands: in a text, or as the byte `index` of a number. `said` hashes the
    field and its bytes before this one, `told` the numbers from which much of an event follows.
    """

    field: int = _LENGTH
    is_text: bool = False
    index: int = 0
    said: int = 0
    told: int = 0


_Following = Generator[None, int, int]


def following(place: Place) -> Generator[None, int, None]:
    """Keeps `place` right: sent a byte, it moves the place to the next one. The bytes are a
    content led by its length.
    """
    yield from _number(place, _LENGTH)
    first = yield from _number(place, _FIRST)
    if first == CODEC_VERSION:
        yield from _frame(place)
    else:
        yield from _event(place, first)
    place.field, place.said = _OTHER, mixed(0, _OTHER)
    while True:
        yield from _text(place, 1)


def _frame(place: Place) -> _Following:
    for field in (_LANE, _EPOCH, _SEQ):
        yield from _number(place, field)
    for _ in range((yield from _number(place, _COUNT))):
        yield from _number(place, _EVENT_LENGTH)
        place.told = 0
        yield from _event(place, (yield from _number(place, _TYPE)))
    return 0


def _event(place: Place, kind: int) -> _Following:
    groups = frozen_groups(kind)
    if not groups:
        return 0
    field = kind * _PLACES_OF_A_TYPE
    yield from _number(place, field)
    for group in groups:
        field += 1
        optional = any(each.optional for each in group)
        present = (yield from _number(place, field)) if optional else 0
        for each in group:
            field += 1
            if each.optional:
                present, here = present >> 1, present & 1
                if not here:
                    continue
            number = yield from _number(place, field)
            if each.name in _TELLING:
                place.told = mixed(place.told, number & 0xFFFFFFFF)
            if each.form.shape is Shape.TEXT:
                yield from _text(place, number)
            elif each.form.shape is Shape.TEXTS:
                for _ in range(number):
                    yield from _text(place, (yield from _digits(place)))
            elif each.form.shape is Shape.WORD and number & 1:
                yield from _text(place, number >> 1)
    return 0


def _number(place: Place, field: int) -> _Following:
    place.field, place.said = field, mixed(0, field)
    return (yield from _digits(place))


def _digits(place: Place) -> _Following:
    place.is_text = False
    number = 0
    for place.index in range(_LONGEST_NUMBER_BYTES):
        byte = yield
        place.said = mixed(place.said, byte)
        number |= (byte & 0x7F) << 7 * place.index
        if byte < 0x80:
            break
    return number


def _text(place: Place, length: int) -> _Following:
    place.is_text = True
    for _ in range(length):
        byte = yield
        place.said = mixed(place.said, byte)
    return 0
