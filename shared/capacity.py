"""How much room a hospital has: dead-reckoned between its reports, and believed less with their
age.
"""

from datetime import datetime

from shared.hospital import Availability
from shared.match_policy import MatchPolicy


def report_age_s(reported_at: datetime | None, now: datetime) -> float | None:
    """Seconds since the report; a report from a clock that runs ahead is as old as now."""
    return None if reported_at is None else max((now - reported_at).total_seconds(), 0.0)


def bed_balance(
    availability: Availability, age_s: float | None, policy: MatchPolicy, surge_share: float = 0.0
) -> float | None:
    """What `expected_free_beds` counts, without its bounds: below zero where more patients are
    expected than beds. None when beds were never reported.
    """
    if availability.free_beds is None or age_s is None:
        return None
    beds = float(availability.free_beds - availability.assigned_since)
    if availability.staffed_beds is None:
        return beds
    return beds + availability.staffed_beds * (age_s / 3600.0 / policy.mean_stay_h + surge_share)


def expected_free_beds(
    availability: Availability, age_s: float | None, policy: MatchPolicy, surge_share: float = 0.0
) -> float | None:
    """The staffed free beds to expect now: dead-reckoned from the last report, minus our later
    assignments, plus the discharges to expect since, plus this share of the staffed ones where
    hospitals make room. None when beds were never reported.
    """
    beds = bed_balance(availability, age_s, policy, surge_share)
    if beds is None or availability.staffed_beds is None:
        return None if beds is None else max(beds, 0.0)
    return min(max(beds, 0.0), availability.staffed_beds * (1.0 + surge_share))


def is_full(
    level: int,
    availability: Availability,
    free_beds: float | None,
    age_s: float | None,
    policy: MatchPolicy,
    surge_share: float = 0.0,
) -> bool:
    """Whether a hospital of that level has no bed left: by a report that is still trusted, or else
    because as many patients of ours are there as it is assumed to have beds.
    """
    if free_beds is not None and age_s is not None and age_s <= policy.trusted_report_s:
        return free_beds < 1
    return availability.assigned_since >= policy.assumed_beds[level] * (1.0 + surge_share)


def overload(
    level: int,
    availability: Availability,
    age_s: float | None,
    policy: MatchPolicy,
) -> float:
    """How many more patients are expected at a hospital of that level than it has beds; below zero
    where it has room.
    """
    balance = bed_balance(availability, age_s, policy)
    if balance is not None and age_s is not None and age_s <= policy.trusted_report_s:
        return -balance
    return float(availability.assigned_since - policy.assumed_beds[level])


def capacity_part(
    availability: Availability, free_beds: float | None, age_s: float | None, policy: MatchPolicy
) -> float:
    """The capacity part, 0 to 1: the expected free beds as far as the report is still believed, the
    prior for the rest. Patients whom we sent to a hospital that never reports make its prior
    smaller.
    """
    half = policy.half_capacity_beds
    prior = policy.capacity_prior * (half / (half + max(availability.assigned_since, 0)))
    if free_beds is None or age_s is None:
        return prior
    confidence = policy.confidence(age_s)
    return confidence * (free_beds / (free_beds + half)) + (1.0 - confidence) * prior
