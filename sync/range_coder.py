"""A binary range coder: each bit costs what its probability says, and whole bytes come out.

Probabilities are those of a one, in 65,536ths, from 1 to 65,535. Integers only, so that every
machine gives the same bytes.
"""

_TOP = 0xFFFFFFFF


class Encoder:
    """Bits in, bytes out."""

    def __init__(self) -> None:
        self._low, self._high = 0, _TOP
        self._bytes = bytearray()

    def code(self, one: int, bit: int) -> int:
        """Writes the bit, and gives it back: a model codes and decodes by the same call."""
        middle = self._low + ((self._high - self._low) * one >> 16)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while (self._low ^ self._high) < 1 << 24:
            self._bytes.append(self._high >> 24)
            self._low = self._low << 8 & _TOP
            self._high = self._high << 8 & _TOP | 0xFF
        return bit

    def finish(self) -> bytes:
        """All the bytes. A reader takes zeros for what is beyond them, so that few say the end."""
        for size in range(5):
            step = 32 - 8 * size
            last = (self._low + (1 << step) - 1 >> step) << step
            if last <= self._high:
                return bytes(self._bytes + last.to_bytes(4, "big")[:size]).rstrip(b"\0")
        raise AssertionError("four bytes can say any number of 32 bits")


class Decoder:
    """Bytes in, bits out; zeros beyond the end, so that it never fails."""

    def __init__(self, code: bytes) -> None:
        self._low, self._high = 0, _TOP
        self._rest = iter(code)
        self._at = 0
        for _ in range(4):
            self._at = self._at << 8 | next(self._rest, 0)

    def code(self, one: int, bit: int = 0) -> int:
        """The next bit, given the same probability as when it was written."""
        middle = self._low + ((self._high - self._low) * one >> 16)
        bit = int(self._at <= middle)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while (self._low ^ self._high) < 1 << 24:
            self._at = self._at << 8 & _TOP | next(self._rest, 0)
            self._low = self._low << 8 & _TOP
            self._high = self._high << 8 & _TOP | 0xFF
        return bit
