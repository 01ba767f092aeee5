"""Packed values: numbers, texts, times and telephone numbers as few bytes, and back.

Every reader function raises Unreadable instead of guessing; none of them trusts a length.
"""

from datetime import UTC, datetime, timedelta

from shared import help_code
from shared.errors import HavenError

_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Far beyond any real clock, well inside what a datetime holds: about the year 2164.
_LONGEST_MS = 1 << 42
_DEGREE = 100_000
IDENTIFIER_CHANCE_BITS = 22
_MOST_DIGITS = 17
# Most numbers of an event are so small.
_SHORT = tuple(bytes([value]) for value in range(0x80))


class Unreadable(HavenError):
    """These bytes are not what they should be; they are set aside and counted."""


class Reader:
    """Bytes, read from the front."""

    __slots__ = ("_bytes", "_position")

    def __init__(self, packed: bytes) -> None:
        self._bytes = packed
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._bytes)

    def take(self, size: int) -> bytes:
        """The next `size` bytes. Raises Unreadable when there are fewer."""
        end = self._position + size
        if size < 0 or end > len(self._bytes):
            raise Unreadable("The bytes end too early.")
        taken = self._bytes[self._position : end]
        self._position = end
        return taken

    def rest(self) -> bytes:
        """Everything that has not been read."""
        return self.take(len(self._bytes) - self._position)

    def unsigned(self) -> int:
        """A number of at most 64 bits, 7 bits to a byte, low ones first."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 63:
                raise Unreadable("A number is longer than 64 bits.")
        if value >> 64:
            raise Unreadable("A number is longer than 64 bits.")
        return value

    def signed(self) -> int:
        return unzigzag(self.unsigned())

    def block(self) -> bytes:
        """Bytes that are led by their length."""
        return self.take(self.unsigned())

    def text(self) -> str:
        try:
            return self.block().decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable("A text is not UTF-8.") from None

    def instant(self) -> datetime:
        return from_milliseconds(self.unsigned())


def unsigned(value: int) -> bytes:
    """7 bits to a byte, low ones first. Raises ValueError outside 0 to 2**64 - 1."""
    if 0 <= value < len(_SHORT):
        return _SHORT[value]
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{value} does not fit 64 bits without a sign")
    packed = bytearray()
    while value > 0x7F:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def signed(value: int) -> bytes:
    """Small numbers of either sign in few bytes (zigzag). Raises ValueError beyond 64 bits."""
    return unsigned(zigzag(value))


def zigzag(value: int) -> int:
    """0, -1, 1, -2, … as 0, 1, 2, 3, …"""
    return value << 1 if value >= 0 else (-value << 1) - 1


def unzigzag(value: int) -> int:
    """What `zigzag` made that number of."""
    return (value >> 1) ^ -(value & 1)


def block(content: bytes) -> bytes:
    return unsigned(len(content)) + content


def text(content: str) -> bytes:
    return block(content.encode("utf-8"))


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 2025-01-01 UTC; anything earlier, from a clock not yet set, is 0."""
    return min(max((moment - _EPOCH) // _MILLISECOND, 0), _LONGEST_MS)


def from_milliseconds(count: int) -> datetime:
    if count > _LONGEST_MS:
        raise Unreadable("A time is too far ahead.")
    return _EPOCH + count * _MILLISECOND


def instant(moment: datetime) -> bytes:
    return unsigned(milliseconds(moment))


def near_instant(moment: datetime, reference_ms: int) -> bytes:
    """A time by its distance from another: in seconds where that is exact, else milliseconds."""
    delta = milliseconds(moment) - reference_ms
    return signed(delta * 2 + 1) if delta % 1000 else signed(delta // 1000 * 2)


def read_near_instant(reader: Reader, reference_ms: int) -> datetime:
    value = reader.signed()
    delta = value >> 1 if value & 1 else (value >> 1) * 1000
    count = reference_ms + delta
    if count < 0:
        raise Unreadable("A time is too far back.")
    return from_milliseconds(count)


def identifier(value: int, reference_ms: int) -> bytes:
    """An identifier by its distance from a time.

    One that was made within seconds of it takes 5 or 6 bytes instead of 8, any other at most 10.
    """
    return signed(value - (reference_ms << IDENTIFIER_CHANCE_BITS))


def read_identifier(reader: Reader, reference_ms: int) -> int:
    value = reader.signed() + (reference_ms << IDENTIFIER_CHANCE_BITS)
    if not 0 <= value < 1 << 63:
        raise Unreadable("An identifier is out of range.")
    return value


def degrees(value: float) -> bytes:
    """Degrees in steps of 0.00001 (about one metre)."""
    return signed(round(value * _DEGREE))


def read_degrees(reader: Reader) -> float:
    value = reader.signed()
    if abs(value) > 180 * _DEGREE:
        raise Unreadable("A coordinate is beyond 180 degrees.")
    return value / _DEGREE


def short_code(code: str) -> bytes:
    """A help code as a number of 20 bits; anything else that stands in its place as text."""
    value = 0
    for letter in code:
        place = help_code.ALPHABET.find(letter)
        if place < 0:
            return _as_text(code)
        value = value * len(help_code.ALPHABET) + place
    return unsigned(value << 1) if len(code) == help_code.LENGTH else _as_text(code)


def read_short_code(reader: Reader) -> str:
    head = reader.unsigned()
    if head & 1:
        return _read_as_text(reader, head)
    value, letters = head >> 1, []
    for _ in range(help_code.LENGTH):
        value, place = divmod(value, len(help_code.ALPHABET))
        letters.append(help_code.ALPHABET[place])
    if value:
        raise Unreadable("A help code is out of range.")
    return "".join(reversed(letters))


def digits(written: str) -> bytes:
    """Up to 17 digits as one number, leading zeros kept; anything else as text."""
    if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS):
        return _as_text(written)
    # A one before them keeps the zeros that they may begin with.
    return unsigned(int(f"1{written}") << 1)


def read_digits(reader: Reader) -> str:
    head = reader.unsigned()
    if head & 1:
        return _read_as_text(reader, head)
    written = str(head >> 1)
    if written[0] != "1" or len(written) > _MOST_DIGITS + 1:
        raise Unreadable("Some digits are out of range.")
    return written[1:]


def phone_number(number: str) -> bytes:
    """An E.164 number as one number; anything else that stands in its place as text."""
    plain = number[1:]
    fits = plain.isascii() and plain.isdigit() and len(plain) <= _MOST_DIGITS
    if number[:1] == "+" and fits and plain[0] != "0":
        return unsigned(int(plain) << 1)
    return _as_text(number)


def read_phone_number(reader: Reader) -> str:
    head = reader.unsigned()
    if head & 1:
        return _read_as_text(reader, head)
    if not head or head >> 1 >= 10**_MOST_DIGITS:
        raise Unreadable("A phone number is out of range.")
    return f"+{head >> 1}"


def _as_text(written: str) -> bytes:
    content = written.encode("utf-8")
    return unsigned(len(content) << 1 | 1) + content


def _read_as_text(reader: Reader, head: int) -> str:
    try:
        return reader.take(head >> 1).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("A text is not UTF-8.") from None
