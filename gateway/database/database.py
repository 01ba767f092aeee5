"""What the rest of the gateway sees of a database: a write that is durable when it returns, and a
read.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from shared.errors import HavenError

T = TypeVar("T")


class NotInTime(HavenError):
    """The database has not answered in time. What it was to write may still come to be written."""


class Database(Protocol):
    """One database, whatever its kind. A command's whole effect is one call of `write`.

    A function and not a context manager, because on SQLite the work of several callers shares one
    durable commit and runs on the thread that leads the group (docs/adr/003).
    """

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        """What `work` returns, after everything it wrote is durable; nothing of it stays if it
        raises.

        `work` must not call `write` again, must not wait for anything, and may run on another
        thread, more than once: what it wrote before the last time is undone. Raises NotInTime when
        that took longer than `within_s`: nobody waits any more, and the work is still done as soon
        as the database can.
        """
        ...

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, seeing one consistent state; it cannot write."""
        ...

    def close(self) -> None:
        """Waits for the write under way and lets go of every connection."""
        ...
