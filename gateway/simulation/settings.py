"""What whoever runs the simulation may set. Everything is checked when the settings are made."""

from dataclasses import dataclass
from math import isfinite

from gateway.simulation.policies import POLICIES
from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Settings:
    """One experiment: every policy on the same patients, for each seed and each load.

    `loads` are the shares of emergency beds that patients who come without us take; shares are
    0 to 1. `report_age_h` is the mean age of the latest bed report. Raises InvalidInput naming the
    first setting that makes no sense.
    """

    seed: int = 1
    seeds: int = 3
    days: int = 14
    patients_per_day: int = 1000
    loads: tuple[float, ...] = (0.5,)
    report_age_h: float = 4.0
    missing_reports: float = 0.3
    stock_reports: float = 0.0
    policies: tuple[str, ...] = tuple(POLICIES)

    def __post_init__(self) -> None:
        for name, lowest, highest in (
            ("seed", 0, 2**32 - 1),
            ("seeds", 1, 100),
            ("days", 1, 365),
            ("patients_per_day", 1, 100_000),
        ):
            number: int = getattr(self, name)
            if not lowest <= number <= highest:
                raise InvalidInput(f"{_option(name)} is {number}; give {lowest} to {highest}.")
        if not self.loads:
            raise InvalidInput("Give at least one --load, such as 0.5.")
        for load in self.loads:
            if not 0 <= load <= 0.95:
                raise InvalidInput(f"--load is {load:g}; give 0 to 0.95, such as 0.5.")
        if not (isfinite(self.report_age_h) and 0.25 <= self.report_age_h <= 168):
            raise InvalidInput(
                f"--report-age-h is {self.report_age_h:g}; give 0.25 to 168 hours, such as 4."
            )
        for name in ("missing_reports", "stock_reports"):
            share: float = getattr(self, name)
            if not 0 <= share <= 1:
                raise InvalidInput(f"{_option(name)} is {share:g}; give a share from 0 to 1.")
        if not self.policies:
            raise InvalidInput(f"Give at least one --policy of {', '.join(POLICIES)}.")
        for policy in self.policies:
            if policy not in POLICIES:
                raise InvalidInput(
                    f"There is no policy {policy!r}. There are: {', '.join(POLICIES)}."
                )
        for option, given in (("--load", self.loads), ("--policy", self.policies)):
            if len(set(given)) != len(given):
                raise InvalidInput(f"{option} has the same value twice; leave one out.")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
