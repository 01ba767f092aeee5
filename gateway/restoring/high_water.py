"""A file beside the database that says how far the database had come: a copy that comes back from
a backup says less.
"""

import os
from pathlib import Path

import structlog

FILE_NAME = "high-water"

_log = structlog.get_logger(__name__)


class HighWater:
    """The file. It must not be in the backup of the database, and survives its restore."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """The highest mark ever written; 0 when there is none or it cannot be read."""
        try:
            return int(self._path.read_text("ascii"))
        except FileNotFoundError:
            return 0
        except (OSError, ValueError):
            _log.warning("the high-water mark cannot be read", file=self._path.name)
            return 0

    def raise_to(self, mark: int) -> None:
        """Writes the mark durably unless a higher one stands there."""
        if mark <= self.read():
            return
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        with fresh.open("w", encoding="ascii") as file:
            file.write(f"{mark}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        # Without this the name may still mean the file before it after a power cut.
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
