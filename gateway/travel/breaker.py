"""Leaves an engine alone that does not answer, for a growing time."""

from collections.abc import Callable
from datetime import datetime, timedelta

_FAILURES = 3
_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=5)


class Breaker:
    """Opens after three failures in a row, for 5 seconds, then twice as long each time that one
    more try fails, 5 minutes at most. Not safe for threads: one thread asks.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._failures = 0
        self._opened_at: datetime | None = None
        self._pause = _FIRST

    @property
    def is_open(self) -> bool:
        """Whether the engine is to be left alone just now."""
        if self._opened_at is None:
            return False
        # A clock that was set back must not leave it alone for days.
        return timedelta(0) <= self._now() - self._opened_at < self._pause

    @property
    def pause(self) -> timedelta:
        """How long it is left alone from the last failure on."""
        return self._pause

    def succeeded(self) -> bool:
        """It answered; whether it had been left alone before."""
        was_open = self._opened_at is not None
        self._failures = 0
        self._opened_at = None
        self._pause = _FIRST
        return was_open

    def failed(self) -> bool:
        """It did not; whether it is left alone from now on."""
        self._failures += 1
        if self._opened_at is not None:
            self._pause = min(self._pause * 2, _LONGEST)
        elif self._failures < _FAILURES:
            return False
        self._opened_at = self._now()
        return True
