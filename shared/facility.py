"""One hospital weighed for one patient: what the limits ask of it, and the parts of its score."""

from dataclasses import dataclass
from datetime import datetime

from shared.capacity import capacity_part, expected_free_beds, is_full, overload, report_age_s
from shared.hospital import STOCK, UNITS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

# Plain integers: arithmetic on flags is twenty times slower.
_STOCK = int(STOCK)


@dataclass(slots=True)
class Facility:
    """A candidate that takes patients, with what the limits and the score need to know of it."""

    hospital: Hospital
    has: int
    missing: int
    unknown: int
    capacity_part: float
    specialty_part: float
    distance_m: float
    travel_min: float
    staffed_beds: int | None
    expected_free_beds: float | None
    full: bool
    # Whether it has too many patients already to stabilise one more.
    crowded: bool
    assigned_since: int
    report_age_s: float | None


def weigh(
    query: MatchQuery,
    needed: tuple[tuple[int, float], ...],
    hospital: Hospital,
    availability: Availability,
    metres: float,
    travel_min: float,
    policy: MatchPolicy,
    now: datetime,
) -> Facility:
    """What the limits and the score need to know of a hospital that is `metres` away as the crow
    flies, and `travel_min` minutes. `needed` is `MatchPolicy.weighed` of the query's needs.
    """
    age_s = report_age_s(availability.reported_at, now)
    stock_age_s = report_age_s(availability.stock_reported_at, now)
    surge_share = policy.surge_share if query.mass_casualty else 0.0
    free_beds = expected_free_beds(availability, age_s, policy, surge_share)
    has, lacks = _standing(hospital, availability, stock_age_s, policy)
    needs = int(query.needs)
    if needs & UNITS and availability.units_reported_at is not None:
        units_age_s = report_age_s(availability.units_reported_at, now)
        has, lacks = _with_units(has, lacks, availability, units_age_s, policy)
    full = is_full(hospital.level, availability, free_beds, age_s, policy, surge_share)
    crowded = full and (
        query.mass_casualty
        or overload(hospital.level, availability, age_s, policy) >= policy.stabilise_overload
    )
    return Facility(
        hospital=hospital,
        has=has,
        missing=needs & lacks,
        unknown=needs & ~has & ~lacks,
        capacity_part=capacity_part(availability, free_beds, age_s, policy),
        specialty_part=_specialty_part(needed, has, lacks, availability, stock_age_s, policy),
        distance_m=metres,
        travel_min=travel_min,
        staffed_beds=availability.staffed_beds,
        expected_free_beds=free_beds,
        full=full,
        crowded=crowded,
        assigned_since=availability.assigned_since,
        report_age_s=age_s,
    )


def _standing(
    hospital: Hospital, availability: Availability, stock_age_s: float | None, policy: MatchPolicy
) -> tuple[int, int]:
    """What it has and lacks now: its stock report overrides its standing facts. "Used up" in an old
    report is unknown again.
    """
    if stock_age_s is None:
        return int(hospital.has), int(hospital.lacks)
    reported_has = int(availability.stock_has) & _STOCK
    reported_lacks = int(availability.stock_lacks) & _STOCK & ~reported_has
    has = (int(hospital.has) | reported_has) & ~reported_lacks
    lacks = int(hospital.lacks) & ~reported_has
    if stock_age_s <= policy.trusted_report_s:
        lacks |= reported_lacks
    return has, lacks


def _with_units(
    has: int, lacks: int, availability: Availability, age_s: float | None, policy: MatchPolicy
) -> tuple[int, int]:
    """The same with what the last count of its units' beds says. A unit that was full a day ago is
    unknown again.
    """
    free = int(availability.units_free) & UNITS
    full = int(availability.units_full) & UNITS & ~free
    has = (has | free) & ~full
    lacks &= ~free
    if age_s is not None and age_s <= policy.trusted_report_s:
        lacks |= full
    return has, lacks


def _specialty_part(
    needed: tuple[tuple[int, float], ...],
    has: int,
    lacks: int,
    availability: Availability,
    stock_age_s: float | None,
    policy: MatchPolicy,
) -> float:
    """The share of the needed capabilities that it has, weighted; 1 where nothing special is
    needed.
    """
    unknown_value = 1.0 - policy.unknown_penalty
    total = weights = 0.0
    for bit, weight in needed:
        weights += weight
        if not has & bit:
            value = 0.0 if lacks & bit else unknown_value
        elif not _STOCK & bit:
            value = 1.0
        elif stock_age_s is None or not availability.stock_has & bit:
            value = policy.unreported_stock_value
        else:
            # What was there some days ago is at least as sure as what a register says for ever.
            standing = policy.unreported_stock_value
            value = standing + (1.0 - standing) * policy.confidence(stock_age_s)
        total += weight * value
    return total / weights if weights else 1.0
