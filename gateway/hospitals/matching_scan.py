"""One query over the arrays of hospitals: the few that a ranking has to look at.

The shortlist is provably enough. The arrays decide with a margin wider than any rounding: hospitals
that are surely in decide which tier and which score still count, and every hospital that may
possibly be in and may possibly count joins the shortlist. The reference's own code then ranks the
shortlist, so that the result equals the reference over all hospitals by construction: each of its
limits asks whether some hospital has a property, and the shortlist holds one that surely has it if
there is any, and otherwise all that possibly have it.
"""

from collections.abc import Mapping, Sequence
from math import cos, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.capability import Capability
from shared.geo import EARTH_RADIUS_M
from shared.hospital import STOCK
from shared.match_policy import MatchPolicy
from shared.matching import MatchQuery

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

# Wider than what rounding does to travel times (2e-4 min at the antipodes, 1e-9 within a country)
# and to the scores that follow from them.
_MARGIN_MIN = 1e-3
_MARGIN_SCORE = 1e-4
_MARGIN_RADIANS = 1e-5

# As plain numbers: going through an enumeration's members costs more than the arithmetic on rows.
_BITS = tuple((capability, int(capability)) for capability in Capability)
_OXYGEN = int(Capability.OXYGEN)
_STOCK = int(STOCK)


