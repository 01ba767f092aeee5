"""The emergency beds of one hospital, as they really are."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush, heapreplace


class Beds:
    """So many beds, taken by patients who come without us and by ours. Times are minutes.

    `arrivals` are the others: when each comes, in order, and how long they stay; `leaving` is when
    those leave who are there at the start. Whoever of the others finds no bed goes elsewhere.
    """

    def __init__(
        self, count: int, leaving: Sequence[float], arrivals: Sequence[tuple[float, float]]
    ) -> None:
        self.count = count
        self.turned_away = 0
        self.admitted = len(leaving)
        self.left = 0
        self._leaving = list(leaving)
        heapify(self._leaving)
        self._arrivals = arrivals
        self._next = 0

    def advance(self, to: float) -> None:
        """Lets everything happen that happens up to that time, which never goes back."""
        leaving, arrivals, position = self._leaving, self._arrivals, self._next
        while position < len(arrivals) and arrivals[position][0] <= to:
            at, stay = arrivals[position]
            position += 1
            self._discharge(at)
            if len(leaving) < self.count:
                heappush(leaving, at + stay)
                self.admitted += 1
            else:
                self.turned_away += 1
        self._next = position
        self._discharge(to)

    @property
    def taken(self) -> int:
        """How many beds are taken."""
        return len(self._leaving)

    @property
    def free(self) -> int:
        """How many beds are free."""
        return self.count - len(self._leaving)

    @property
    def next_free(self) -> float:
        """When the next bed is free that is promised to nobody yet; all are taken."""
        return self._leaving[0]

    def admit(self, at: float, stay: float) -> None:
        """Puts a patient of ours into a free bed.

        Raises ValueError when there is none.
        """
        if not self.free:
            raise ValueError("no bed is free")
        heappush(self._leaving, at + stay)
        self.admitted += 1

    def wait_for(self, stay: float) -> float:
        """Promises the next bed to a patient of ours who waits; when that is."""
        at = heapreplace(self._leaving, self._leaving[0] + stay)
        self.left += 1
        self.admitted += 1
        return at

    def _discharge(self, up_to: float) -> None:
        while self._leaving and self._leaving[0] <= up_to:
            heappop(self._leaving)
            self.left += 1
