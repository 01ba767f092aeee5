"""Bundles as files: written whole or not at all, read within bounds. Like `sync/smsd_spool.py` it
touches the world because the bearer is a file.
"""

import os
from pathlib import Path

from shared.errors import InvalidInput
from sync.bundle import LONGEST_BYTES


def write_file(file: Path, content: bytes) -> None:
    """A stick may be pulled out too early: then what stood there before still does. Raises
    InvalidInput.
    """
    fresh = file.with_name(f"{file.name}.part")
    try:
        with fresh.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        folder = os.open(file.absolute().parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from None


def read_file(file: Path) -> bytes:
    """What is in it. Raises InvalidInput."""
    try:
        if file.stat().st_size > LONGEST_BYTES:
            raise InvalidInput("It is too long for a bundle.")
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"It cannot be read: {error.strerror}.") from None
