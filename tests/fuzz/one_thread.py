"""A database for stories of one thread, as fast as there is one."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, StaticPool, create_engine, event

T = TypeVar("T")


class OneThread:
    """SQLite in memory for one thread: nothing is handed to another one, so that most of the time
    goes into turns. What several threads do to each other has its own test.
    """

    def __init__(self) -> None:
        self.engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"isolation_level": None}
        )
        event.listen(self.engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
        self._connection = self.engine.connect()

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        with self._connection.begin():
            return work(self._connection)

    def read(self, work: Callable[[Connection], T]) -> T:
        with self._connection.begin():
            return work(self._connection)

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()
