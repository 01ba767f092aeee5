"""What the import commands share: the progress bar, the report, and the exit code."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from gateway.database.database import Database
from gateway.importing.importing import ImportSummary, R, RegisterFile, Remark, Store, run_import
from gateway.importing.reading import FileRefused
from shared.system import System

# Exit codes: 0 every row went in, 1 the file was refused whole, 3 some rows were refused.
REFUSED_WHOLE = 1
ROWS_REFUSED = 3
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Registers:
    """What an import needs: where to write, and the country (ISO 3166 alpha-2) of the positions."""

    database: Database
    system: System
    country: str


def import_and_report(
    file: RegisterFile[R], store: Store[R], database: Database, dry_run: bool, as_json: bool
) -> ImportSummary:
    """Runs an import with a progress bar on standard error and its report on standard output.

    Raises FileRefused.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with ProgressBar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("Checking", total=None)

        def progress(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        summary = run_import(file, store, database, progress, dry_run)
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


def _lines(summary: ImportSummary) -> Iterable[str]:
    stored = summary.stored
    done = "Would import" if summary.dry_run else "Imported"
    yield (
        f"{done} {summary.format_name}: {summary.rows} rows: {stored.created} new, "
        f"{stored.updated} changed, {stored.unchanged} as before, {summary.skipped} not of "
        f"interest, {len(summary.refused)} refused."
    )
    yield from _some(summary.refused)
    by_kind: dict[str, list[Remark]] = {}
    for remark in summary.noticed:
        by_kind.setdefault(remark.kind, []).append(remark)
    for kind, remarks in by_kind.items():
        yield f"Noticed, and kept: {kind} ({len(remarks)} rows)."
        yield from _some(remarks[:3])


def _some(remarks: Iterable[Remark]) -> Iterable[str]:
    remarks = list(remarks)
    for remark in remarks[:_SHOWN]:
        yield f"  line {remark.line}: {remark.text}"
    if len(remarks) > _SHOWN:
        yield f"  and {len(remarks) - _SHOWN} more; --json lists every one."
