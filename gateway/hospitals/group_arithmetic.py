"""What array operations make of some of the hospitals, for one query: how far they are, whether
they are open, and what the score and its limits need of them.

The same operations in the same order as the reference (shared.capacity, shared.facility), so that
what is a limit there is exactly the same here; times and scores are the same to within rounding.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from gateway.hospitals.hospital_grid import Rows
from gateway.hospitals.nearby import Floats
from shared.geo import EARTH_RADIUS_M
from shared.hospital import STOCK, UNITS
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

# The columns of `HospitalTable.numbers`. Free beds are those reported less our own assignments
# since; staffed ones are 0 and the most is infinite where nobody knows how many there are.
NUMBERS = 4
_FREE, _STAFFED, _MOST, _ASSIGNED = range(NUMBERS)
# The columns of `HospitalTable.facts`. The level is negative of one that takes no patients now.
FACTS = 10
(
    LEVEL,
    HAS,
    LACKS,
    _STOCK_HAS,
    _STOCK_LACKS,
    _STOCK_US,
    _UNITS_FULL,
    _UNITS_US,
    REPORTED_US,
    _DAY_ONLY,
) = range(FACTS)

# Wider than what rounding does to travel times: 2e-4 min at the antipodes, 1e-9 within a country.
MARGIN_MIN = 1e-3

# KEPH levels, and 0 for unknown.
_LEVELS = 7
# As plain numbers: going through an enumeration's members costs more than the arithmetic on rows.
_STOCK = int(STOCK)
_BITS_OF_STOCK = tuple(int(capability) for capability in STOCK)


@dataclass(slots=True)
class HospitalTable:
    """All hospitals: unit vectors from the earth's centre, and the columns named above."""

    positions: Floats
    numbers: Floats
    facts: Integers


@dataclass(slots=True)
class Group:
    """Some of the hospitals: their rows and facts, and a time in minutes within which each of them
    can be reached.
    """

    rows: Rows
    facts: Integers
    furthest_min: float

    def of(self, mask: Mask) -> "Group":
        """Those of them."""
        return Group(self.rows[mask], self.facts[mask], self.furthest_min)


