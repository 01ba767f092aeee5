"""What a deployment may set about matching. Every setting is checked when the policy is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from math import isclose, isfinite
from types import MappingProxyType

from shared.capability import Capability
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.travel import EAST_AFRICA_TIME, GreatCircleTravel

_TIERS_MIN = (60.0, 120.0, 240.0)


def _same_tiers() -> Mapping[Priority, tuple[float, ...]]:
    return MappingProxyType(dict.fromkeys(Priority, _TIERS_MIN))


def _equal_weights() -> Mapping[Capability, float]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """Weights, limits and priors of matching; the defaults are Haven's for Kenya.

    Raises InvalidInput naming the first setting that makes no sense.
    """

    distance_weight: float = 0.40
    capacity_weight: float = 0.30
    specialty_weight: float = 0.30

    # The reach by severity, in minutes of estimated travel, each tier wider than the one before.
    # By default all severities share one ladder: whoever has no ambulance pays for every kilometre,
    # however mild the case.
    tiers_min: Mapping[Priority, tuple[float, ...]] = field(default_factory=_same_tiers)
    travel: GreatCircleTravel = field(default_factory=GreatCircleTravel)

    # KEPH: levels 4 to 6 take emergencies, level 3 stabilises and does basic obstetrics. Below it,
    # facilities are named only when nothing capable is in reach.
    lowest_level: int = 3
    # The hours, local and from Monday to Friday, in which a facility that is known not to be open
    # day and night counts as open.
    day_opens_h: float = 8.0
    day_closes_h: float = 17.0
    local_time: tzinfo = EAST_AFRICA_TIME

    # A report this old counts half, and half the rest is the prior; older ones fade further.
    report_half_age_s: float = 6 * 3600.0
    # The capacity part of a hospital that never reported: neither full nor empty.
    capacity_prior: float = 0.5
    # With this many expected free beds the capacity part is one half.
    half_capacity_beds: float = 3.0
    # How long an emergency bed stays taken, for the discharges to expect since a report.
    mean_stay_h: float = 12.0
    # A report older than this no longer calls a hospital full, or a stock used up.
    trusted_report_s: float = 12 * 3600.0

    # What an unknown capability loses against a known one.
    unknown_penalty: float = 0.6
    # What a standing "has antivenom" counts when nobody reported the stock itself.
    unreported_stock_value: float = 0.8
    # How much each needed capability weighs in the specialty part; 1 where nothing is said.
    capability_weights: Mapping[Capability, float] = field(default_factory=_equal_weights)

    # An open facility with oxygen that is this much nearer stabilises first.
    stabilise_nearer_min: float = 20.0
    # What it costs to be moved on from a place that cannot treat: finding that out, a vehicle, and
    # the second way.
    referral_min: float = 180.0

    def __post_init__(self) -> None:
        weights = (self.distance_weight, self.capacity_weight, self.specialty_weight)
        if not all(isfinite(weight) and 0 <= weight <= 1 for weight in weights):
            raise InvalidInput("The weights of distance, capacity and specialty are each 0 to 1.")
        if not isclose(sum(weights), 1.0, abs_tol=1e-9):
            raise InvalidInput(
                "The weights of distance, capacity and specialty must add up to 1; "
                f"they add up to {sum(weights):g}."
            )
        for priority in Priority:
            tiers = self.tiers_min.get(priority, ())
            rising = all(earlier < later for earlier, later in pairwise(tiers))
            if not tiers or not rising or not all(isfinite(tier) and tier > 0 for tier in tiers):
                raise InvalidInput(
                    f"tiers_min for {priority.name} is {tiers}; give minutes above 0, each more "
                    "than the one before, such as (60, 120, 240)."
                )
        if not 0 <= self.lowest_level <= 6:
            raise InvalidInput(f"lowest_level is {self.lowest_level}; KEPH levels are 1 to 6.")
        if not 0 <= self.day_opens_h < self.day_closes_h <= 24:
            raise InvalidInput("day_opens_h must be before day_closes_h, both within 0 to 24.")
        for name in (
            "report_half_age_s",
            "half_capacity_beds",
            "mean_stay_h",
            "trusted_report_s",
            "referral_min",
        ):
            value: float = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise InvalidInput(f"{name} is {value}; give more than 0.")
        if not (isfinite(self.stabilise_nearer_min) and self.stabilise_nearer_min >= 0):
            raise InvalidInput(
                f"stabilise_nearer_min is {self.stabilise_nearer_min}; give minutes, 0 or more."
            )
        for name in ("capacity_prior", "unknown_penalty", "unreported_stock_value"):
            share: float = getattr(self, name)
            if not 0 <= share <= 1:
                raise InvalidInput(f"{name} is {share}; give 0 to 1.")
        for capability, weight in self.capability_weights.items():
            if not (isfinite(weight) and weight > 0):
                raise InvalidInput(
                    f"The weight of {Capability(capability).name} is {weight}; give more than 0."
                )

    def confidence(self, age_s: float) -> float:
        """How much a report of that age counts, from 1 (now) towards 0."""
        return self.report_half_age_s / (self.report_half_age_s + age_s)

    def day_window_min(self, depart_at: datetime) -> tuple[float, float]:
        """From when to when, in minutes after departure, a facility without a night service is
        open: what is left of today's hours, or the next working day's.
        """
        local = depart_at.astimezone(self.local_time)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(8):
            start = midnight + timedelta(days=day)
            closes_min = (start - local).total_seconds() / 60 + self.day_closes_h * 60
            if start.weekday() < 5 and closes_min > 0:
                opens_min = (start - local).total_seconds() / 60 + self.day_opens_h * 60
                return max(opens_min, 0.0), closes_min
        raise AssertionError("eight days in a row always hold a working day")
