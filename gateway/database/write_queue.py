"""The fair queue of writes on SQLite: first come, first served, many commands to one durable
commit.

The first waiting thread leads: it takes all that wait into one BEGIN IMMEDIATE, gives each a
savepoint, commits once, and only then do all of them answer. A second writing process would take
turns unfairly (one that drained a backlog cut 100 paced transactions a second to 6), so there is
none.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from shared.errors import HavenError

T = TypeVar("T")

_LARGEST_GROUP = 64


class TransactionLost(HavenError):
    """The database rolled back by itself; the command may be tried again."""


class _Entry:
    __slots__ = ("error", "finished", "leads", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.leads = False
        # Held until the result is there; a semaphore would cost three times as much.
        self.finished = threading.Lock()
        self.finished.acquire()


class WriteQueue:
    """Runs commands one after another on one connection that nobody else uses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[_Entry] = deque()
        self._lock = threading.Lock()
        self._led = False
        self._closed = False
        self._inside = threading.local()

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, after the commit that holds it. Raises what `work` or the commit
        raised.
        """
        if getattr(self._inside, "yes", False):
            raise RuntimeError("write() inside write(): hand the connection down instead")
        entry = _Entry(work)
        with self._lock:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._waiting.append(entry)
            entry.leads = not self._led
            self._led = True
        if not entry.leads:
            entry.finished.acquire()  # either the result is there, or it is our turn to lead
        if entry.leads:
            self._lead()
        if entry.error is not None:
            raise entry.error
        return entry.result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Refuses new work, waits for what is under way, and closes the connection."""
        with self._lock:
            if self._closed:
                return
            last = _Entry(lambda connection: None)
            self._waiting.append(last)
            last.leads = not self._led
            self._led = True
            self._closed = True
        if not last.leads:
            last.finished.acquire()
        if last.leads:
            self._lead()
        self._connection.close()

    def _lead(self) -> None:
        with self._lock:
            size = min(len(self._waiting), _LARGEST_GROUP)
            group = [self._waiting.popleft() for _ in range(size)]
        self._inside.yes = True
        try:
            self._carry_out(group)
        finally:
            self._inside.yes = False
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
                if following is not None:
                    following.leads = True
            # The leader answers itself by returning; the first of those who came meanwhile leads
            # next.
            for entry in group:
                if not entry.leads:
                    entry.finished.release()
            if following is not None:
                following.finished.release()

    def _carry_out(self, group: list[_Entry]) -> None:
        connection = self._connection
        try:
            with connection.begin():
                for entry in group:
                    self._attempt(connection, entry, alone=len(group) == 1)
                    self._require_transaction(connection)
        except BaseException as error:  # the commit failed: nothing of the group is stored
            for entry in group:
                if entry.error is None:
                    entry.error = error

    def _attempt(self, connection: Connection, entry: _Entry, alone: bool) -> None:
        if alone:
            # The transaction itself is the savepoint: raising rolls it back.
            entry.result = entry.work(connection)
            return
        connection.exec_driver_sql("SAVEPOINT command")
        try:
            entry.result = entry.work(connection)
        except BaseException as error:
            entry.error = error
            connection.exec_driver_sql("ROLLBACK TO command")
        connection.exec_driver_sql("RELEASE command")

    def _require_transaction(self, connection: Connection) -> None:
        """A full or failing disk makes SQLite roll back by itself; the driver's commit() would then
        do nothing and say nothing, and everybody would be told that their command is stored.
        """
        if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            raise TransactionLost("The database gave the transaction up: nothing of it is stored.")