class GroupArithmetic:
    """One query, and the table of all hospitals that it runs over."""

    def __init__(
        self,
        table: HospitalTable,
        query: MatchQuery,
        policy: MatchPolicy,
        origin: Floats,
        now_us: int,
    ) -> None:
        self._table = table
        self._query = query
        self._needs = int(query.needs)
        self._policy = policy
        self._origin = origin
        self._now_us = now_us
        self._pace = policy.travel.pace(query.urban, query.depart_at)
        self._surge_share = policy.surge_share if query.mass_casualty else 0.0

    def _is_known(self, group: Group) -> Mask:
        """Of which of them all that is needed is known."""
        known: Mask = group.facts[:, HAS] & self._needs == self._needs
        return known

    def _minutes(self, rows: Rows) -> Floats:
        """What GreatCircleTravel.minutes gives, to within rounding."""
        offset = self._table.positions.take(rows, axis=0)
        offset -= self._origin
        # From the square of the chord on, each step is written in the place of the one before.
        minutes: Floats = np.vecdot(offset, offset)
        minutes *= 0.25
        np.minimum(minutes, 1.0, out=minutes)
        np.sqrt(minutes, out=minutes)
        np.arcsin(minutes, out=minutes)
        minutes *= 2 * EARTH_RADIUS_M
        minutes *= minutes
        minutes += self._query.radius_m * self._query.radius_m / 2
        np.sqrt(minutes, out=minutes)
        minutes *= self._policy.travel.detour
        pace = self._pace
        slower = np.minimum(minutes, pace.stretch_m)
        slower *= pace.near - pace.beyond
        minutes *= pace.beyond
        minutes += slower
        return minutes

    def _open(self, group: Group, minutes: Floats | None = None) -> tuple[Mask, Mask]:
        """Which are surely and which are possibly open when the patient arrives; `minutes` is how
        long they travel, where that is known already.
        """
        opens_min, closes_min = self._policy.day_window_min(self._query.depart_at)
        if opens_min <= 0.0:
            opens_min = -inf
        if opens_min == -inf and group.furthest_min <= closes_min - MARGIN_MIN:
            everywhere = np.ones(len(group.rows), np.bool_)
            return everywhere, everywhere
        by_night: Mask = group.facts[:, _DAY_ONLY] == 0
        if group.furthest_min <= opens_min - MARGIN_MIN:
            return by_night, by_night
        if minutes is None:
            minutes = self._minutes(group.rows)
        surely = (minutes >= opens_min + MARGIN_MIN) & (minutes <= closes_min - MARGIN_MIN)
        possibly = (minutes >= opens_min - MARGIN_MIN) & (minutes <= closes_min + MARGIN_MIN)
        return by_night | surely, by_night | possibly

    def _beds(self, group: Group, numbers: Floats, age_s: Floats) -> tuple[Floats, Mask]:
        """Expected free beds and which are full, by reports of this age.

        The same operations in the same order as shared.capacity, so that "full" is exactly the
        same.
        """
        free = age_s / 3600.0
        free /= self._policy.mean_stay_h
        most = numbers[:, _MOST]
        if self._surge_share:
            free += self._surge_share
            most = most * (1.0 + self._surge_share)
        free *= numbers[:, _STAFFED]
        free += numbers[:, _FREE]
        np.maximum(free, 0.0, out=free)
        np.minimum(free, most, out=free)
        trusted = age_s <= self._policy.trusted_report_s
        full = (free < 1.0) & trusted
        assigned = numbers[:, _ASSIGNED]
        # Nearly nobody has as many patients of ours as the smallest hospital is assumed to hold.
        if np.maximum.reduce(assigned, initial=0.0) >= min(self._policy.assumed_beds.values()):
            full |= ~trusted & (assigned >= self._assumed_beds(group))
        return free, full

    def _crowded(self, group: Group) -> Mask:
        """Where nobody more can be stabilised: as `shared.capacity.is_full` and `overload`, by the
        same operations in the same order.
        """
        numbers = self._table.numbers.take(group.rows, axis=0)
        age_s = self._age_s(group.facts[:, REPORTED_US])
        if self._query.mass_casualty:
            return self._beds(group, numbers, age_s)[1]
        balance = age_s / 3600.0
        balance /= self._policy.mean_stay_h
        balance *= numbers[:, _STAFFED]
        balance += numbers[:, _FREE]
        beyond = np.where(
            age_s <= self._policy.trusted_report_s,
            -balance,
            numbers[:, _ASSIGNED] - self._assumed_beds(group),
        )
        crowded: Mask = beyond >= self._policy.stabilise_overload
        return crowded

    def _assumed_beds(self, group: Group) -> Floats:
        """How many beds those have of which nobody knows."""
        beds = np.array([self._policy.assumed_beds[level] for level in range(_LEVELS)])
        # The level of one that takes no patients is negative; it is in no group.
        assumed: Floats = beds[group.facts[:, LEVEL]] * (1.0 + self._surge_share)
        return assumed

    def _capacity_part(self, numbers: Floats, free_beds: Floats, age_s: Floats) -> Floats:
        policy = self._policy
        half = policy.half_capacity_beds
        prior = (policy.capacity_prior * half) / (numbers[:, _ASSIGNED] + half)
        confidence = policy.report_half_age_s / (age_s + policy.report_half_age_s)
        # Of those that never reported the confidence is a millionth of a millionth.
        part: Floats = free_beds / (free_beds + half)
        part -= prior
        part *= confidence
        part += prior
        return part

    def _specialty_part(self, facts: Integers, lacks: Integers | None = None) -> Floats:
        """The share of the needed capabilities; `lacks` where they may lack some of them."""
        policy, needs = self._policy, self._needs
        if not needs:
            return np.ones(len(facts))
        unknown_value = 1.0 - policy.unknown_penalty
        has = facts[:, HAS]
        alike = self._worth_the_same()
        weights = sum(weight * mask.bit_count() for weight, mask in alike)
        total = np.full(len(facts), unknown_value * weights)
        for weight, mask in alike:
            known = mask & ~_STOCK
            if known:
                total += weight * policy.unknown_penalty * np.bitwise_count(has & known)
            if lacks is not None:
                total -= weight * unknown_value * np.bitwise_count(lacks & ~has & mask)
        if needs & _STOCK:
            half_age_s = policy.report_half_age_s
            standing = policy.unreported_stock_value - unknown_value
            fresh = self._age_s(facts[:, _STOCK_US])
            fresh += half_age_s
            np.divide((1.0 - policy.unreported_stock_value) * half_age_s, fresh, out=fresh)
            fresh += standing
            for weight, mask in alike:
                for bit in _BITS_OF_STOCK:
                    if mask & bit:
                        gain = np.where(facts[:, _STOCK_HAS] & bit, fresh, standing)
                        total += gain * (has & bit) * (weight / bit)
        total /= weights
        return total

    def _worth_the_same(self) -> list[tuple[float, int]]:
        """Each weight, and the needed capabilities that have it."""
        weights = self._policy.capability_weights
        if not weights:
            return [(1.0, self._needs)]
        rest, alike = self._needs, dict[float, int]()
        for capability, weight in weights.items():
            weighed = rest & int(capability)
            if weighed:
                rest ^= weighed
                alike[weight] = alike.get(weight, 0) | weighed
        if rest:
            alike[1.0] = alike.get(1.0, 0) | rest
        return list(alike.items())

    def _lacks(self, facts: Integers) -> Integers:
        """What each lacks now: its standing facts, and what was reported used up or full not long
        ago.
        """
        lacks = facts[:, LACKS]
        for runs_out, column, reported_us in (
            (_STOCK, _STOCK_LACKS, _STOCK_US),
            (UNITS, _UNITS_FULL, _UNITS_US),
        ):
            if self._needs & runs_out:
                fresh = self._age_s(facts[:, reported_us]) <= self._policy.trusted_report_s
                lacks = lacks | facts[:, column] * fresh
        return lacks

    def _age_s(self, reported_us: Integers) -> Floats:
        age_s: Floats = np.maximum(self._now_us - reported_us, 0) / 1e6
        return age_s
