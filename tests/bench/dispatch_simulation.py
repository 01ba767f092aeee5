"""What the choice of a hospital does to the time to care, on real hospitals and wards."""

from pathlib import Path

from gateway.simulation.case_mix import haven_case_mix
from gateway.simulation.country import Country
from gateway.simulation.experiment import carry_out
from gateway.simulation.settings import Settings
from gateway.simulation.sources import sites_of_file, wards_of_file
from shared.match_policy import MatchPolicy

SETTINGS = Settings(
    seeds=3,
    days=7,
    loads=(0.5,),
    report_age_h=4.0,
    policies=(
        "ours-asking",
        "ours",
        "all-knowing",
        "plain-score",
        "plain-score-1h",
        "plain-score-4h",
        "nearest-capable",
        "least-time",
    ),
)
_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_LOWEST_LEVEL = 3


def means() -> dict[str, float]:
    """By policy, the mean time to care over the seeds, in minutes.

    Raises FileNotFoundError where the real registers are not there.
    """
    files = (_DATA / "kmhfl_2020.csv", _DATA / "kenya_wards_centroids.csv")
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(
                f"{file.name} is not in ../shared/data: this is measured on real hospitals and "
                "wards only."
            )
    country = Country(sites_of_file(files[0], "KE", _LOWEST_LEVEL), wards_of_file(files[1], "KE"))
    experiment = carry_out(country, haven_case_mix(), SETTINGS, MatchPolicy())
    return {outcome.policy: outcome.measures["mean_min"].mean for outcome in experiment.outcomes}
