"""What is known of every site: the register, its last report, and our own assignments since, as
arrays that one query is answered from.

Row for row it says what `shared.facility.weigh` says of one hospital; a test compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from gateway.simulation.calendar import START
from gateway.simulation.country import Site
from shared.capability import Capability
from shared.hospital import STOCK, Availability
from shared.match_policy import MatchPolicy

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_STOCK = int(STOCK)


def _seconds(at: datetime | None) -> float:
    """Seconds since the start; a report that never came is infinitely old."""
    return -np.inf if at is None else (at - START).total_seconds()


@dataclass(frozen=True, slots=True)
class Weighed:
    """Of every site, what the score and its limits need: parts 0 to 1, and whether it is known to
    lack something or to be full.
    """

    capacity_part: Floats
    specialty_part: Floats
    lacking: Mask
    full: Mask


class Reported:
    """The arrays, one row for each site."""

    def __init__(self, sites: Sequence[Site], policy: MatchPolicy) -> None:
        count = len(sites)
        self._policy = policy
        self._standing_has = np.array([int(site.hospital.has) for site in sites], np.int64)
        self._standing_lacks = np.array([int(site.hospital.lacks) for site in sites], np.int64)
        self._free = np.zeros(count)
        self._staffed = np.zeros(count)
        self._assigned = np.zeros(count)
        self._at_s = np.full(count, -np.inf)
        self._assumed_beds = np.array([policy.assumed_beds[site.hospital.level] for site in sites])
        self._stock_has = np.zeros(count, np.int64)
        self._stock_lacks = np.zeros(count, np.int64)
        self._stock_at_s = np.full(count, -np.inf)

    def put(self, row: int, availability: Availability) -> None:
        """Takes in a report or an assignment. Beds are reported with how many are staffed."""
        if availability.free_beds is not None and availability.staffed_beds is not None:
            self._free[row] = availability.free_beds - availability.assigned_since
            self._staffed[row] = availability.staffed_beds
            self._at_s[row] = _seconds(availability.reported_at)
        self._assigned[row] = max(availability.assigned_since, 0)
        if availability.stock_reported_at is not None:
            has = int(availability.stock_has) & _STOCK
            self._stock_has[row] = has
            self._stock_lacks[row] = int(availability.stock_lacks) & _STOCK & ~has
            self._stock_at_s[row] = _seconds(availability.stock_reported_at)

    def weigh(self, needs: int, now: datetime) -> Weighed:
        """Every site weighed for one patient's needs."""
        policy, now_s = self._policy, _seconds(now)
        age_s = now_s - self._at_s
        known = np.isfinite(age_s)
        confidence = policy.report_half_age_s / (policy.report_half_age_s + age_s)
        free = np.zeros(len(age_s))
        free[known] = np.clip(
            self._free[known] + self._staffed[known] * (age_s[known] / 3600.0 / policy.mean_stay_h),
            0.0,
            self._staffed[known],
        )
        half = policy.half_capacity_beds
        prior = policy.capacity_prior * (half / (half + self._assigned))
        stock_age_s = now_s - self._stock_at_s
        has = (self._standing_has | self._stock_has) & ~self._stock_lacks
        lacks = self._standing_lacks & ~self._stock_has
        lacks |= np.where(stock_age_s <= policy.trusted_report_s, self._stock_lacks, 0)
        return Weighed(
            capacity_part=confidence * (free / (free + half)) + (1.0 - confidence) * prior,
            specialty_part=self._specialty(needs, has, lacks, stock_age_s),
            lacking=lacks & needs != 0,
            full=np.where(
                age_s <= policy.trusted_report_s, free < 1, self._assigned >= self._assumed_beds
            ),
        )

    def _specialty(
        self, needs: int, has: NDArray[np.int64], lacks: NDArray[np.int64], stock_age_s: Floats
    ) -> Floats:
        policy = self._policy
        unknown_value, standing = 1.0 - policy.unknown_penalty, policy.unreported_stock_value
        total, weights = np.zeros(len(has)), 0.0
        for capability in Capability(needs):
            weight = policy.capability_weights.get(capability, 1.0)
            weights += weight
            bit = int(capability)
            there: Floats | float = 1.0
            if bit & _STOCK:
                fresh = policy.report_half_age_s / (policy.report_half_age_s + stock_age_s)
                there = np.where(
                    self._stock_has & bit != 0,
                    standing + (1.0 - standing) * fresh,
                    policy.unreported_stock_value,
                )
            absent = np.where(lacks & bit != 0, 0.0, unknown_value)
            total += weight * np.where(has & bit != 0, there, absent)
        return total / weights if weights else np.ones(len(has))
