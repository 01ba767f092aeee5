"""The folders of gammu-smsd's files service: a modem as both the gateway and a box use it.

Beside the stream log this is the other place of `sync` that touches the world: the bearer *is*
these folders (docs/adr/026). It knows neither events nor seals.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from shared.errors import HavenError
from sync.smsd_files import outgoing_name, read_incoming_name, read_text

_FOLDERS = ("inbox", "outbox", "sent", "error")
# Texts that are nobody's: a person may read them there.
_KEPT = "kept"
_LONGEST_BYTES = 8192


class SpoolUnusable(HavenError):
    """The folders are not there or cannot be written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class IncomingText:
    """A message that came, its parts joined. `files` are given back to `done` or `keep`."""

    sender: str
    text: str
    files: tuple[Path, ...]


class Spool:
    """One modem's folders below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Of the files in the inbox, as they were at the last look.
        self._sizes: dict[Path, int] = {}

    def check(self) -> None:
        """Raises SpoolUnusable unless every folder is there and can be written."""
        for name in _FOLDERS:
            path = self._folder / name
            if not path.is_dir() or not os.access(path, os.W_OK):
                raise SpoolUnusable(
                    f"{path} is not there or cannot be written. Make inbox, outbox, sent and error "
                    "below that folder, as gammu-smsd's configuration names them."
                )

    def send(self, number: str, text: str, at: datetime, note: str, *, urgent: bool) -> None:
        """Hands a text of GSM letters to the modem. The same note again replaces nothing: whoever
        asks for the outcome is told of one of them. Raises SpoolUnusable.
        """
        outbox = self._folder / "outbox"
        name = outgoing_name(number, at, note, urgent=urgent)
        # smsd reads whatever is called OUT…, also half a file.
        fresh = outbox / f"part-{name}"
        try:
            with fresh.open("w", encoding="ascii", errors="replace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(outbox / name)
        except OSError as error:
            raise SpoolUnusable(
                f"The modem's folder {outbox} cannot be written ({error.strerror}). Check the disk."
            ) from None

    def outcomes(self) -> Iterator[tuple[str, bool, Path]]:
        """What has become of texts: the note, whether it was sent, and the file, to be given to
        `done` once that is known durably.
        """
        for folder, sent in (("sent", True), ("error", False)):
            for path in self._files(folder, "OUT"):
                yield _note_of(path), sent, path

    def waiting(self) -> dict[str, Path]:
        """What the modem has not sent yet, by note."""
        return {_note_of(path): path for path in self._files("outbox", "OUT")}

    def incoming(self) -> list[IncomingText]:
        """What has come, oldest first. A message of several parts comes whole: smsd waits for
        them. A file counts when it has not grown since the last look: smsd may still be writing it.
        """
        sizes = {path: _size(path) for path in self._files("inbox", "IN")}
        before, self._sizes = self._sizes, sizes
        named = [
            (name, path)
            for path, size in sizes.items()
            if before.get(path) == size and (name := read_incoming_name(path.name)) is not None
        ]
        named.sort(key=lambda one: (one[0].group, one[0].sender, one[0].part))
        found = []
        for (_, sender), parts in groupby(named, key=lambda one: (one[0].group, one[0].sender)):
            files = tuple(path for _, path in parts)
            text = "".join(read_text(_content(path)) for path in files)
            found.append(IncomingText(sender, text, files))
        return found

    def done(self, *files: Path) -> None:
        """These files have served."""
        for path in files:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def keep(self, text: IncomingText) -> None:
        """Puts aside what is nobody's, for people."""
        kept = self._folder / _KEPT
        with suppress(OSError):
            kept.mkdir(exist_ok=True, mode=0o700)
            for path in text.files:
                path.replace(kept / path.name)

    def _files(self, folder: str, prefix: str) -> list[Path]:
        try:
            return sorted(
                path for path in (self._folder / folder).iterdir() if path.name.startswith(prefix)
            )
        except OSError:
            return []


def _note_of(path: Path) -> str:
    return path.name.partition(".")[0].rpartition("_")[2]


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return -1


def _content(path: Path) -> bytes:
    with suppress(OSError), path.open("rb") as file:
        return file.read(_LONGEST_BYTES)
    return b""
