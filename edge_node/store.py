"""The box's own database: one encrypted SQLite file that survives power cuts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlcipher3.dbapi2
import structlog
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError

from edge_node.schema import metadata

T = TypeVar("T")

_log = structlog.get_logger()
_READERS = 8
_BUSY_S = 15


class Store:
    """The store's file, opened. `key` is 32 raw bytes.

    A file that is damaged is moved aside, never deleted, and `moved_aside` names it: a box that
    starts empty and asks its gateway again is better than one that does not start.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self.moved_aside: Path | None = None
        if not _is_sound(path, key):
            self.moved_aside = _move_aside(path)
            _log.error("store damaged, moved aside", moved_to=self.moved_aside.name)
        self._writer = _engine(path, key, writes=True)
        self._reader = _engine(path, key, writes=False)
        self._lock = threading.Lock()
        self.write(metadata.create_all)

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, after everything it wrote is durable; nothing stays if it raises."""
        with self.writing() as connection:
            return work(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One durable transaction, as `write` carries it out."""
        with self._lock, self._writer.begin() as connection:
            yield connection

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, seeing one consistent state."""
        with self._reader.connect() as connection:
            return work(connection)

    @contextmanager
    def watched(self) -> Iterator[Callable[[], int]]:
        """A function whose number is another one after each commit that somebody else made, also
        another program on this box: some ten microseconds, and no transaction.
        """
        connection = self._reader.raw_connection()
        cursor = connection.cursor()
        try:
            yield lambda: int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()
            connection.close()

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._reader.dispose()
            self._writer.dispose()


def _engine(path: Path, key: bytes, *, writes: bool) -> Engine:
    def connect() -> Any:
        connection = sqlcipher3.dbapi2.connect(
            str(path), timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        cursor.execute("PRAGMA journal_mode = WAL")
        # Anything less loses acknowledged commits in a power cut.
        cursor.execute("PRAGMA synchronous = FULL")
        if not writes:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()
        return connection

    engine = create_engine(
        "sqlite://",
        module=sqlcipher3.dbapi2,
        creator=connect,
        poolclass=QueuePool,
        pool_size=1 if writes else _READERS,
        max_overflow=0,
    )
    # A deferred transaction that reads before it writes can fail.
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _is_sound(path: Path, key: bytes) -> bool:
    if not path.exists():
        return True
    engine = _engine(path, key, writes=False)
    try:
        with engine.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    except (DatabaseError, sqlcipher3.dbapi2.DatabaseError) as error:
        if "locked" in str(error):
            raise
        return False
    finally:
        engine.dispose()
    return bool(verdict == "ok")


def _move_aside(path: Path) -> Path:
    number = 1
    while (target := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(target)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(target.with_name(target.name + suffix))
    return target
