"""Plus Codes: short names of small squares of the earth (the Open Location Code specification).

The package that its makers put on PyPI was last released in 2019 and knows no types; the part that
Haven needs is this short.
"""

import re
from dataclasses import dataclass
from math import cos, floor, hypot, radians

_DIGITS = "23456789CFGHJMPQRVWX"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_PAIRS = 5
_MOST_DIGITS = 15
_GRID_ROWS, _GRID_COLUMNS = 5, 4
# Where the plus stands in a whole code.
_BEFORE_PLUS = 8
_DEGREE_M = 111_195.0

_CLASS = "[2-9CFGHJMPQRVWX]"
# Also in lower case, with spaces around its parts, or without the plus where ten digits are there.
_WHOLE = re.compile(
    rf"(?<![\w+])({_CLASS}{{4}})\s?({_CLASS}{{2}}(?:{_CLASS}{{2}}|00))(?:\s?\+\s?({_CLASS}{{2,7}})?|"
    rf"({_CLASS}{{2,3}}))(?![\w+])",
    re.IGNORECASE,
)
_SHORT = re.compile(
    rf"(?<![\w+])((?:{_CLASS}{{2}})?{_CLASS}{{4}})\s?\+\s?({_CLASS}{{2,7}})(?![\w+])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Square:
    """A part of the earth: its middle, and its height and width in degrees."""

    lat: float
    lon: float
    height: float
    width: float

    @property
    def radius_m(self) -> float:
        """How far the middle is from a corner, in metres."""
        return half_diagonal_m(self.lat, self.height, self.width)


def half_diagonal_m(lat: float, height: float, width: float) -> float:
    """How far it is, in metres, from the middle of so many degrees to their corner."""
    return hypot(height, width * cos(radians(lat))) * _DEGREE_M / 2


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code in a text. `before` and `behind` are the words around it."""

    digits: str
    is_short: bool
    before: str
    behind: str


def find(text: str) -> FoundCode | None:
    """The first Plus Code in the text; a whole one before a short one."""
    whole = _WHOLE.search(text)
    if whole is not None:
        area, near, behind_plus, without_plus = whole.groups()
        finer = behind_plus or without_plus or ""
        digits = (area + near.removesuffix("00") + finer).upper()
        # Zeros stand for digits that nobody gave, so none may follow them; and a word of letters
        # alone is no code unless it has its plus.
        padded = near.endswith("00")
        if padded != bool(finer) and not (without_plus and digits.isalpha()):
            return FoundCode(digits, False, text[: whole.start()], text[whole.end() :])
    short = _SHORT.search(text)
    if short is None:
        return None
    digits = short[1].upper() + "+" + short[2].upper()
    if not any(letter.isalpha() for letter in digits):
        return None  # a sum, or a piece of a phone number
    return FoundCode(digits, True, text[: short.start()], text[short.end() :])


def decode(digits: str) -> Square:
    """The square of a whole code's digits, 2 to 15 of them, without plus and zeros."""
    lat, lon, height, width = -90.0, -180.0, 400.0, 400.0
    for at in range(0, min(len(digits), 2 * _PAIRS), 2):
        height, width = height / 20, width / 20
        lat += _VALUE[digits[at]] * height
        lon += _VALUE[digits[at + 1]] * width
    for digit in digits[2 * _PAIRS : _MOST_DIGITS]:
        height, width = height / _GRID_ROWS, width / _GRID_COLUMNS
        row, column = divmod(_VALUE[digit], _GRID_COLUMNS)
        lat += row * height
        lon += column * width
    return Square(lat + height / 2, lon + width / 2, height, width)


def encode(lat: float, lon: float, length: int = 10) -> str:
    """The digits, without the plus, of the square of that position; an even length to 10."""
    # Whole steps of the smallest pair: fractions of degrees do not add up.
    steps = 8_000
    north = min(max(floor((lat + 90) * steps), 0), 180 * steps - 1)
    east = floor((lon + 180) * steps) % (360 * steps)
    digits = ""
    for _ in range(_PAIRS):
        north, row = divmod(north, 20)
        east, column = divmod(east, 20)
        digits = _DIGITS[row] + _DIGITS[column] + digits
    return digits[:length]


def recover(short: str, lat: float, lon: float) -> Square:
    """The square that a short code, such as `PR6F+5X`, names near this position: of all that end so
    the nearest.
    """
    missing = _BEFORE_PLUS - short.index("+")
    square = decode(encode(lat, lon, missing) + short.replace("+", ""))
    step = 20.0 ** (2 - missing // 2)
    return Square(
        _nearest(square.lat, lat, step, 90.0),
        _nearest(square.lon, lon, step, 180.0),
        square.height,
        square.width,
    )


def _nearest(found: float, wanted: float, step: float, limit: float) -> float:
    if found - wanted > step / 2 and found - step >= -limit:
        return found - step
    if wanted - found > step / 2 and found + step <= limit:
        return found + step
    return found
