"""PostgreSQL: any number of processes on any number of machines write at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from gateway.database import json_columns
from gateway.database.database import NotInTime

T = TypeVar("T")

_ATTEMPTS = 4
# Deadlock, serialisation failure, and a row that somebody else added at the same moment: the server
# undid the transaction, and doing it again is right, which then finds that row.
_AGAIN = {"40P01", "40001", "23505"}


class PostgresDatabase:
    """A database on a server. See `gateway.database.database.Database`."""

    def __init__(self, url: str, connections: int = 20, connect_within_s: int = 5) -> None:
        self._engine = create_engine(
            url,
            # A server that says nothing holds nobody for longer than callers wait for it: neither
            # one that is called, nor one that fell silent (which its machine's kernel would do for
            # a quarter of an hour).
            connect_args={
                "connect_timeout": connect_within_s,
                "keepalives_idle": 5,
                "keepalives_interval": 2,
                "keepalives_count": 2,
                "tcp_user_timeout": 9_000,
            },
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=10,
            # What a failing statement was about must not reach a log.
            hide_parameters=True,
            json_serializer=json_columns.write,
            json_deserializer=json_columns.read,
        )
        # Where work goes on that somebody stops waiting for: no time limit of the server's ends a
        # commit that waits for a disk, or a server that says nothing at all.
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="write")

    @property
    def engine(self) -> Engine:
        """The engine, for migrations and LISTEN."""
        return self._engine

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        if within_s is None:
            return self._write(work)
        writing = self._threads.submit(self._write, work)
        if not wait([writing], within_s).done:
            raise NotInTime(f"The database has not written for {within_s:g} s.")
        return writing.result()

    def _write(self, work: Callable[[Connection], T]) -> T:
        for _ in range(_ATTEMPTS - 1):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _AGAIN:
                    raise
        with self._engine.begin() as connection:
            return work(connection)

    def read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return work(connection)

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()
