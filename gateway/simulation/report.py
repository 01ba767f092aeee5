"""An experiment as JSON, and as lines for a terminal."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.simulation.assumptions import Assumption
from gateway.simulation.experiment import OURS, Experiment, Outcome
from gateway.simulation.measures import CURVE_MIN, MEASURES, Estimate
from gateway.simulation.policies import POLICIES

# What is no rival: it is ours with another setting of the world, or knows what nobody knows.
NO_RIVALS = frozenset({OURS, "ours-asking", "all-knowing"})
_IN_TERMINAL = (
    "mean_min",
    "median_min",
    "p90_min",
    "over_2h",
    "full_arrivals",
    "unfit_arrivals",
    "transfers",
)
_DIGITS = 4


def as_json(experiment: Experiment, listed: tuple[Assumption, ...]) -> str:
    """The whole experiment; the same one gives the same bytes."""
    document = {
        "settings": asdict(experiment.settings),
        "facilities": experiment.facilities,
        "wards": experiment.wards,
        "triage_rules": experiment.ruleset,
        "findings": list(findings(experiment)),
        "measures": {name: asdict(measure) for name, measure in MEASURES.items()},
        "outcomes": [_outcome(outcome) for outcome in experiment.outcomes],
        "assumptions": [asdict(each) for each in listed],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "load": outcome.load,
        "policy": outcome.policy,
        "label": POLICIES[outcome.policy].label,
        "measures": {name: _estimate(each) for name, each in outcome.measures.items()},
        "ours_as_share_of_this": None
        if outcome.ratio_of_ours is None
        else _estimate(outcome.ratio_of_ours),
        "worst_county": None if outcome.worst is None else _rounded(asdict(outcome.worst)),
        "in_care_after_min": dict(zip(CURVE_MIN, map(_round, outcome.curve), strict=True)),
        "counties": [_rounded(asdict(county)) for county in outcome.counties],
    }


def _estimate(value: Estimate) -> dict[str, float | None]:
    half_width = None if value.half_width is None else _round(value.half_width)
    return {"mean": _round(value.mean), "half_width_95": half_width}


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _round(each) if isinstance(each, float) else each for name, each in values.items()
    }


def _round(value: float) -> float:
    return round(value, _DIGITS)


def findings(experiment: Experiment) -> Iterator[str]:
    """What the figures say of ours, in sentences; where another one is better too."""
    for load in experiment.settings.loads:
        ours = experiment.outcome(load, OURS)
        if ours is None:
            continue
        mine = ours.measures["mean_min"].mean
        for outcome in experiment.outcomes:
            if outcome.load != load or outcome.policy in NO_RIVALS or not outcome.ratio_of_ours:
                continue
            label, other = POLICIES[outcome.policy].label, outcome.measures["mean_min"].mean
            yield (
                f"Load {load:g}: “{label}” {_verdict(outcome.ratio_of_ours)}: {other:.0f} min to "
                f"care on average, Haven {mine:.0f} min "
                f"({shown(outcome.ratio_of_ours, 'ratio')} of it)."
            )


def _verdict(ratio: Estimate) -> str:
    if ratio.half_width is not None and abs(ratio.mean - 1) <= ratio.half_width:
        return "cannot be told from Haven with so few seeds"
    verdict = "is better than Haven" if ratio.mean > 1 else "takes longer than Haven"
    if ratio.half_width is None:
        return f"{verdict} with this one seed, which cannot tell it from chance"
    return verdict


def print_tables(experiment: Experiment, console: Console) -> None:
    """The measures that matter most, one table for each load, and the findings."""
    for load in experiment.settings.loads:
        table = Table("policy", title=f"Load {load:g}")
        for name in _IN_TERMINAL:
            measure = MEASURES[name]
            table.add_column(f"{measure.label} ({measure.unit})", justify="right")
        table.add_column("worst county (90th percentile, min)")
        for outcome in experiment.outcomes:
            if outcome.load == load:
                table.add_row(*_cells(outcome))
        console.print(table)
    for line in findings(experiment):
        console.print(line, highlight=False)


def _cells(outcome: Outcome) -> Iterator[str]:
    yield POLICIES[outcome.policy].label
    for name in _IN_TERMINAL:
        yield shown(outcome.measures[name], MEASURES[name].unit)
    worst = outcome.worst
    yield "" if worst is None else f"{worst.county}, {worst.p90_min:.0f} ({worst.patients})"


def shown(value: Estimate, unit: str) -> str:
    """The value as a person reads it, with its interval where there is one."""
    digits, factor, sign = (0, 1, "") if unit == "min" else (2, 1, "")
    if unit == "share":
        digits, factor, sign = 1, 100, " %"
    text = f"{value.mean * factor:.{digits}f}"
    if value.half_width is not None:
        text += f" ± {value.half_width * factor:.{digits}f}"
    return text + sign
