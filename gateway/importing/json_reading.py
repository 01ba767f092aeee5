"""Records out of JSON files of any size: answers of an API, GeoJSON, JSON lines, text sequences.

A file may hold a list of records, objects that hold such a list (the pages of an API, a
FeatureCollection), single records one after another, or all of these. Memory does not grow with it:
ijson hands over one event at a time, and what is larger than LARGEST_RECORD_BYTES or nested deeper
than DEEPEST is let go of.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson
from ijson.common import ObjectBuilder

from gateway.importing.reading import UNREADABLE, FileRefused, check_text, not_utf8

# The largest boundaries of hospitals in OpenStreetMap have some hundred corners, a few kilobytes.
LARGEST_RECORD_BYTES = 1_000_000
DEEPEST = 32
# Here the whole file is given up, since the parser remembers what is open.
_SENSELESSLY_DEEP = 1_000
_CHUNK_BYTES = 65_536
# Where pages and collections keep their records.
_LISTS = frozenset({"results", "features"})
_RECORD_SEPARATOR = b"\x1e"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OPENING = frozenset({"start_map", "start_array"})
_CLOSING = frozenset({"end_map", "end_array"})
# What a number or a list takes in memory at least; strings and keys take their length as well.
_EVENT_BYTES = 16


def is_json(path: Path) -> bool:
    """Whether the file begins as JSON does.

    Raises FileRefused when it is empty or no text.
    """
    check_text(path)
    with path.open("rb") as file:
        start = file.read(_CHUNK_BYTES).removeprefix(_BYTE_ORDER_MARK)
    return start.lstrip(_RECORD_SEPARATOR + b" \t\r\n")[:1] in (b"{", b"[")


def read_json(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each record as its number in the file, from 1, and its members.

    A record that is too large, too deep, or no object has the member UNREADABLE alone. Raises
    FileRefused when the file cannot be read to its end.
    """
    with path.open("rb") as file:
        source = _BoundedSource(file, path)
        # Real numbers as floats: positions need no more, and Decimals take thrice the time.
        events = ijson.basic_parse(
            source, multiple_values=True, use_float=True, buf_size=_CHUNK_BYTES
        )
        splitter = _Splitter()
        try:
            for event, value in events:
                source.heard()
                if splitter.take(event, value):
                    yield splitter.number, splitter.record
        except ijson.JSONError as error:
            if "UTF8" in str(error):
                raise not_utf8(path) from None
            reason = str(error).strip().splitlines()[0].strip()
            raise FileRefused(
                f"{path.name} is no whole JSON after record {splitter.number}: {reason}. "
                "Was it cut off? Fetch it again."
            ) from None


class _BoundedSource:
    """The file as ijson reads it. A single string has no event before its end: who reads on and on
    without one would hold it whole.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._silent_bytes = 0
        self._at_start = True

    def heard(self) -> None:
        self._silent_bytes = 0

    def read(self, size: int) -> bytes:
        if self._silent_bytes > LARGEST_RECORD_BYTES:
            raise FileRefused(
                f"{self._path.name} has a single value of over {LARGEST_RECORD_BYTES:,} bytes "
                f"before byte {self._file.tell():,}; no list of facilities has. Was a quotation "
                "mark lost?"
            )
        chunk = self._file.read(size)
        if size and self._at_start:
            chunk = chunk.removeprefix(_BYTE_ORDER_MARK)
            self._at_start = False
        self._silent_bytes += len(chunk)
        # RFC 8142 puts this character before each record; nowhere in JSON may it stand bare.
        return chunk.replace(_RECORD_SEPARATOR, b" ")


class _Splitter:
    """Puts events together to records, one at a time."""

    def __init__(self) -> None:
        self.number = 0
        self.record: dict[str, Any] = {}
        # How many objects and lists are open.
        self._depth = 0
        # The depth at which the record, and the object that holds the list of records, stand.
        self._record_at: int | None = None
        self._container_at: int | None = None
        self._in_list = False
        self._key = ""
        self._builder: ObjectBuilder | None = None
        self._size_bytes = 0
        self._unreadable = ""

    def take(self, event: str, value: Any) -> bool:
        """Whether `record` is whole with this event.

        Raises FileRefused.
        """
        if event in _CLOSING:
            self._depth -= 1
        whole = self._place(event, value)
        if event in _OPENING:
            self._depth += 1
            if self._depth > _SENSELESSLY_DEEP:
                raise FileRefused(
                    f"Record {self.number} opens over {_SENSELESSLY_DEEP:,} lists and objects "
                    "within one another; this is no list of facilities."
                )
        return whole

    def _place(self, event: str, value: Any) -> bool:
        if self._record_at is not None:
            return self._go_on(event, value)
        if self._container_at is None:
            # A list that is the whole file holds records, and so does a file of single ones.
            if self._depth == 0 and event in {"start_array", "end_array"}:
                return False
            return self._begin(event, value)
        if self._in_list:
            if self._depth == self._container_at + 1 and event == "end_array":
                self._in_list = False
                return False
            return self._begin(event, value)
        if self._depth == self._container_at and event == "end_map":
            self._container_at = None
        elif self._depth == self._container_at + 1:
            self._enter_list(event, value)
        return False

    def _enter_list(self, event: str, value: Any) -> bool:
        """Whether a container's list of records begins here."""
        if event == "map_key":
            self._key = value
        self._in_list = event == "start_array" and self._key in _LISTS
        return self._in_list

    def _begin(self, event: str, value: Any) -> bool:
        self.number += 1
        self._record_at = self._depth
        self._builder = ObjectBuilder()
        self._size_bytes = 0
        self._unreadable = "" if event == "start_map" else "This is no object."
        self._key = ""
        return self._go_on(event, value)

    def _go_on(self, event: str, value: Any) -> bool:
        at = self._record_at
        if (
            self._container_at is None
            and self._depth == (at or 0) + 1
            and not self._unreadable
            and self._enter_list(event, value)
        ):
            # No record, but what holds them.
            self._container_at, self._record_at, self._builder = at, None, None
            self.number -= 1
            return False
        self._build(event, value)
        if self._depth != at or event in _OPENING:
            return False
        if self._unreadable or self._builder is None:
            self.record = {UNREADABLE: self._unreadable}
        else:
            self.record = self._builder.value
        self._record_at = self._builder = None
        return True

    def _build(self, event: str, value: Any) -> None:
        self._size_bytes += _EVENT_BYTES + (len(value) if isinstance(value, str) else 0)
        if self._size_bytes > LARGEST_RECORD_BYTES:
            self._unreadable = (
                f"This takes over {LARGEST_RECORD_BYTES:,} bytes of memory; no facility does."
            )
        elif self._depth > DEEPEST:
            self._unreadable = f"This is nested more than {DEEPEST} deep; no facility is."
        if self._unreadable:
            self._builder = None
        elif self._builder is not None:
            self._builder.event(event, value)
