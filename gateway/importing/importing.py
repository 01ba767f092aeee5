"""One import, whatever it reads: check the whole file, then write the good rows in batches."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.importing.reading import SURPLUS, FileRefused
from shared.errors import InvalidInput

# A batch holds the queue of writes for some 20 ms, so that an emergency hardly waits.
BATCH_ROWS = 200


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about one line: `kind` groups those that are alike."""

    line: int
    kind: str
    text: str


R_co = TypeVar("R_co", bound="Keyed", covariant=True)
R = TypeVar("R", bound="Keyed")


class Keyed(Protocol):
    """A record of a register."""

    @property
    def source_id(self) -> str:
        """The register's own identifier of it."""
        ...

    def likeness(self) -> Iterable[tuple[str, str]]:
        """What no two records should share, as pairs of what it is and its value; a second one is
        kept and noticed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Parsed(Generic[R_co]):
    """A record, and what is odd about it, as pairs of kind and text."""

    record: R_co
    oddities: tuple[tuple[str, str], ...] = ()


class RegisterFile(Protocol[R_co]):
    """A file in one format; it can be read twice."""

    @property
    def format_name(self) -> str: ...

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line numbers and fields.

        Raises FileRefused.
        """
        ...

    def parse(self, fields: dict[str, str]) -> Parsed[R_co] | None:
        """The record of a row; None for a row that is fine and not of interest.

        Raises InvalidInput with the reason.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """How many records of a batch were (or would be) new, changed, and as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


# Stores a batch, or only counts when the flag says that it is a trial.
Store = Callable[[Connection, Sequence[R], bool], Stored]
# Told after each step: what is being done, rows done, rows in all (None: not yet known).
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did. `dry_run`: what it would have done."""

    format_name: str
    rows: int
    skipped: int
    stored: Stored
    refused: tuple[Remark, ...]
    noticed: tuple[Remark, ...]
    dry_run: bool


@dataclass(slots=True)
class _Check:
    """What the first reading found."""

    rows: int = 0
    skipped: int = 0
    refused: list[Remark] = field(default_factory=list)
    noticed: list[Remark] = field(default_factory=list)


def run_import(
    file: RegisterFile[R],
    store: Store[R],
    database: Database,
    progress: Progress,
    dry_run: bool = False,
) -> ImportSummary:
    """Imports the file; returns what became of its rows.

    Raises FileRefused, and has written nothing, when the file cannot be read to its end, holds no
    rows, or more than half of them are refused: then it is not what it says.
    """
    check = _Check()
    for _ in _records(file, check):
        if check.rows % BATCH_ROWS == 0:
            progress("Checking", check.rows, None)
    if not check.rows:
        raise FileRefused(f"The file has the header of {file.format_name} and no rows.")
    if len(check.refused) * 2 > check.rows:
        first = check.refused[0]
        raise FileRefused(
            f"{len(check.refused)} of {check.rows} rows make no sense as {file.format_name}, so "
            f"nothing was imported. The first is line {first.line}: {first.text}"
        )
    stored, done, total = Stored(), 0, check.rows - len(check.refused) - check.skipped
    records = _records(file, _Check())
    while batch := list(islice(records, BATCH_ROWS)):
        stored += _store_batch(store, batch, database, dry_run)
        done += len(batch)
        progress("Trying" if dry_run else "Writing", done, total)
    return ImportSummary(
        format_name=file.format_name,
        rows=check.rows,
        skipped=check.skipped,
        stored=stored,
        refused=tuple(check.refused),
        noticed=tuple(check.noticed),
        dry_run=dry_run,
    )


def _store_batch(store: Store[R], batch: Sequence[R], database: Database, dry_run: bool) -> Stored:
    if dry_run:
        return database.read(lambda connection: store(connection, batch, True))
    return database.write(lambda connection: store(connection, batch, False))


def _records(file: RegisterFile[R], check: _Check) -> Iterator[R]:
    """The good records, in order; everything else goes into `check`."""
    lines: dict[str, int] = {}
    likenesses: dict[tuple[str, str], int] = {}
    for line, fields in file.rows():
        check.rows += 1
        try:
            if SURPLUS in fields:
                raise InvalidInput(
                    f"The row has {fields[SURPLUS]} fields more than it should; "
                    "is a comma or a quotation mark out of place?"
                )
            parsed = file.parse(fields)
            if parsed is not None and parsed.record.source_id in lines:
                raise InvalidInput(
                    f"The id is that of line {lines[parsed.record.source_id]} already."
                )
        except InvalidInput as refusal:
            check.refused.append(Remark(line, "refused", str(refusal)))
            continue
        if parsed is None:
            check.skipped += 1
            continue
        record = parsed.record
        lines[record.source_id] = line
        for kind, text in parsed.oddities:
            check.noticed.append(Remark(line, kind, text))
        for likeness in record.likeness():
            earlier = likenesses.setdefault(likeness, line)
            if earlier != line:
                what, value = likeness
                check.noticed.append(
                    Remark(line, f"same {what}", f"Same {what} as line {earlier}: {value}.")
                )
        yield record
