"""Small disks of a test's own, which run full, or fail as a worn card does."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MB = 1024 * 1024


class Disk:
    """A disk that is mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fills(self) -> None:
        """Not a byte is left."""
        with self._ballast.open("wb") as ballast:
            for size in (_MB, 4096, 1):
                try:
                    while True:
                        os.write(ballast.fileno(), bytes(size))
                except OSError:
                    continue

    def has_room_again(self) -> None:
        self._ballast.unlink()

    def becomes_read_only(self) -> None:
        """Nothing on it may be open for writing."""
        _runs("mount", "-o", "remount,ro", str(self.folder))

    def becomes_writable(self) -> None:
        _runs("mount", "-o", "remount,rw", str(self.folder))

    def fails(self) -> None:
        """Under running programs: what the kernel does when a card cannot be written any more."""
        _runs("mount", "-o", "remount,abort", str(self.folder))


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[Disk]:
    """A disk in memory. Only root may mount one."""
    _require_root()
    folder.mkdir()
    _runs("mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=700", "haven", str(folder))
    try:
        yield Disk(folder)
    finally:
        _runs("umount", "-l", str(folder))


@contextmanager
def worn_card(folder: Path) -> Iterator[Disk]:
    """A file system of its own on a file, which can be made to fail."""
    _require_root()
    if not Path("/dev/loop-control").exists() or shutil.which("mkfs.ext4") is None:
        _cannot("This machine has no loop devices or no mkfs.ext4.")
    image = folder.with_suffix(".image")
    with image.open("wb") as file:
        file.truncate(16 * _MB)
    _runs("mkfs.ext4", "-q", str(image))
    folder.mkdir()
    _runs("mount", "-o", "loop", str(image), str(folder))
    try:
        yield Disk(folder)
    finally:
        _runs("umount", "-l", str(folder))


def _require_root() -> None:
    if os.geteuid() != 0:
        _cannot("Only root may mount a disk.")


def _cannot(why: str) -> None:
    """CI must not skip what a laptop may."""
    if "CI" in os.environ:
        pytest.fail(why)
    pytest.skip(why)


def _runs(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip()}")
