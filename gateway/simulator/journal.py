"""What happened at the simulator, newest last, for the control panel and for checks."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypedDict

_MOST_ENTRIES = 1000


class Entry(TypedDict):
    """One line: its number (growing, from 1), when (ISO 8601, UTC), what, and the particulars."""

    number: int
    at: str
    event: str
    details: Mapping[str, object]


class Journal:
    """The last thousand events, in memory only; safe to share among threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: deque[Entry] = deque(maxlen=_MOST_ENTRIES)
        self._written = 0
        self._lock = threading.Lock()

    def write(self, event: str, **details: object) -> None:
        """Adds one event."""
        with self._lock:
            self._written += 1
            at = self._now().isoformat(timespec="milliseconds")
            self._entries.append(
                {"number": self._written, "at": at, "event": event, "details": details}
            )

    def after(self, number: int) -> list[Entry]:
        """The entries that came after the one with this number."""
        with self._lock:
            return [entry for entry in self._entries if entry["number"] > number]
