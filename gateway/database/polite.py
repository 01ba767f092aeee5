"""Writes of commands that run beside the web process on SQLite: few, short, and never back to
back.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from gateway.database.database import Database

T = TypeVar("T")


class PoliteWriter:
    """A database that rests after each write for as long as the write took, and a little more.

    SQLite gives its lock to whoever asks at the right moment: a command that wrote batch after
    batch would hold up callers. See docs/adr/004.
    """

    def __init__(self, database: Database, least_rest_s: float = 0.01) -> None:
        self._database = database
        self._least_rest_s = least_rest_s

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        began = time.monotonic()
        result = self._database.write(work, within_s)
        time.sleep(self._least_rest_s + (time.monotonic() - began))
        return result

    def read(self, work: Callable[[Connection], T]) -> T:
        return self._database.read(work)

    def close(self) -> None:
        self._database.close()
