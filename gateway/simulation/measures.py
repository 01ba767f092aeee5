"""What is measured of a run: per run, and over several seeds with an interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from gateway.simulation.country import Country
from gateway.simulation.geography import Geography
from gateway.simulation.journey import Journey

Floats = NDArray[np.float64]

# Shares of patients in care are given at these minutes after the call.
CURVE_MIN = tuple(range(0, 601, 10))
_LATE_MIN = 120.0
_BUSIEST = 0.05
_FAR_M = 100_000.0
# Fewer patients than these say nothing of a county.
FEWEST_OF_COUNTY = 30
# Two-sided 95 % quantiles of Student's t by degrees of freedom; the normal one beyond them.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured: what a person reads, its unit, and how it is worked out."""

    label: str
    unit: str


MEASURES: Mapping[str, Measure] = {
    "mean_min": Measure("mean time to care", "min"),
    "median_min": Measure("median time to care", "min"),
    "p90_min": Measure("90th percentile of time to care", "min"),
    "over_2h": Measure("patients over 2 h without care", "share"),
    "untreated": Measure("patients without care after 24 h", "share"),
    "full_arrivals": Measure("arrivals at a full hospital", "per patient"),
    "unfit_arrivals": Measure("arrivals where the patient could not be treated", "per patient"),
    "transfers": Measure("transfers", "per patient"),
    "help_mean_min": Measure("mean time to oxygen, of who must be stabilised first", "min"),
    "first_over_100km": Measure("first hospital over 100 km away", "share"),
    "busiest_5_percent": Measure("patients at the busiest 5 % of hospitals", "share"),
    "others_turned_away": Measure("other patients who found no bed", "share"),
}


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run: its measures by name, the share in care at each of CURVE_MIN, and minutes to care by
    county.
    """

    measures: Mapping[str, float]
    curve: Floats
    by_county: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds and the half width of its 95 % interval; None of a single seed."""

    mean: float
    half_width: float | None


@dataclass(frozen=True, slots=True)
class CountyFigures:
    """Patients of one county, of all seeds together."""

    county: str
    patients: int
    median_min: float
    p90_min: float


def figures_of(
    journeys: Sequence[Journey], others: tuple[int, int], country: Country, geography: Geography
) -> RunFigures:
    """What one run gives. `others` are how many other patients came, and found no bed."""
    care_min = np.array([journey.care_min for journey in journeys])
    help_min = [each.help_min for each in journeys if each.patient.case.stabilise_first]
    firsts = [
        geography.distance_m(each.patient.lat, each.patient.lon, each.first) > _FAR_M
        for each in journeys
        if each.first is not None
    ]
    came, turned_away = others
    return RunFigures(
        measures={
            "mean_min": float(care_min.mean()),
            "median_min": float(np.median(care_min)),
            "p90_min": float(np.quantile(care_min, 0.9)),
            "over_2h": float(np.mean(care_min > _LATE_MIN)),
            "untreated": _mean([each.untreated for each in journeys]),
            "full_arrivals": _mean([each.arrivals_full for each in journeys]),
            "unfit_arrivals": _mean([each.arrivals_unfit for each in journeys]),
            "transfers": _mean([each.transfers for each in journeys]),
            "help_mean_min": _mean(help_min),
            "first_over_100km": _mean(firsts),
            "busiest_5_percent": _busiest_share(journeys, len(country.sites)),
            "others_turned_away": turned_away / came if came else 0.0,
        },
        curve=np.searchsorted(np.sort(care_min), CURVE_MIN, side="right") / len(care_min),
        by_county=_by_county(journeys, care_min, country),
    )


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and 95 % interval of one value per seed (Student's t)."""
    mean = float(np.mean(values))
    count = len(values)
    if count < 2:
        return Estimate(mean, None)
    quantile = _STUDENT[count - 2] if count - 2 < len(_STUDENT) else _NORMAL
    return Estimate(mean, quantile * float(np.std(values, ddof=1)) / sqrt(count))


def counties_of(runs: Sequence[RunFigures]) -> tuple[CountyFigures, ...]:
    """Every county over all seeds, by name."""
    names = sorted({name for run in runs for name in run.by_county})
    found = []
    for name in names:
        minutes = np.concatenate([run.by_county[name] for run in runs if name in run.by_county])
        found.append(
            CountyFigures(
                county=name,
                patients=len(minutes),
                median_min=float(np.median(minutes)),
                p90_min=float(np.quantile(minutes, 0.9)),
            )
        )
    return tuple(found)


def worst_county(counties: Sequence[CountyFigures]) -> CountyFigures | None:
    """The one of the highest 90th percentile among those with enough patients."""
    enough = [county for county in counties if county.patients >= FEWEST_OF_COUNTY]
    return max(enough, key=lambda county: (county.p90_min, county.median_min), default=None)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _by_county(
    journeys: Sequence[Journey], care_min: Floats, country: Country
) -> dict[str, Floats]:
    counties = np.array([country.wards[each.patient.ward].county for each in journeys])
    return {str(name): care_min[counties == name] for name in np.unique(counties)}


def _busiest_share(journeys: Sequence[Journey], sites: int) -> float:
    """The share of treated patients who are treated at the busiest 5 % of all sites."""
    treated = np.bincount(
        [each.treated_at for each in journeys if each.treated_at is not None], minlength=sites
    )
    total = int(treated.sum())
    busiest = np.sort(treated)[::-1][: max(1, round(sites * _BUSIEST))]
    return float(busiest.sum()) / total if total else 0.0
