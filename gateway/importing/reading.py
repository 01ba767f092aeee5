"""Rows out of text files, each with its line number."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from shared.errors import InvalidInput

_SAMPLE_BYTES = 4096
_SIGNATURES = {b"PK": "a ZIP or Excel file", b"\x1f\x8b": "a gzip file", b"%PDF": "a PDF"}


class FileRefused(InvalidInput):
    """The file is not what it says; nothing of it was written."""


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


def read_header(path: Path) -> Sequence[str]:
    """The fields of the first row that is no comment, in lower case; the separator is a tab if that
    row has one.

    Raises FileRefused.
    """
    check_text(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    separator = "\t" if "\t" in line else ","
                    fields = next(csv.reader([line], delimiter=separator), [])
                    return [field.strip().lower() for field in fields]
        except UnicodeDecodeError:
            raise _not_utf8(path) from None
        except csv.Error as error:
            raise FileRefused(f"{path.name} cannot be read as CSV: {error}.") from None
    raise FileRefused(f"{path.name} holds no rows.")


def read_csv(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as line number and fields by lower-case column name, stripped. Lines that begin with
    `#` before the header are comments.

    Yields nothing for blank lines. Raises FileRefused when the file cannot be read to its end.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            skipped = _skip_comments(file)
            reader = csv.DictReader(file, restval="", strict=True)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            for row in reader:
                surplus = row.pop(None, None)
                fields = {name: (value or "").strip() for name, value in row.items()}
                if surplus:
                    fields[SURPLUS] = str(len(surplus))
                yield skipped + reader.line_num, fields
        except UnicodeDecodeError:
            raise _not_utf8(path) from None
        except csv.Error as error:
            raise FileRefused(
                f"{path.name} cannot be read as CSV near line {skipped + reader.line_num}: {error}."
            ) from None


# The column under which `read_csv` tells how many fields a row has too many.
SURPLUS = "\0surplus"


def read_tabs(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line of a tab-separated file without header or quoting, as line number and fields.

    A line with another number of fields has the column SURPLUS. Raises FileRefused when the file
    cannot be read to its end.
    """
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        try:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                values = line.rstrip("\r\n").split("\t")
                fields = dict(zip(columns, (value.strip() for value in values), strict=False))
                if len(values) != len(columns):
                    fields[SURPLUS] = str(len(values) - len(columns))
                yield number, fields
        except UnicodeDecodeError:
            raise _not_utf8(path) from None


def _skip_comments(file: TextIO) -> int:
    """Leaves the file at its header; the number of lines before it."""
    skipped = 0
    while True:
        start = file.tell()
        line = file.readline()
        if not line or (line.strip() and not line.startswith("#")):
            file.seek(start)
            return skipped
        skipped += 1


def _not_utf8(path: Path) -> FileRefused:
    return FileRefused(f"{path.name} is not UTF-8; save it again as UTF-8.")
