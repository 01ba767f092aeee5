"""Geohashes: positions in base 32, two halvings of the earth after the other (Niemeyer, 2008)."""

import re

from shared.plus_code import Square

_DIGITS = "0123456789bcdefghjkmnpqrstuvwxyz"
_VALUE = {digit: value for value, digit in enumerate(_DIGITS)}
_WORD = re.compile(r"(?<![\w.+/-])[0-9b-hjkmnp-z]{5,12}(?![\w.+/-])", re.IGNORECASE)


def find(text: str) -> list[str]:
    """The words that may be geohashes, in lower case: with digits and letters, so that no name of a
    place is taken for one.
    """
    words = (match.lower() for match in _WORD.findall(text))
    return [word for word in words if not word.isalpha() and not word.isdigit()]


def decode(geohash: str) -> Square:
    """The square of a geohash in lower case."""
    south, north, west, east = -90.0, 90.0, -180.0, 180.0
    halves_lon = True
    for digit in geohash:
        for bit in (16, 8, 4, 2, 1):
            upper = bool(_VALUE[digit] & bit)
            if halves_lon:
                middle = (west + east) / 2
                west, east = (middle, east) if upper else (west, middle)
            else:
                middle = (south + north) / 2
                south, north = (middle, north) if upper else (south, middle)
            halves_lon = not halves_lon
    return Square((south + north) / 2, (west + east) / 2, north - south, east - west)
