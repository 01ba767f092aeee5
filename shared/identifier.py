"""Identifiers: 63-bit integers, ordered by time of making, and the text that people and URLs see.

The upper 41 bits count milliseconds since 2025-01-01 UTC and the lower 22 are random. So an index
grows at its end, an identifier fits eight bytes on the wire, and nobody learns from one how many
emergencies there are. What one program makes within a millisecond is in order too: two texts of one
transaction go out as they were written.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RANDOM_BITS = 22
_ALL_BITS = 63
# By so much a step within one millisecond is random, and so far back (a second) a clock may go
# before its identifiers go back with it.
_STEP_BITS = 10
_STEPS_AT_ONCE = 64
_SAME_MOMENT = 1000 << _RANDOM_BITS
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_TEXT_LENGTH = 13


def maker(now: Callable[[], datetime], rng: Random) -> Callable[[], int]:
    """A function that makes identifiers from this clock and this source of chance. Any thread may
    call it.
    """
    lock = threading.Lock()
    last = 0
    # Steps are drawn many at once: chance that nobody can foresee is a call to the system.
    steps: list[int] = []

    def new_id() -> int:
        nonlocal last
        moment = (now() - _EPOCH) // _MILLISECOND << _RANDOM_BITS
        if moment <= 0:
            # A box whose clock has not been set starts at the same moment each time: chance alone
            # keeps its identifiers apart. They are in no order.
            return rng.getrandbits(_ALL_BITS)
        with lock:
            if 0 <= last - moment < _SAME_MOMENT:
                if not steps:
                    drawn = rng.getrandbits(_STEP_BITS * _STEPS_AT_ONCE)
                    steps.extend(
                        1 + (drawn >> _STEP_BITS * step) % (1 << _STEP_BITS)
                        for step in range(_STEPS_AT_ONCE)
                    )
                made = last + steps.pop()
            else:
                made = moment | rng.getrandbits(_RANDOM_BITS)
            last = made & ((1 << _ALL_BITS) - 1)
            return last

    return new_id


def first_at(moment: datetime) -> int:
    """The lowest identifier that can have been made at that moment (aware) or later."""
    return max((moment - _EPOCH) // _MILLISECOND, 0) << _RANDOM_BITS


def seconds_of(identifier: int) -> float:
    """When it was made, in seconds since 1970."""
    return _EPOCH.timestamp() + (identifier >> _RANDOM_BITS) / 1000


def to_text(identifier: int) -> str:
    """Thirteen characters of Crockford's base 32, for URLs and JSON, where 63 bits lose
    precision.
    """
    pairs = [_PAIRS[identifier >> shift & 1023] for shift in range(50, -1, -10)]
    return _ALPHABET[identifier >> 60] + "".join(pairs)


def from_text(text: str) -> int:
    """The identifier that `to_text` wrote.

    Raises ValueError when the text is not thirteen characters of that alphabet or names more than
    63 bits.
    """
    if len(text) != _TEXT_LENGTH:
        raise ValueError(f"an identifier has {_TEXT_LENGTH} characters")
    value = 0
    for letter in text.upper():
        if letter not in _VALUES:
            raise ValueError(
                "an identifier has only the digits 0-9 and the letters A-Z without I, L, O and U"
            )
        value = value * 32 + _VALUES[letter]
    if value >= 2**63:
        raise ValueError("that is too large to be an identifier")
    return value
