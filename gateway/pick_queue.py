"""What callers picked of the places that were offered, until it is counted."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from gateway.ports import FoundPlace

# More than that wait only where nobody counts; then the oldest are forgotten.
_MOST = 10_000


class Pick(NamedTuple):
    """What a caller said of places that were offered for what they typed: that they meant them, or
    none of them.
    """

    caller_id: int
    typed: str
    places: tuple[FoundPlace, ...]
    meant: bool
    at: datetime


class PickQueue:
    """Picks that are durable nowhere: one that is lost teaches nothing. Safe to share among
    threads.
    """

    def __init__(self) -> None:
        self._waiting: deque[Pick] = deque(maxlen=_MOST)

    def add(self, picks: Iterable[Pick]) -> None:
        """They wait to be counted."""
        self._waiting.extend(picks)

    def take(self) -> list[Pick]:
        """All that wait, the oldest first; they wait no longer."""
        taken = []
        while self._waiting:
            taken.append(self._waiting.popleft())
        return taken
