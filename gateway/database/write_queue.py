"""The fair queue of writes on SQLite: first come, first served, many commands to one durable
commit.

One thread writes. It takes all that wait into one BEGIN IMMEDIATE, commits once, and only then do
all of them answer; meanwhile the next ones gather. When one of them raises, nothing of the group is
stored, and each is carried out once more under a savepoint of its own. When many wait already,
those of one group answer while the next one commits: the interpreter is free then, and otherwise
they and the next group's commands would take turns on it. A second writing process would take turns
unfairly (one that drained a backlog cut 100 paced transactions a second to 6), so there is none.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from gateway.database.database import NotInTime
from shared.errors import HavenError

T = TypeVar("T")

_LARGEST_GROUP = 64
# With fewer waiting nobody gains by answering later.
_BUSY = 4
# Nobody whose command is durable waits for more than this many of others.
_LONGEST_WAIT = 32


class TransactionLost(HavenError):
    """The database rolled back by itself; the command may be tried again."""


class _Entry:
    __slots__ = ("error", "finished", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        # Held until the result is there; a semaphore would cost three times as much.
        self.finished = threading.Lock()
        self.finished.acquire()


class WriteQueue:
    """Runs commands one after another on one connection that nobody else uses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # None is the last entry: the queue closes.
        self._waiting: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        # Those whose commands are durable, and who have not been told yet.
        self._done: list[_Entry] = []
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        """What `work` returns, after the commit that holds it. Raises what `work` or the commit
        raised, and NotInTime after `within_s`.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("write() inside write(): hand the connection down instead")
        entry = _Entry(work)
        with self._closing:
            if self._closed:
                raise RuntimeError("the database is closed")
            self._waiting.put(entry)
        if not entry.finished.acquire(timeout=-1 if within_s is None else within_s):
            raise NotInTime(f"The database has not written for {within_s:g} s.")
        if entry.error is not None:
            raise entry.error
        return entry.result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Refuses new work, finishes what waits, and closes the connection."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        closes = False
        while not closes:
            group, closes = self._gather()
            if group:
                self._carry_out(group)
            self._done = group
            if closes or self._waiting.qsize() < _BUSY:
                self._answer()
        self._connection.close()

    def _answer(self) -> None:
        """Tells those whose commands are durable."""
        done, self._done = self._done, []
        for entry in done:
            entry.finished.release()

    def _gather(self) -> tuple[list[_Entry], bool]:
        """Waits for the first command and takes what waits with it; whether the end has come."""
        first = self._waiting.get()
        if first is None:
            return [], True
        group = [first]
        while len(group) < _LARGEST_GROUP:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                return group, False
            if following is None:
                return group, True
            group.append(following)
        return group, False

    def _carry_out(self, group: list[_Entry]) -> None:
        try:
            if not self._together(group):
                self._each_by_itself(group)
        except BaseException as error:  # the commit failed: nothing of the group is stored
            for entry in group:
                if entry.error is None:
                    entry.error = error
        # Where it did not come to the commit.
        self._answer()

    def _together(self, group: list[_Entry]) -> bool:
        """Carries all of them out in one transaction. False when one of them raised, and nothing
        is stored: most groups do without the savepoints that this would take.
        """
        connection = self._connection
        with connection.begin() as transaction:
            for position, entry in enumerate(group):
                if position == _LONGEST_WAIT:
                    self._answer()
                try:
                    entry.result = entry.work(connection)
                except BaseException as error:
                    transaction.rollback()
                    if len(group) == 1:
                        entry.error = error
                        return True
                    return False
                self._require_transaction(connection)
            self._answer()
        return True

    def _each_by_itself(self, group: list[_Entry]) -> None:
        """The same once more, each under a savepoint: whoever raises stands alone."""
        connection = self._connection
        # On the driver's own connection: SQLAlchemy's way costs more than the savepoint itself.
        driver: Any = connection.connection.driver_connection
        self._answer()
        with connection.begin():
            for entry in group:
                driver.execute("SAVEPOINT command")
                try:
                    entry.result = entry.work(connection)
                except BaseException as error:
                    entry.error = error
                    driver.execute("ROLLBACK TO command")
                driver.execute("RELEASE command")
                self._require_transaction(connection)

    def _require_transaction(self, connection: Connection) -> None:
        """A full or failing disk makes SQLite roll back by itself; the driver's commit() would then
        do nothing and say nothing, and everybody would be told that their command is stored.
        """
        if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            raise TransactionLost("The database gave the transaction up: nothing of it is stored.")
