"""`python -m tests.bench`: measures, and prints one table.

`ONLY=name` measures one figure; `JSON=file` also writes one JSON object a line. The exit code is 0
whether or not the targets are met, and 1 only when something could not be measured.
"""

import json
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figures import MEASUREMENTS, Figure


def main() -> int:
    """Measures what the environment asks for; the exit code."""
    console = Console(stderr=True)
    only = os.environ.get("ONLY", "")
    chosen = [each for each in MEASUREMENTS if not only or only in each.names]
    if not chosen:
        names = ", ".join(name for each in MEASUREMENTS for name in each.names)
        console.print(f"ONLY={only} is not measured here; there are: {names}")
        return 1
    figures: list[Figure] = []
    broken = 0
    for measurement in chosen:
        with console.status(f"measuring {', '.join(measurement.names)}"):
            try:
                figures += measurement.measure()
            except Exception:
                broken += 1
                console.print(f"{', '.join(measurement.names)} could not be measured:")
                console.print_exception()
    figures = [figure for figure in figures if only in ("", figure.name)]
    _show(figures)
    if os.environ.get("JSON"):
        _write(Path(os.environ["JSON"]), figures)
    return 1 if broken else 0


def _show(figures: list[Figure]) -> None:
    table = Table("figure", "value", "unit", "target", "met")
    for figure in figures:
        met = "" if figure.target is None else "yes" if figure.target.met_by(figure.value) else "no"
        table.add_row(
            figure.name,
            f"{figure.value:,.4g}" if figure.value < 1000 else f"{figure.value:,.0f}",
            figure.unit,
            str(figure.target or ""),
            met,
        )
    Console(width=max(Console().width, 110)).print(table)


def _write(path: Path, figures: list[Figure]) -> None:
    lines = [
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "target": None if figure.target is None else str(figure.target),
            "met": None if figure.target is None else figure.target.met_by(figure.value),
        }
        for figure in figures
    ]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
