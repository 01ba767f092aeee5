"""The box's own database: one encrypted SQLite file that survives power cuts."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlcipher3.dbapi2
import structlog
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

from edge_node.schema import metadata
from shared.errors import HavenError

T = TypeVar("T")

_log = structlog.get_logger()
_MEANWHILE = "Answer dispatches by SMS or telephone until then."
_DAMAGED = (
    "This box's store is damaged. Stop and start the box: it sets the damaged store aside, and "
    f"fetches its patients from the gateway again. {_MEANWHILE}"
)
_FULL = f"NOT saved: this box's disk is full. Make room on it. {_MEANWHILE}"
_READ_ONLY = f"NOT saved: this box's disk can only be read. Have it looked at. {_MEANWHILE}"
# What SQLite says of a file that is not a store of this key any more.
_DAMAGE = ("file is not a database", "malformed")
_TROUBLES = {
    "disk is full": _FULL,
    "readonly": _READ_ONLY,
    "disk I/O error": f"NOT saved: this box's disk fails. Have it looked at. {_MEANWHILE}",
    "unable to open": f"This box's store cannot be opened. Have its disk looked at. {_MEANWHILE}",
    "locked": f"NOT saved: another program keeps this box's store busy. {_MEANWHILE}",
    **dict.fromkeys(_DAMAGE, _DAMAGED),
}
# With less, SQLite cannot even make the files that it needs beside the store.
_NOTHING_BYTES = 64 * 1024
_READERS = 8
_BUSY_S = 15


class StoreUnusable(HavenError):
    """Nothing can be stored, or read; the message says why and what a person can do. Nothing of
    what was to be stored stays.
    """


class Store:
    """The store's file, opened. `key` is 32 raw bytes.

    A file that is damaged is moved aside, never deleted, and `moved_aside` names it: a box that
    starts empty and asks its gateway again is better than one that does not start. Without
    `mends`, because another program may be using the file, it stays. `trouble` says what is wrong
    with storing, as it was tried last.

    Raises StoreUnusable.
    """

    def __init__(self, path: Path, key: bytes, *, mends: bool = True) -> None:
        self.path = path
        self.trouble = ""
        self.moved_aside: Path | None = None
        with self._said_clearly():
            sound = _is_sound(path, key)
        if not sound:
            if not mends:
                raise StoreUnusable(_DAMAGED)
            self.moved_aside = _move_aside(path)
            _log.error("store damaged, moved aside", moved_to=self.moved_aside.name)
        self._writer = _engine(path, key, writes=True)
        self._reader = _engine(path, key, writes=False)
        self._lock = threading.Lock()
        self.write(metadata.create_all)

    def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, after everything it wrote is durable; nothing stays if it raises.
        Raises StoreUnusable when the disk does not take it.
        """
        with self.writing() as connection:
            return work(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One durable transaction, as `write` carries it out."""
        try:
            with self._lock, self._said_clearly(), self._writer.begin() as connection:
                yield connection
        except StoreUnusable as error:
            self.trouble = str(error)
            raise
        self.trouble = ""

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, seeing one consistent state. Raises StoreUnusable."""
        with self._said_clearly(), self._reader.connect() as connection:
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

    @contextmanager
    def _said_clearly(self) -> Iterator[None]:
        """What SQLite says of the disk, as a sentence for whoever stands before the box. Raises
        StoreUnusable.
        """
        try:
            yield
        except (DBAPIError, sqlcipher3.dbapi2.Error) as error:
            said = str(error.orig if isinstance(error, DBAPIError) else error)
            for words, sentence in _TROUBLES.items():
                if words in said:
                    _log.error("store unusable", said=words)
                    known = "" if words in _DAMAGE else _known_of_disk(self.path)
                    raise StoreUnusable(known or sentence) from error
            raise

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
    except (DBAPIError, sqlcipher3.dbapi2.Error) as error:
        # A full or failing disk is no damage: moved aside, a sound store would be lost for it.
        if any(words in str(error) for words in _DAMAGE):
            return False
        raise
    finally:
        engine.dispose()
    return bool(verdict == "ok")


def _known_of_disk(path: Path) -> str:
    """What is wrong with the disk itself: SQLite has one word for several troubles."""
    disk = os.statvfs(path.parent)
    if disk.f_flag & os.ST_RDONLY:
        return _READ_ONLY
    return _FULL if disk.f_bavail * disk.f_frsize < _NOTHING_BYTES else ""


def damaged_beside(path: Path) -> tuple[str, ...]:
    """The names of the stores that were moved aside here and that nobody has deleted."""
    found = (each.name for each in path.parent.glob(f"{path.name}.damaged-*"))
    return tuple(sorted(name for name in found if not name.endswith(("-wal", "-shm"))))


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
