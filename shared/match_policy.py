"""What a deployment may set about matching. Every setting is checked when the policy is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from math import inf, isclose, isfinite
from types import MappingProxyType

from shared.capability import Capability
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.travel import EAST_AFRICA_TIME, GreatCircleTravel

_TIERS_MIN = (60.0, 120.0, 240.0)
_LEVELS = frozenset(range(7))


def _same_tiers() -> Mapping[Priority, tuple[float, ...]]:
    return MappingProxyType(dict.fromkeys(Priority, _TIERS_MIN))


def _assumed_beds() -> Mapping[int, int]:
    return MappingProxyType({0: 2, 1: 1, 2: 2, 3: 3, 4: 6, 5: 12, 6: 20})


def _never(day: date) -> bool:
    return False


def _weights() -> Mapping[Capability, float]:
    return MappingProxyType({Capability.EMERGENCY_24H: 1 / 3})


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
    # The hours, local, from Monday to Friday and on no public holiday, in which a facility that is
    # known not to be open day and night counts as open.
    day_opens_h: float = 8.0
    day_closes_h: float = 17.0
    local_time: tzinfo = EAST_AFRICA_TIME
    is_holiday: Callable[[date], bool] = _never

    # A report this old counts half, and half the rest is the prior; older ones fade further.
    report_half_age_s: float = 6 * 3600.0
    # The capacity part of a hospital that never reported: neither full nor empty.
    capacity_prior: float = 0.5
    # With this many expected free beds the capacity part is one half.
    half_capacity_beds: float = 3.0
    # How long an emergency bed stays taken, for the discharges to expect since a report.
    mean_stay_h: float = 12.0
    # A report older than this no longer calls a hospital full, a stock used up, or a unit taken.
    trusted_report_s: float = 12 * 3600.0
    # With this many patients of ours, by KEPH level (0: unknown), a hospital of whose beds nobody
    # knows anything that is still trusted counts as full: else everybody hurt in a crash would be
    # sent to the nearest one that never reports.
    assumed_beds: Mapping[int, int] = field(default_factory=_assumed_beds)
    # The share of its staffed or assumed beds that a hospital adds when many are hurt at once, and
    # how many hurt that is. Assumed; a deployment asks its hospitals for their surge plans.
    surge_share: float = 0.5
    mass_casualty_patients: int = 5

    # What an unknown capability loses against a known one.
    unknown_penalty: float = 0.6
    # What a standing "has antivenom" counts when nobody reported the stock itself.
    unreported_stock_value: float = 0.8
    # How much each needed capability weighs in the specialty part; 1 where nothing is said. An open
    # door says least: what is needed behind it decides whether the patient has to be moved on.
    capability_weights: Mapping[Capability, float] = field(default_factory=_weights)

    # An open facility with oxygen that is this much nearer stabilises first.
    stabilise_nearer_min: float = 20.0
    # One that is full stabilises as well, but only until so many more patients are expected there
    # than it has beds: else the nearest would get everybody who bleeds after a crash. When many are
    # hurt, only where there is room.
    stabilise_overload: float = 3.0
    # Where whoever can treat is beyond the nearest tier, a critical patient does not pass an open
    # hospital of at least this level that is so much nearer, whatever is known of its oxygen:
    # registers list none, and a drip, a splint and an airway need none.
    stop_nearer_min: float = 60.0
    stop_level: int = 4
    # What it costs to be moved on from a place that cannot treat: finding that out, a vehicle, and
    # the second way.
    referral_min: float = 180.0
    # What it costs, as a last resort, to begin at a facility below `lowest_level`: a nurse alone,
    # no drip, nobody to send along.
    below_level_min: float = 30.0

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
        for name in ("lowest_level", "stop_level"):
            level: int = getattr(self, name)
            if not 0 <= level <= 6:
                raise InvalidInput(f"{name} is {level}; KEPH levels are 1 to 6.")
        if self.stop_level < self.lowest_level:
            raise InvalidInput(
                f"stop_level is {self.stop_level}, below lowest_level, which is "
                f"{self.lowest_level}; nobody is taken to a place that takes no emergencies."
            )
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
        for name in (
            "stabilise_nearer_min",
            "stabilise_overload",
            "stop_nearer_min",
            "below_level_min",
        ):
            least: float = getattr(self, name)
            if not (isfinite(least) and least >= 0):
                raise InvalidInput(f"{name} is {least}; give 0 or more.")
        if set(self.assumed_beds) != _LEVELS:
            raise InvalidInput("assumed_beds needs a number for each level: 0 (unknown) to 6.")
        for level, beds in self.assumed_beds.items():
            if not 1 <= beds <= 1000:
                raise InvalidInput(f"assumed_beds of level {level} is {beds}; give 1 to 1000.")
        if not (isfinite(self.surge_share) and 0 <= self.surge_share <= 5):
            raise InvalidInput(f"surge_share is {self.surge_share}; give 0 to 5.")
        if not 2 <= self.mass_casualty_patients <= 1000:
            raise InvalidInput(
                f"mass_casualty_patients is {self.mass_casualty_patients}; give 2 to 1000."
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

    def weighed(self, needs: int) -> tuple[tuple[int, float], ...]:
        """Each of the needed capabilities as a bit, with what it weighs, in the order of the bits.
        Plain integers: what goes through flags takes twenty times as long.
        """
        found = []
        while needs:
            bit = needs & -needs
            # A flag is found by its number.
            found.append((bit, self.capability_weights.get(bit, 1.0)))  # type: ignore[call-overload]
            needs ^= bit
        return tuple(found)

    def day_window_min(self, depart_at: datetime) -> tuple[float, float]:
        """From when to when, in minutes after departure, a facility without a night service is
        open: what is left of today's hours, or the next working day's; infinite where a fortnight
        holds none.
        """
        local = depart_at.astimezone(self.local_time)
        since_midnight_min = local.hour * 60 + local.minute + local.second / 60
        today = local.date()
        for later in range(15):
            midnight_min = later * 1440 - since_midnight_min
            closes_min = midnight_min + self.day_closes_h * 60
            day = today + timedelta(days=later)
            if closes_min > 0 and day.weekday() < 5 and not self.is_holiday(day):
                return max(midnight_min + self.day_opens_h * 60, 0.0), closes_min
        return inf, inf
