"""A position in what somebody typed or pasted, whatever its form."""

from dataclasses import dataclass
from enum import StrEnum

from shared import advanced_location, coordinates, geohash, map_link, plus_code
from shared.coordinates import Coordinates
from shared.geo import Box, looks_swapped
from shared.place import TYPICAL_RADIUS_M, PlaceKind

# Text beyond it is not looked at: no message that a phone sends is longer.
LONGEST_TEXT = 2_000
# A position that is known no better than this helps nobody to a patient.
_WIDEST_M = 20_000.0


class Unreadable(StrEnum):
    """Why what looks like a position is none that Haven can use."""

    LINK = "link"  # it carries no position, and nobody opens what a stranger texts
    THREE_WORDS = "three_words"  # what3words: only its owner can read it
    ABROAD = "abroad"
    NO_LOCALITY = "no_locality"  # a short Plus Code without a place that is known
    NO_FIX = "no_fix"  # a phone's message says that it does not know


@dataclass(frozen=True, slots=True)
class TypedPosition:
    """WGS 84 degrees; `radius_m` is how far off it may be. `swapped` when only the other order of
    the two numbers lies in the country: it is taken, and has to be confirmed.
    """

    lat: float
    lon: float
    radius_m: float
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class ShortCode:
    """A short Plus Code, which says something only near a place: the words around it may name one,
    those `behind` it more likely.
    """

    digits: str
    before: str
    behind: str

    def near(self, lat: float, lon: float) -> TypedPosition:
        """The position that the code means near this one."""
        return _within(plus_code.recover(self.digits, lat, lon))


@dataclass(frozen=True, slots=True)
class Hashed:
    """A word that may be a geohash, unless a place is called so."""

    word: str
    position: TypedPosition


@dataclass(frozen=True, slots=True)
class WithoutLink:
    """What is left of a text whose link says nothing, and the name that the link carries."""

    words: str


Read = TypedPosition | ShortCode | Hashed | WithoutLink | Unreadable


def read_position(text: str, box: Box | None) -> Read | None:
    """The position in a text; None when it has none. `box` holds the country, None where its extent
    is not known: then nothing is abroad, and nothing looks swapped.
    """
    text = text[:LONGEST_TEXT]
    if advanced_location.is_message(text):
        sent = advanced_location.read_message(text)
        return Unreadable.NO_FIX if sent is None else _checked(*sent, box)
    linked = map_link.split_link(text)
    if linked is not None:
        link, without = linked
        pinned = map_link.position_in(link)
        if pinned is not None:
            return _checked(*pinned, box)
        words = f"{without} {map_link.words_in(link)}".strip()
        return _read_written(words, box) or (WithoutLink(words) if words else Unreadable.LINK)
    if map_link.names_three_words(text):
        return Unreadable.THREE_WORDS
    return _read_written(text, box)


def _read_written(text: str, box: Box | None) -> Read | None:
    code = plus_code.find(text)
    if code is not None and not code.is_short:
        square = plus_code.decode(code.digits)
        if box is not None and not box.holds(square.lat, square.lon):
            return Unreadable.ABROAD
        return _within(square)
    pair = coordinates.find(text)
    if pair is not None:
        return _checked(pair, None, box)
    for word in geohash.find(text):
        square = geohash.decode(word)
        # Elsewhere it is hardly a geohash.
        if box is not None and box.holds(square.lat, square.lon):
            return Hashed(word, _within(square))
    return None if code is None else ShortCode(code.digits, code.before, code.behind)


def _checked(pair: Coordinates, told_radius_m: float | None, box: Box | None) -> Read | None:
    lat, lon = pair.lat, pair.lon
    swapped = box is not None and looks_swapped(lat, lon, box)
    if swapped:
        lat, lon = lon, lat
    on_earth = -90 <= lat <= 90 and -180 <= lon <= 180
    if not on_earth or (lat, lon) == (0.0, 0.0):
        return None
    if box is not None and not box.holds(lat, lon):
        return Unreadable.ABROAD
    least_m = TYPICAL_RADIUS_M[PlaceKind.POSITION] if told_radius_m is None else told_radius_m
    radius_m = max(pair.radius_m, least_m, 1.0)
    return TypedPosition(lat, lon, radius_m, swapped) if radius_m <= _WIDEST_M else None


def _within(square: plus_code.Square) -> TypedPosition:
    return TypedPosition(square.lat, square.lon, max(square.radius_m, 1.0))