class MatchingScan:
    """A query, and the columns and unit vectors of all hospitals that it runs over."""

    def __init__(
        self,
        columns: Mapping[str, NDArray[Any]],
        positions: Floats,
        excluded: Sequence[int],
        query: MatchQuery,
        policy: MatchPolicy,
        origin: tuple[float, float, float],
        now_us: int,
    ) -> None:
        self._columns = columns
        self._positions = positions
        self._excluded = excluded
        self._query = query
        self._needs = int(query.needs)
        self._policy = policy
        self._tiers_min = policy.tiers_min[query.priority]
        self._origin = np.array(origin)
        self._cosines: Floats = positions @ self._origin
        self._now_us = now_us
        self._pace = policy.travel.pace(query.urban, query.depart_at)
        self._day_window_min = policy.day_window_min(query.depart_at)

    def shortlist(self, limit: int) -> Rows:
        """Rows of which the reference makes the same first `limit` matches as of all rows."""
        chosen, found = self._nearest_tier(limit)
        if not found:
            everywhere = np.arange(len(self._positions))
            chosen.extend(self._last_resort(self._usable(everywhere), limit))
        if self._query.stabilise_first:
            chosen.append(self._nearest_with_oxygen())
        shortlist: Rows = np.unique(np.concatenate(chosen))
        return shortlist

    def _usable(self, rows: Rows) -> Rows:
        """Those rows that take patients and were not asked before."""
        usable: Rows = rows[self._columns["takes"][rows]]
        return usable[~np.isin(usable, self._excluded)] if self._excluded else usable

    def _nearest_tier(self, limit: int) -> tuple[list[Rows], bool]:
        """The rows that may be among the best of the nearest tier, and whether any surely is."""
        chosen: list[Rows] = []
        for wants_full in (False, True):
            # The first and smallest tier answers most queries: the others are looked at late.
            for reach_min in self._tiers_min:
                rows = self._capable(self._near(reach_min))
                best, found = self._best_within(rows, wants_full, reach_min, limit)
                chosen.append(best)
                if found:
                    return chosen, True
        return chosen, False

    def _near(self, reach_min: float) -> Rows:
        """Usable rows of a level that takes emergencies: all within the tier, and some beyond."""
        rows = self._usable(self._within_reach(reach_min))
        near: Rows = rows[self._columns["level"][rows] >= self._policy.lowest_level]
        return near

    def _capable(self, rows: Rows) -> Rows:
        """Those rows that are not known to lack anything that is needed."""
        capable: Rows = rows[self._columns["lacks"][rows] & self._needs == 0]
        if self._needs & _STOCK:
            capable = capable[self._lacks(capable) & self._needs == 0]
        return capable

    def _best_within(
        self, rows: Rows, wants_full: bool, reach_min: float, limit: int
    ) -> tuple[Rows, bool]:
        """The full or the other rows that may be among a tier's best, and whether any surely is in
        it.
        """
        policy = self._policy
        minutes = self._minutes(rows)
        surely, possibly = self._open(rows, minutes)
        free_beds, full = self._beds(rows)
        group = full == wants_full
        inside = surely & group & (minutes <= reach_min - _MARGIN_MIN)
        perhaps = possibly & group & (minutes <= reach_min + _MARGIN_MIN)
        if not inside.any():
            # Only rounding decides whether these are inside.
            return rows[perhaps], False
        distance = np.maximum(1.0 - minutes / reach_min, 0.0)
        scores = policy.distance_weight * distance
        scores += policy.capacity_weight * self._capacity_part(rows, free_beds)
        scores += policy.specialty_weight * self._specialty_part(rows)
        least = _largest(scores[inside], limit) - _MARGIN_SCORE
        return rows[perhaps & (scores >= least)], True

    def _last_resort(self, rows: Rows, limit: int) -> list[Rows]:
        """The rows that may be among those with the least expected time to care."""
        minutes = self._minutes(rows)
        surely, possibly = self._open(rows, minutes)
        _, full = self._beds(rows)
        care_min = minutes + (1.0 - self._specialty_part(rows)) * self._policy.referral_min
        chosen: list[Rows] = []
        for group in (~full, full):
            inside, perhaps = surely & group, possibly & group
            if inside.any():
                most = -_largest(-care_min[inside], limit) + 2 * _MARGIN_MIN
                chosen.append(rows[perhaps & (care_min <= most)])
                break
            chosen.append(rows[perhaps])
        return chosen

    def _nearest_with_oxygen(self) -> Rows:
        """The rows with oxygen that may be the nearest open one."""
        nearest: Rows
        for reach_min in self._tiers_min:
            rows = self._near(reach_min)
            rows = rows[self._columns["has"][rows] & _OXYGEN != 0]
            minutes = self._minutes(rows)
            surely, possibly = self._open(rows, minutes)
            latest_min = float(minutes[surely].min(initial=np.inf)) + 2 * _MARGIN_MIN
            nearest = rows[possibly & (minutes <= latest_min)]
            if latest_min <= reach_min:
                # Whoever is as near is among these rows as well.
                break
        return nearest

    def _within_reach(self, reach_min: float) -> Rows:
        """At least every row within that many minutes."""
        pace = self._pace
        stretch_min = pace.stretch_m * pace.near
        if reach_min <= stretch_min:
            road_m = reach_min / pace.near
        else:
            road_m = pace.stretch_m + (reach_min - stretch_min) / pace.beyond
        angle = road_m / self._policy.travel.detour / EARTH_RADIUS_M + _MARGIN_RADIANS
        return np.flatnonzero(self._cosines >= (cos(angle) if angle < pi else -2.0))

    def _minutes(self, rows: Rows) -> Floats:
        """What GreatCircleTravel.minutes gives, to within rounding."""
        offset = self._positions[rows] - self._origin
        half_chord = np.sqrt(np.einsum("ij,ij->i", offset, offset)) / 2
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(half_chord, 1.0))
        radius_m, pace = self._query.radius_m, self._pace
        road_m = self._policy.travel.detour * np.sqrt(metres * metres + radius_m * radius_m / 2)
        near_m = np.minimum(road_m, pace.stretch_m)
        minutes: Floats = near_m * pace.near + (road_m - near_m) * pace.beyond
        return minutes

    def _open(self, rows: Rows, minutes: Floats) -> tuple[Mask, Mask]:
        """Which rows are surely and which are possibly open when the patient arrives."""
        day_only = self._columns["day_only"][rows]
        opens_min, closes_min = self._day_window_min
        surely = (minutes >= opens_min + _MARGIN_MIN) & (minutes <= closes_min - _MARGIN_MIN)
        possibly = (minutes >= opens_min - _MARGIN_MIN) & (minutes <= closes_min + _MARGIN_MIN)
        return ~day_only | surely, ~day_only | possibly

    def _beds(self, rows: Rows) -> tuple[Floats, Mask]:
        """Expected free beds (NaN: never reported) and which rows are full.

        The same operations in the same order as shared.capacity, so that "full" is exactly the
        same.
        """
        columns = self._columns
        age_s = self._age_s(columns["reported_us"][rows])
        staffed = columns["staffed_beds"][rows]
        free = columns["free_beds"][rows] - columns["assigned"][rows]
        discharged = staffed * (age_s / 3600.0 / self._policy.mean_stay_h)
        free = free + np.where(np.isnan(staffed), 0.0, discharged)
        free = np.fmin(np.maximum(free, 0.0), np.where(np.isnan(staffed), np.inf, staffed))
        free[np.isnan(columns["free_beds"][rows])] = np.nan
        # NaN is not below one: a hospital that never reported is not full.
        return free, (free < 1.0) & (age_s <= self._policy.trusted_report_s)

    def _capacity_part(self, rows: Rows, free_beds: Floats) -> Floats:
        policy = self._policy
        half = policy.half_capacity_beds
        assigned = np.maximum(self._columns["assigned"][rows], 0.0)
        prior: Floats = policy.capacity_prior * (half / (half + assigned))
        age_s = self._age_s(self._columns["reported_us"][rows])
        confidence = policy.report_half_age_s / (policy.report_half_age_s + age_s)
        reported = confidence * (free_beds / (free_beds + half)) + (1.0 - confidence) * prior
        return np.where(np.isnan(free_beds), prior, reported)

    def _specialty_part(self, rows: Rows) -> Floats:
        policy, columns = self._policy, self._columns
        unknown_value = 1.0 - policy.unknown_penalty
        has, stock_has = columns["has"][rows], columns["stock_has"][rows]
        lacks = self._lacks(rows)
        total, weights = np.zeros(len(rows)), 0.0
        for capability, bit in _BITS:
            if not self._needs & bit:
                continue
            present: Floats | float = 1.0
            if _STOCK & bit:
                age_s = self._age_s(columns["stock_reported_us"][rows])
                confidence = policy.report_half_age_s / (policy.report_half_age_s + age_s)
                present = np.where(
                    stock_has & bit != 0,
                    unknown_value + (1.0 - unknown_value) * confidence,
                    policy.unreported_stock_value,
                )
            absent = np.where(lacks & bit != 0, 0.0, unknown_value)
            weight = policy.capability_weights.get(capability, 1.0)
            weights += weight
            total += weight * np.where(has & bit != 0, present, absent)
        return total / weights if weights else np.ones(len(rows))

    def _lacks(self, rows: Rows) -> Integers:
        """What each row lacks now: its standing facts, and a stock reported used up not long
        ago.
        """
        columns = self._columns
        fresh = self._age_s(columns["stock_reported_us"][rows]) <= self._policy.trusted_report_s
        used_up: Integers = columns["stock_lacks"][rows] * fresh
        lacks: Integers = columns["lacks"][rows] | used_up
        return lacks

    def _age_s(self, reported_us: Integers) -> Floats:
        age_s: Floats = np.maximum(self._now_us - reported_us, 0) / 1e6
        return age_s


def _largest(values: Floats, rank: int) -> float:
    """The value at this rank, counted from the largest. Minus infinity where there are fewer: then
    even the least may still be among the first.
    """
    if len(values) < rank:
        return -np.inf
    return float(np.partition(values, len(values) - rank)[len(values) - rank])
