"""What the import commands share: the progress bar, the report, and the exit code."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from gateway.database.database import Database
from gateway.importing.importing import (
    KNOWN_LEFT_OUT,
    FindKnown,
    ImportSummary,
    Manner,
    MostRowsRefused,
    R,
    RegisterFile,
    Remark,
    Store,
    run_import,
)
from gateway.importing.reading import FileChanged, FileRefused
from shared.system import System

# Exit codes: 0 every row went in, 1 the file was refused whole, 3 some rows were refused, 4 the
# file changed while it was read.
REFUSED_WHOLE = 1
ROWS_REFUSED = 3
FILE_CHANGED = 4
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Registers:
    """What an import needs: where to write, and the country (ISO 3166 alpha-2) of the positions."""

    database: Database
    system: System
    country: str


def import_and_report(
    file: RegisterFile[R],
    store: Store[R],
    database: Database,
    manner: Manner,
    as_json: bool,
    find_known: FindKnown[R] | None = None,
    report: TextIO | None = None,
) -> ImportSummary:
    """Runs an import with a progress bar on standard error and its report on standard output; in
    `report` every refused and noticed row, as CSV.

    Raises FileRefused. Leaves the program with FILE_CHANGED when the file changes on the way.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        with ProgressBar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
            task = bar.add_task("Checking", total=None)

            def progress(what: str, done: int, total: int | None) -> None:
                bar.update(task, description=what, completed=done, total=total)

            summary = run_import(file, store, database, progress, manner, find_known)
    except MostRowsRefused as error:
        _write_report(report, manner.unit, error.refused)
        raise
    except FileChanged as error:
        if as_json:
            click.echo(json.dumps({"changed": str(error)}))
        click.echo(str(error), err=True)
        sys.exit(FILE_CHANGED)
    _write_report(report, manner.unit, (*summary.refused, *summary.noticed))
    click.echo(json.dumps(asdict(summary)) if as_json else "\n".join(_lines(summary)))
    return summary


def refuse_whole(error: FileRefused, as_json: bool) -> None:
    """Says why the whole file was refused, and leaves the program with REFUSED_WHOLE."""
    if as_json:
        click.echo(json.dumps({"refused_whole": str(error)}))
    else:
        click.echo(f"Refused, and nothing was written: {error}", err=True)
    sys.exit(REFUSED_WHOLE)


def leave(summary: ImportSummary) -> None:
    """Leaves the program with ROWS_REFUSED when rows were refused."""
    if summary.refused:
        sys.exit(ROWS_REFUSED)


def _write_report(report: TextIO | None, unit: str, remarks: Iterable[Remark]) -> None:
    if report is None:
        return
    rows = csv.writer(report)
    rows.writerow((unit, "kind", "text"))
    rows.writerows((remark.line, remark.kind, remark.text) for remark in remarks)
    report.flush()


def _lines(summary: ImportSummary) -> Iterable[str]:
    stored = summary.stored
    done = "Would import" if summary.dry_run else "Imported"
    known = f"{summary.known} known already and left out, " if summary.known else ""
    yield (
        f"{done} {summary.format_name}: {summary.rows} rows: {stored.created} new, "
        f"{stored.updated} changed, {stored.unchanged} as before, {summary.skipped} not of "
        f"interest, {known}{len(summary.refused)} refused."
    )
    yield from _some(summary.unit, summary.refused)
    by_kind: dict[str, list[Remark]] = {}
    for remark in summary.noticed:
        by_kind.setdefault(remark.kind, []).append(remark)
    for kind, remarks in by_kind.items():
        noticed = "Noticed" if kind == KNOWN_LEFT_OUT else "Noticed, and kept"
        yield f"{noticed}: {kind} ({len(remarks)} rows)."
        yield from _some(summary.unit, remarks[:3])


def _some(unit: str, remarks: Sequence[Remark]) -> Iterable[str]:
    for remark in remarks[:_SHOWN]:
        yield f"  {unit} {remark.line}: {remark.text}"
    if len(remarks) > _SHOWN:
        yield f"  and {len(remarks) - _SHOWN} more; --json lists every one."
