"""What a disk may hold after a power cut: everything that was made durable, and of the rest what it
had happened to write, sector by sector.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

_SECTOR_BYTES = 512


@dataclass
class _Write:
    at: int
    content: bytes


@dataclass
class _Cut:
    """The file was cut, or filled with zeros, to this size."""

    size: int


@dataclass
class File:
    """A file: what is on the disk for certain, and what was written since the last fsync."""

    _durable: bytearray = field(default_factory=bytearray)
    _pending: list[_Write | _Cut] = field(default_factory=list)

    def write(self, at: int, content: bytes) -> None:
        self._pending.append(_Write(at, content))

    def cut(self, size: int) -> None:
        self._pending.append(_Cut(size))

    def sync(self) -> None:
        for each in self._pending:
            _apply(self._durable, each)
        self._pending.clear()

    def after_a_cut(self, rng: Random) -> bytes:
        content = bytearray(self._durable)
        # Often the disk had nearly all of it, or nearly nothing.
        share = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for each in self._pending:
            if isinstance(each, _Cut):
                if rng.random() < share:
                    _apply(content, each)
                continue
            for at, sector in _sectors(each):
                if rng.random() < share:
                    _apply(content, _Write(at, sector))
        return bytes(content)


def _sectors(write: _Write) -> Iterator[tuple[int, bytes]]:
    at, end = write.at, write.at + len(write.content)
    while at < end:
        upto = min(end, (at // _SECTOR_BYTES + 1) * _SECTOR_BYTES)
        yield at, write.content[at - write.at : upto - write.at]
        at = upto


def _apply(content: bytearray, change: _Write | _Cut) -> None:
    if isinstance(change, _Cut):
        del content[change.size :]
        content.extend(bytes(change.size - len(content)))
        return
    content.extend(bytes(max(change.at - len(content), 0)))
    content[change.at : change.at + len(change.content)] = change.content


class Disk:
    """One folder. A name that was made, moved or taken away is durable when the folder was synced,
    a new file's also when the file itself was.
    """

    def __init__(self) -> None:
        self._names: dict[str, File] = {}
        self._durable_names: dict[str, File] = {}
        # The names as they were after each change since the folder was synced.
        self._pending_names: list[dict[str, File]] = []

    def opens(self, name: str, *, empties: bool) -> None:
        """A file is opened, and made when it is not there."""
        if name not in self._names:
            self._renamed(self._names | {name: File()})
        elif empties:
            self._names[name].cut(0)

    def file(self, name: str) -> File:
        """The file that has this name now; it keeps its content when it is moved."""
        return self._names[name]

    def moves(self, name: str, to: str) -> None:
        others = {each: file for each, file in self._names.items() if each not in (name, to)}
        self._renamed(others | {to: self._names[name]})

    def removes(self, name: str) -> None:
        self._renamed({each: file for each, file in self._names.items() if each != name})

    def syncs_file(self, file: File) -> None:
        file.sync()
        if not any(each is file for each in self._durable_names.values()):
            new = {name: each for name, each in self._names.items() if each is file}
            self._durable_names = self._durable_names | new
            self._pending_names = [names | new for names in self._pending_names]

    def syncs_folder(self) -> None:
        self._durable_names = dict(self._names)
        self._pending_names.clear()

    def after_a_cut(self, rng: Random, folder: Path) -> None:
        """Writes what the disk may hold into a folder."""
        names = rng.choice([self._durable_names, *self._pending_names])
        folder.mkdir()
        for name, file in names.items():
            # What SQLite shares between processes is made anew after a start.
            if not name.endswith("-shm"):
                (folder / name).write_bytes(file.after_a_cut(rng))
                (folder / name).chmod(0o600)

    def _renamed(self, names: dict[str, File]) -> None:
        self._names = names
        self._pending_names.append(dict(names))
