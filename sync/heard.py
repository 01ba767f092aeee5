"""What one side has heard of the other's lane 1 by SMS: the acknowledgement of that bearer."""

from collections.abc import Iterable
from dataclasses import dataclass

from sync import packing
from sync.packing import Reader

AHEAD_BITS = 32
_MARK_BYTES = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """Every number up to `upto`, and of the 32 after it those whose bit is set, whole or in brief.
    `mark` is the lower half of the stream's epoch.

    Number 1 counts as heard: it only says that an epoch has begun, and is never sent by SMS.
    """

    mark: int
    upto: int = 1
    ahead: int = 0

    @staticmethod
    def of(mark: int, numbers: Iterable[int]) -> "Heard":
        """What is said of these numbers, as far as it can be said."""
        return Heard(mark)._with(set(numbers))

    def covers(self, seq: int) -> bool:
        """True when this number was heard."""
        distance = seq - self.upto - 1
        return distance < 0 or (distance < AHEAD_BITS and bool(self.ahead >> distance & 1))

    def grown_by(self, other: "Heard") -> "Heard":
        """Both together: what arrives late takes nothing back."""
        further = self if self.upto >= other.upto else other
        return Heard(self.mark, further.upto)._with(self._ahead_of() | other._ahead_of())

    def _ahead_of(self) -> set[int]:
        return {self.upto + 1 + bit for bit in range(AHEAD_BITS) if self.ahead >> bit & 1}

    def _with(self, numbers: set[int]) -> "Heard":
        upto = self.upto
        while upto + 1 in numbers:
            upto += 1
        ahead = sum(1 << bit for bit in range(AHEAD_BITS) if upto + 1 + bit in numbers)
        return Heard(self.mark, upto, ahead)

    def pack(self) -> bytes:
        """7 bytes and more."""
        return (
            self.mark.to_bytes(_MARK_BYTES, "little")
            + packing.unsigned(self.upto)
            + self.ahead.to_bytes(AHEAD_BITS // 8, "little")
        )


def read_heard(reader: Reader) -> Heard:
    """What `Heard.pack` wrote. Raises Unreadable."""
    mark = int.from_bytes(reader.take(_MARK_BYTES), "little")
    upto = reader.unsigned()
    return Heard(mark, upto, int.from_bytes(reader.take(AHEAD_BITS // 8), "little"))


def mark_of(epoch: int) -> int:
    """How `Heard` names a stream."""
    return epoch & 0xFFFF
