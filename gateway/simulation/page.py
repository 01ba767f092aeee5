"""An experiment as a page of its own: no script, nothing loaded from elsewhere."""

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gateway.simulation import plots
from gateway.simulation.assumptions import Assumption
from gateway.simulation.experiment import OURS, Experiment, Outcome
from gateway.simulation.measures import CURVE_MIN, FEWEST_OF_COUNTY, MEASURES
from gateway.simulation.plots import Bar, DotRow
from gateway.simulation.policies import POLICIES
from gateway.simulation.report import findings, shown
from shared.errors import InvalidInput

# The measures that are drawn as bars, each from zero.
_DRAWN = ("mean_min", "p90_min", "unfit_arrivals", "full_arrivals", "busiest_5_percent")
# Beside ours, whom a county's plot and table show.
_BESIDE_OURS = ("plain-score", "nearest-capable")


def write_page(path: Path, experiment: Experiment, listed: tuple[Assumption, ...]) -> None:
    """Writes the page.

    Raises InvalidInput when the file cannot be written.
    """
    try:
        path.write_text(page(experiment, listed), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None


def page(experiment: Experiment, listed: tuple[Assumption, ...]) -> str:
    """The page as HTML; the same experiment gives the same bytes."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = (files("gateway.simulation") / "page.html").read_text(encoding="utf-8")
    played = [name for name in POLICIES if name in experiment.settings.policies]
    return environment.from_string(source).render(
        experiment=experiment,
        settings=experiment.settings,
        findings=list(findings(experiment)),
        bound=POLICIES["all-knowing"].label,
        policies=[(_colour(name), POLICIES[name].label) for name in played],
        over_loads=_over_loads(experiment),
        loads=[_of_load(experiment, load) for load in experiment.settings.loads],
        assumptions=listed,
    )


def _colour(policy: str) -> str:
    return f"of-{policy}"


def _of_load(experiment: Experiment, load: float) -> dict[str, object]:
    outcomes = [each for each in experiment.outcomes if each.load == load]
    in_counties = _in_counties(outcomes)
    shown_counties = _counties(outcomes, in_counties)
    return {
        "load": f"{load:g}",
        "bars": [(MEASURES[name].label, _bars(outcomes, name)) for name in _DRAWN],
        "curves": plots.curves(
            {_colour(each.policy): each.curve for each in outcomes},
            CURVE_MIN,
            "minutes after the call",
            "Share of patients in care over time, by policy",
        ),
        "measures": [
            (
                f"{measure.label}{'' if measure.unit == 'share' else f' ({measure.unit})'}",
                [shown(each.measures[name], measure.unit) for each in outcomes],
            )
            for name, measure in MEASURES.items()
        ],
        "worst": [
            ""
            if each.worst is None
            else f"{each.worst.county}, {each.worst.p90_min:.0f} ({each.worst.patients})"
            for each in outcomes
        ],
        "labels": [POLICIES[each.policy].label for each in outcomes],
        "counties": shown_counties,
        "county_key": [(_colour(name), POLICIES[name].label) for name in in_counties],
        "county_plot": _county_plot(shown_counties),
        "few": FEWEST_OF_COUNTY,
    }


def _bars(outcomes: list[Outcome], name: str) -> Markup:
    measure = MEASURES[name]
    percent = 100 if measure.unit == "share" else 1
    rows = []
    for each in outcomes:
        value = each.measures[name]
        half_width = None if value.half_width is None else value.half_width * percent
        text = f"{value.mean * percent:.{2 if measure.unit == 'per patient' else 0}f}"
        label, colour = POLICIES[each.policy].label, _colour(each.policy)
        rows.append(Bar(label, value.mean * percent, half_width, text, colour))
    unit = {"share": "% of patients", "min": "minutes"}.get(measure.unit, measure.unit)
    return plots.bars(rows, unit, f"{measure.label} by policy")


def _in_counties(outcomes: list[Outcome]) -> list[str]:
    """Ours and who stands beside it; the first policy where none of them was played."""
    played = [each.policy for each in outcomes]
    return [name for name in (OURS, *_BESIDE_OURS) if name in played] or played[:1]


def _counties(outcomes: list[Outcome], names: list[str]) -> list[dict[str, object]]:
    """A row for each county, the slowest under the first policy first: patients, and for each of
    these policies the median and 90th percentile.
    """
    figures = {
        each.policy: {county.county: county for county in each.counties} for each in outcomes
    }
    leading = sorted(figures[names[0]].values(), key=lambda each: (-each.median_min, each.county))
    return [
        {
            "county": county.county,
            "patients": county.patients,
            "policies": [(name, figures[name][county.county]) for name in names],
        }
        for county in leading
    ]


def _county_plot(rows: list[dict[str, object]]) -> Markup:
    drawn = []
    for row in rows:
        policies = row["policies"]
        assert isinstance(policies, list)  # noqa: S101
        values = {_colour(name): figures.median_min for name, figures in reversed(policies)}
        drawn.append(DotRow(str(row["county"]), values))
    return plots.dots(drawn, "median minutes to care", "Median time to care by county")


def _over_loads(experiment: Experiment) -> Markup | None:
    """Mean time to care over the loads; None of a single load."""
    if len(experiment.settings.loads) < 2:
        return None
    return plots.lines(
        {
            _colour(name): sorted(
                (each.load, each.measures["mean_min"].mean)
                for each in experiment.outcomes
                if each.policy == name
            )
            for name in experiment.settings.policies
        },
        ("load: share of beds taken without us", "mean minutes to care"),
    )
