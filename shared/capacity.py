"""How much room a hospital has: dead-reckoned between its reports, and believed less with their
age.
"""

from datetime import datetime

from shared.hospital import Availability
from shared.match_policy import MatchPolicy


def report_age_s(reported_at: datetime | None, now: datetime) -> float | None:
    """Seconds since the report; a report from a clock that runs ahead is as old as now."""
    return None if reported_at is None else max((now - reported_at).total_seconds(), 0.0)


def expected_free_beds(
    availability: Availability, age_s: float | None, policy: MatchPolicy
) -> float | None:
    """The staffed free beds to expect now: dead-reckoned from the last report, minus our later
    assignments, plus the discharges to expect since. None when beds were never reported.
    """
    if availability.free_beds is None or age_s is None:
        return None
    beds = float(availability.free_beds - availability.assigned_since)
    if availability.staffed_beds is None:
        return max(beds, 0.0)
    beds += availability.staffed_beds * (age_s / 3600.0 / policy.mean_stay_h)
    return min(max(beds, 0.0), float(availability.staffed_beds))


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
