"""One import, whatever it reads: check the whole file, then write the good rows in batches.

What is kept in memory beside a batch grows with the rows, not with the file's bytes: some 700 bytes
for each record that goes in (its id and what none should share), 200 for each remark.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.importing.reading import UNREADABLE, FileChanged, FileRefused
from shared.errors import InvalidInput

# A batch holds the queue of writes for some 20 ms, so that an emergency hardly waits.
BATCH_ROWS = 200
# A file whose rows are mostly refused is given up here, before the reasons fill the memory.
_REFUSED_ENOUGH = 10_000
# What is noticed of a row that another source put in already, when those are left out.
KNOWN_LEFT_OUT = "known already, left out"


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

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Line numbers and fields; a row that cannot be read has the reason under UNREADABLE.

        Raises FileRefused.
        """
        ...

    def parse(self, fields: dict[str, Any]) -> Parsed[R_co] | None:
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
# What the register holds already under another source that may be the same, in words; None when
# there is nothing like it.
FindKnown = Callable[[R], str | None]
# Told after each step: what is being done, rows done, rows in all (None: not yet known).
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Manner:
    """How an import is done. `unit` is what the numbers of the rows count; `skip_known` leaves out
    what another source put in already, which otherwise is noticed.
    """

    dry_run: bool = False
    unit: str = "line"
    skip_known: bool = False


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did. `dry_run`: what it would have done."""

    format_name: str
    unit: str
    rows: int
    skipped: int
    known: int
    stored: Stored
    refused: tuple[Remark, ...]
    noticed: tuple[Remark, ...]
    dry_run: bool


class MostRowsRefused(FileRefused):
    """Most rows make no sense, so the file is not what it says; `refused` has them all."""

    def __init__(self, message: str, refused: Sequence[Remark]) -> None:
        super().__init__(message)
        self.refused = tuple(refused)


@dataclass(slots=True)
class _Check:
    """What a reading found."""

    rows: int = 0
    skipped: int = 0
    known: int = 0
    refused: list[Remark] = field(default_factory=list)
    noticed: list[Remark] = field(default_factory=list)

    def counts(self) -> tuple[int, int, int, int]:
        return self.rows, self.skipped, self.known, len(self.refused)


def run_import(
    file: RegisterFile[R],
    store: Store[R],
    database: Database,
    progress: Progress,
    manner: Manner,
    find_known: FindKnown[R] | None = None,
) -> ImportSummary:
    """Imports the file; returns what became of its rows.

    Raises FileRefused, and has written nothing, when the file cannot be read to its end, holds no
    rows, or more than half of them are refused: then it is not what it says. Raises FileChanged
    when the second reading finds other rows than the first; whole batches that were checked may be
    in by then, and importing again completes them.
    """
    check = _Check()
    records = _records(file, check, manner, find_known)
    digests = []
    while batch := list(islice(records, BATCH_ROWS)):
        digests.append(_digest(batch))
        progress("Checking", check.rows, None)
    if not check.rows:
        raise FileRefused(f"The file has the header of {file.format_name} and no rows.")
    _refuse_senseless(file, check, manner)
    stored, done = Stored(), 0
    total = check.rows - len(check.refused) - check.skipped - check.known
    for checked in _checked_batches(file, check, digests, manner, find_known):
        stored += _store_batch(store, checked, database, manner.dry_run)
        done += len(checked)
        progress("Trying" if manner.dry_run else "Writing", done, total)
    return ImportSummary(
        format_name=file.format_name,
        unit=manner.unit,
        rows=check.rows,
        skipped=check.skipped,
        known=check.known,
        stored=stored,
        refused=tuple(check.refused),
        noticed=tuple(check.noticed),
        dry_run=manner.dry_run,
    )


def _store_batch(store: Store[R], batch: Sequence[R], database: Database, dry_run: bool) -> Stored:
    if dry_run:
        return database.read(lambda connection: store(connection, batch, True))
    return database.write(lambda connection: store(connection, batch, False))


def _digest(batch: Sequence[R]) -> bytes:
    return hashlib.blake2b(repr(batch).encode(), digest_size=16).digest()


def _checked_batches(
    file: RegisterFile[R],
    check: _Check,
    digests: Sequence[bytes],
    manner: Manner,
    find_known: FindKnown[R] | None,
) -> Iterator[Sequence[R]]:
    """The good records of the second reading, as long as they are those of the first.

    Raises FileChanged, before the first batch that differs.
    """
    again, done = _Check(), 0
    records = _records(file, again, manner, find_known)
    try:
        for digest in digests:
            batch = list(islice(records, BATCH_ROWS))
            if _digest(batch) != digest:
                raise _changed(done, manner)
            yield batch
            done += len(batch)
        # What was refused or left out after the last batch has to be the same too.
        if next(records, None) is not None or again.counts() != check.counts():
            raise _changed(done, manner)
    except (FileRefused, OSError):
        raise _changed(done, manner) from None


def _changed(done: int, manner: Manner) -> FileChanged:
    written = "Nothing was written" if manner.dry_run or not done else f"{done} rows were written"
    return FileChanged(
        f"The file changed while it was read. {written}, as they were checked, and none after "
        "that. Wait until the file is whole, and import it again."
    )


def _refuse_senseless(file: RegisterFile[R], check: _Check, manner: Manner) -> None:
    """Raises MostRowsRefused when more than half of the rows so far are refused."""
    if len(check.refused) * 2 > check.rows:
        first = check.refused[0]
        raise MostRowsRefused(
            f"{len(check.refused)} of {check.rows} rows make no sense as {file.format_name}, so "
            f"nothing was imported. The first is {manner.unit} {first.line}: {first.text}",
            check.refused,
        )


def _records(
    file: RegisterFile[R], check: _Check, manner: Manner, find_known: FindKnown[R] | None
) -> Iterator[R]:
    """The good records, in order; everything else goes into `check`."""
    unit = manner.unit
    lines: dict[str, int] = {}
    likenesses: dict[tuple[str, str], int] = {}
    for line, fields in file.rows():
        check.rows += 1
        try:
            if UNREADABLE in fields:
                raise InvalidInput(fields[UNREADABLE])
            parsed = file.parse(fields)
            if parsed is not None and parsed.record.source_id in lines:
                raise InvalidInput(
                    f"The id is that of {unit} {lines[parsed.record.source_id]} already."
                )
        except InvalidInput as refusal:
            check.refused.append(Remark(line, "refused", str(refusal)))
            if len(check.refused) > _REFUSED_ENOUGH:
                _refuse_senseless(file, check, manner)
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
                    Remark(line, f"same {what}", f"Same {what} as {unit} {earlier}: {value}.")
                )
        known = None if find_known is None else find_known(record)
        if known is not None and manner.skip_known:
            check.known += 1
            check.noticed.append(Remark(line, KNOWN_LEFT_OUT, known))
            continue
        if known is not None:
            check.noticed.append(Remark(line, "known already", known))
        yield record
