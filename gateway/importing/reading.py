"""Rows out of text files, each with its line number."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO

from shared.errors import InvalidInput

# A row of a register takes some hundred characters; beyond this a line is no row of one.
LONGEST_LINE = 1_000_000
# The column under which the readers say why a row cannot be read.
UNREADABLE = "\0unreadable"
_SAMPLE_BYTES = 4096
_SIGNATURES = {b"PK": "a ZIP or Excel file", b"\x1f\x8b": "a gzip file", b"%PDF": "a PDF"}


class FileRefused(InvalidInput):
    """The file is not what it says; nothing of it was written."""


class FileChanged(InvalidInput):
    """The file is no longer the one that was checked; what was written of it before is as it was
    checked.
    """


def check_text(path: Path) -> None:
    """Raises FileRefused when the file is empty, or no text at all."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if not sample.strip():
        raise FileRefused(f"{path.name} is empty.")
    for signature, what in _SIGNATURES.items():
        if sample.startswith(signature):
            raise FileRefused(f"{path.name} is {what}; save it as text (CSV, UTF-8) first.")
    if b"\0" in sample:
        raise FileRefused(f"{path.name} is no text file; save it as CSV in UTF-8.")


def read_header(path: Path, encoding: str = "utf-8-sig") -> Sequence[str]:
    """The fields of the first row that is no comment, in lower case; the separator is a tab if that
    row has one.

    Raises FileRefused.
    """
    check_text(path)
    with path.open(encoding=encoding, newline="") as file:
        try:
            for line in _lines(file, path):
                if line.strip() and not line.startswith("#"):
                    separator = "\t" if "\t" in line else ","
                    fields = next(csv.reader([line], delimiter=separator), [])
                    return [field.strip().lower() for field in fields]
        except UnicodeDecodeError:
            raise not_utf8(path) from None
        except csv.Error as error:
            raise FileRefused(f"{path.name} cannot be read as CSV: {error}.") from None
    raise FileRefused(f"{path.name} holds no rows.")


def read_csv(path: Path, encoding: str = "utf-8-sig") -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as line number and fields by lower-case column name, stripped. Lines that begin with
    `#` before the header are comments.

    Yields nothing for blank lines; a row with too many fields has the column UNREADABLE. Raises
    FileRefused when the file cannot be read to its end. Never holds more than a row in memory.
    """
    with path.open(encoding=encoding, newline="") as file:
        number = 0
        try:
            lines = _lines(file, path)
            comments, header = _skip_comments(lines)
            reader = csv.DictReader(chain(header, lines), restval="", strict=True)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            number = comments + reader.line_num
            for row in reader:
                number = comments + reader.line_num
                surplus = row.pop(None, None)
                fields = {name: (value or "").strip() for name, value in row.items()}
                if surplus:
                    fields[UNREADABLE] = _surplus(len(surplus))
                yield number, fields
        except UnicodeDecodeError:
            raise not_utf8(path) from None
        except csv.Error as error:
            raise FileRefused(
                f"{path.name} cannot be read as CSV near line {number}: {error}."
            ) from None


def read_tabs(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line of a tab-separated file without header or quoting, as line number and fields.

    A line with another number of fields has the column UNREADABLE. Raises FileRefused when the file
    cannot be read to its end.
    """
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        try:
            for number, line in enumerate(_lines(file, path), start=1):
                if not line.strip():
                    continue
                values = line.rstrip("\r\n").split("\t")
                fields = dict(zip(columns, (value.strip() for value in values), strict=False))
                if len(values) != len(columns):
                    fields[UNREADABLE] = _surplus(len(values) - len(columns))
                yield number, fields
        except UnicodeDecodeError:
            raise not_utf8(path) from None


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    """The file's lines. Iterating over the file itself would hold a line of any length.

    Raises FileRefused at a line over LONGEST_LINE.
    """
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise FileRefused(
                f"{path.name} has over {LONGEST_LINE:,} characters in line {number}; no row of a "
                "list is that long. Is a quotation mark or a line break missing?"
            )
        yield line


def _skip_comments(lines: Iterator[str]) -> tuple[int, list[str]]:
    """The number of lines before the header, and the header unless the file ends before it."""
    for skipped, line in enumerate(lines):
        if line.strip() and not line.startswith("#"):
            return skipped, [line]
    return 0, []


def _surplus(fields: int) -> str:
    return (
        f"The row has {fields} fields more than it should; "
        "is a comma or a quotation mark out of place?"
    )


def not_utf8(path: Path) -> FileRefused:
    """The refusal of a file in another encoding."""
    return FileRefused(f"{path.name} is not UTF-8; save it again as UTF-8.")
