"""For tests of what only several writers at once can meet: transactions that are held open."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, text

from gateway.database.postgres import PostgresDatabase
from gateway.unit_of_work import Services
from tests.databases import empty
from tests.faults.installation import until
from tests.journeys.world import World

T = TypeVar("T")


def waiting_for_locks(database: PostgresDatabase) -> int:
    """How many sessions of this database wait for a lock that another one holds."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return int(database.read(lambda connection: connection.execute(query).scalar_one()))


class CountingDatabase(PostgresDatabase):
    """Counts in `again` how often a command had to be done again, because the server undid it."""

    def __init__(self, url: str, connections: int = 20) -> None:
        super().__init__(url, connections)
        self.again = 0

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        tries = 0

        def counted(connection: Connection) -> T:
            nonlocal tries
            tries += 1
            return work(connection)

        try:
            return super().write(counted, within_s)
        finally:
            self.again += tries - 1


@contextmanager
def counting_database(url: str) -> Iterator[CountingDatabase]:
    """An empty schema for several sessions at once."""
    opened = CountingDatabase(url, connections=6)
    empty(opened.engine)
    yield opened
    opened.close()


class Beside:
    """Work in a thread of its own, whose end and result can be waited for."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._error: BaseException | None = None
        self._result: object = None

        def run() -> None:
            try:
                self._result = work()
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> object:
        """What the work gave; raises what it raised."""
        self._thread.join(60)
        assert self.is_over, "it never ends"
        if self._error is not None:
            raise self._error
        return self._result

    def waits(self, database: PostgresDatabase, others: int = 0) -> None:
        """Returns when this waits for a lock, or is over."""
        until("it waits", lambda: self.is_over or waiting_for_locks(database) > others)


class HeldDatabase:
    """A database whose next write has done everything and does not commit until it is told to."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.read, self.close = database.read, database.close
        self._database = database
        self.all_but_committed, self.may_commit = threading.Event(), threading.Event()

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        def held(connection: Connection) -> T:
            result = work(connection)
            self.all_but_committed.set()
            assert self.may_commit.wait(60)
            return result

        return self._database.write(held, within_s)


def follows(
    world: World,
    database: CountingDatabase,
    one: Callable[[Services], None],
    other: Callable[[Services], None],
) -> None:
    """Carries both out; `other` comes when `one` has done everything and not yet committed."""
    held = HeldDatabase(database)
    holding = Beside(lambda: one(replace(world.services, database=held)))
    assert held.all_but_committed.wait(60)
    following = Beside(lambda: other(world.services))
    following.waits(database)
    held.may_commit.set()
    holding.result()
    following.result()
