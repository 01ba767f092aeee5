"""The disk under a database, and what a power cut leaves on it.

A commit is durable only when the connection that made it waits for the disk: it is asked. Of
anything less a power cut takes back what was committed last.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine

_FULL = 2
# After so many commits the system has written the earlier ones by itself.
_UNSAFE_COMMITS = 8
_SUFFIXES = ("", "-wal")

# What the files of a database held at one moment.
Image = dict[str, bytes]


class PowerCut(BaseException):
    """The power of one machine went. Not an Exception, so that no code can survive it."""

    def __init__(self, disk: "Disk") -> None:
        super().__init__(disk.path.name)
        self.disk = disk


class Disk:
    """One database's files. `power_goes` decides at every point where it may."""

    def __init__(self, path: Path, power_goes: Callable[[], bool]) -> None:
        self.path = path
        self._power_goes = power_goes
        self._safe: Image | None = None
        self._waits = True
        self._unsafe_commits = 0

    def will_commit(self, connection: Connection) -> None:
        """Call it in the transaction, at its end. Raises PowerCut."""
        level: int = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        self._waits = level >= _FULL
        if self._waits or self._unsafe_commits >= _UNSAFE_COMMITS:
            self._safe, self._unsafe_commits = None, 0
        if not self._waits and self._safe is None:
            self._safe = self.image()
        if self._power_goes():
            raise PowerCut(self)

    def has_committed(self) -> None:
        """Call it before anybody hears of the commit. Raises PowerCut."""
        if not self._waits:
            self._unsafe_commits += 1
        if self._power_goes():
            raise PowerCut(self)

    def image(self) -> Image:
        """What the files hold now."""
        files = {suffix: self.path.with_name(self.path.name + suffix) for suffix in _SUFFIXES}
        return {suffix: file.read_bytes() for suffix, file in files.items() if file.exists()}

    def after_power_cut(self) -> Image:
        """What a power cut at this moment leaves."""
        left = self._safe if self._safe is not None else self.image()
        self._safe, self._unsafe_commits = None, 0
        return left

    def put(self, image: Image) -> None:
        """Makes the files hold this; nobody may have them open."""
        for suffix in (*_SUFFIXES, "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        for suffix, content in image.items():
            self.path.with_name(self.path.name + suffix).write_bytes(content)
        self._safe, self._unsafe_commits = None, 0


class Statements:
    """Lets engines that are opened again and again share what SQLAlchemy has compiled: it would
    take longer than all the rest.
    """

    def __init__(self) -> None:
        self._first: Engine | None = None
        self._compiled: dict[object, object] = {}

    def share(self, engine: Engine) -> Engine:
        if self._first is None:
            self._first = engine
        engine.dialect = self._first.dialect
        engine.update_execution_options(compiled_cache=self._compiled)
        return engine
