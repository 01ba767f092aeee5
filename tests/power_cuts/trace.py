"""A program's calls to the system that change files, as strace records them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.power_cuts.disk import Disk, File

PROJECT = Path(__file__).resolve().parents[2]
_CALLS = (
    "openat,close,write,pwrite64,lseek,fsync,fdatasync,ftruncate,rename,renameat,renameat2,"
    "unlink,unlinkat,fallocate,writev,pwritev,copy_file_range,sendfile"
)
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")
_RESULT = re.compile(r"\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True)
class Call:
    """One call that has succeeded; `words` are its arguments as strace writes them."""

    name: str
    words: str
    result: int

    @property
    def texts(self) -> list[bytes]:
        return [_bytes(found) for found in _TEXT.finditer(self.words)]

    @property
    def numbers(self) -> list[int]:
        return [int(each) for each in re.findall(r"(?<![\w\"\\])-?\d+", _TEXT.sub("", self.words))]


def _bytes(found: re.Match[str]) -> bytes:
    if found[2]:
        raise ValueError("strace has cut a text short")
    return bytes.fromhex(found[1].replace("\\x", ""))


def record(words: list[str], file: Path) -> list[Call]:
    """Runs `python -m words` to its end and gives its calls, in the order of their ends."""
    strace = ["strace", "-f", "-xx", "-s", "10000000", "-e", f"trace={_CALLS}", "-o", str(file)]
    subprocess.run(
        [*strace, sys.executable, "-m", *words],
        cwd=PROJECT,
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
    )
    with file.open(encoding="ascii") as lines:
        return list(_calls(lines))


def _calls(lines: Iterator[str]) -> Iterator[Call]:
    begun: dict[tuple[str, str], str] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:
            continue
        thread, resumed, called, words = found.groups()
        name = resumed or called
        if words.endswith("<unfinished ...>"):
            begun[thread, name] = words.removesuffix("<unfinished ...>")
            continue
        words = begun.pop((thread, name), "") + words
        result = _RESULT.search(words)
        if result is not None and int(result[1]) >= 0:
            yield Call(name, words[: result.start()], int(result[1]))


@dataclass
class _Opened:
    """What a number of an open file stands for: a file of the folder, or the folder itself."""

    file: File | None
    at: int = 0


class Replay:
    """The calls played on a disk, of which only the files in one folder count. `said` is what the
    program had printed by then: what it had promised to somebody.
    """

    def __init__(self, folder: Path) -> None:
        self.disk = Disk()
        self.said = b""
        self._folder = folder
        self._open: dict[int, _Opened] = {}

    def play(self, call: Call) -> None:
        """What this call did. Raises ValueError for a way to write that is not known here."""
        if call.name == "openat":
            self._opens(call)
        elif call.name.startswith("rename"):
            name, to = map(self._name, call.texts)
            if name and to:
                self.disk.moves(name, to)
        elif call.name.startswith("unlink"):
            if name := self._name(call.texts[0]):
                self.disk.removes(name)
        elif call.name == "write" and call.numbers[0] == 1:
            self.said += call.texts[0][: call.result]
        elif call.name == "close":
            self._open.pop(call.numbers[0], None)
        elif opened := self._open.get(call.numbers[0]):
            self._changes(call, opened)

    def _opens(self, call: Call) -> None:
        if call.texts[0] == bytes(self._folder):
            self._open[call.result] = _Opened(None)
        elif name := self._name(call.texts[0]):
            self.disk.opens(name, empties="O_TRUNC" in call.words)
            self._open[call.result] = _Opened(self.disk.file(name))

    def _changes(self, call: Call, opened: _Opened) -> None:
        file = opened.file
        if call.name in ("fsync", "fdatasync"):
            if file is None:
                self.disk.syncs_folder()
            else:
                self.disk.syncs_file(file)
            return
        if file is None:
            raise ValueError(f"the folder was changed by {call.name}")
        if call.name == "write":
            file.write(opened.at, call.texts[0][: call.result])
            opened.at += call.result
        elif call.name == "pwrite64":
            file.write(call.numbers[-1], call.texts[0][: call.result])
        elif call.name == "lseek":
            opened.at = call.result
        elif call.name == "ftruncate":
            file.cut(call.numbers[1])
        else:
            raise ValueError(f"the model does not know {call.name}")

    def _name(self, path: bytes) -> str:
        """The file's name in the folder; empty for one that is elsewhere."""
        place = Path(path.decode())
        return place.name if place.parent == self._folder else ""
