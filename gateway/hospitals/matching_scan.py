"""One query over the arrays of hospitals: the few that a ranking has to look at.

The shortlist is provably enough. The arrays decide with a margin wider than any rounding: hospitals
that are surely in decide which tier and which score still count, and every hospital that may
possibly be in and may possibly count joins the shortlist. The reference's own code then ranks the
shortlist, so that the result equals the reference over all hospitals by construction: each of its
limits asks whether some hospital has a property, and the shortlist holds one that surely has it if
there is any, and otherwise all that possibly have it.

A query looks at tens of hospitals, so its time is the number of array operations, not their length.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Group:
    """Some of the hospitals: their rows, and how many minutes of travel each is away."""

    rows: Rows
    minutes: Floats


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
        # Those of each tier that was looked at, by its reach in minutes.
        self._near: dict[float, Rows] = {}

    def shortlist(self, limit: int) -> list[int]:
        """Rows of which the reference makes the same first `limit` matches as of all rows."""
        chosen, found = self._nearest_tier(limit)
        if not found:
            everywhere = np.arange(len(self._positions))
            chosen.extend(self._last_resort(self._group(self._usable(everywhere)), limit))
        if self._query.stabilise_first:
            chosen.append(self._nearest_with_oxygen())
        return sorted({row for rows in chosen for row in rows.tolist()})

    def _usable(self, rows: Rows) -> Rows:
        """Those rows that take patients and were not asked before."""
        usable: Rows = rows[self._columns["takes"][rows]]
        if self._excluded:
            usable = usable[~np.isin(usable, self._excluded)]
        return usable

    def _nearest_tier(self, limit: int) -> tuple[list[Rows], bool]:
        """The rows that may be among the best of the nearest tier, and whether any surely is."""
        chosen: list[Rows] = []
        for wants_full in (False, True):
            # The first and smallest tier answers most queries: the others are looked at late.
            for reach_min in self._tiers_min:
                capable = self._group(self._capable(self._within(reach_min)))
                best, found = self._best_of(capable, wants_full, reach_min, limit)
                chosen.append(best)
                if found:
                    return chosen, True
        return chosen, False

    def _within(self, reach_min: float) -> Rows:
        """Usable rows of a level that takes emergencies: all within the tier, and some beyond."""
        near = self._near.get(reach_min)
        if near is None:
            near = self._usable(self._within_reach(reach_min))
            near = near[self._columns["level"][near] >= self._policy.lowest_level]
            self._near[reach_min] = near
        return near

    def _capable(self, rows: Rows) -> Rows:
        """Those rows that are not known to lack anything that is needed."""
        capable: Rows = rows[self._columns["lacks"][rows] & self._needs == 0]
        if self._needs & _STOCK:
            capable = capable[self._lacks(capable) & self._needs == 0]
        return capable

    def _group(self, rows: Rows) -> _Group:
        return _Group(rows, self._minutes(rows))

    def _best_of(
        self, capable: _Group, wants_full: bool, reach_min: float, limit: int
    ) -> tuple[Rows, bool]:
        """The full or the other rows that may be among a tier's best, and whether any surely is in
        it.
        """
        policy, minutes = self._policy, capable.minutes
        surely, possibly = self._open(capable)
        age_s = self._age_s(self._of("reported_us", capable))
        free_beds, full = self._beds(capable, age_s)
        group = full == wants_full
        inside = surely & group & (minutes <= reach_min - _MARGIN_MIN)
        perhaps = possibly & group & (minutes <= reach_min + _MARGIN_MIN)
        if not inside.any():
            # Only rounding decides whether these are inside.
            return capable.rows[perhaps], False
        scores = policy.distance_weight * np.maximum(1.0 - minutes / reach_min, 0.0)
        scores += policy.capacity_weight * self._capacity_part(capable, free_beds, age_s)
        scores += policy.specialty_weight * self._specialty_part(capable)
        least = _largest(scores[inside], limit) - _MARGIN_SCORE
        return capable.rows[perhaps & (scores >= least)], True

    def _last_resort(self, usable: _Group, limit: int) -> list[Rows]:
        """The rows that may be among those with the least expected time to care."""
        surely, possibly = self._open(usable)
        _, full = self._beds(usable, self._age_s(self._of("reported_us", usable)))
        moved_on_min = (1.0 - self._specialty_part(usable)) * self._policy.referral_min
        care_min = usable.minutes + moved_on_min
        chosen: list[Rows] = []
        for group in (~full, full):
            inside, perhaps = surely & group, possibly & group
            if inside.any():
                most = -_largest(-care_min[inside], limit) + 2 * _MARGIN_MIN
                chosen.append(usable.rows[perhaps & (care_min <= most)])
                break
            chosen.append(usable.rows[perhaps])
        return chosen

    def _nearest_with_oxygen(self) -> Rows:
        """The rows with oxygen that may be the nearest open one."""
        nearest: Rows
        for reach_min in self._tiers_min:
            near = self._within(reach_min)
            with_oxygen = self._group(near[self._columns["has"][near] & _OXYGEN != 0])
            surely, possibly = self._open(with_oxygen)
            minutes = with_oxygen.minutes
            latest_min = float(minutes[surely].min(initial=np.inf)) + 2 * _MARGIN_MIN
            nearest = with_oxygen.rows[possibly & (minutes <= latest_min)]
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
        offset = self._positions.take(rows, axis=0) - self._origin
        half_chord = np.sqrt(np.einsum("ij,ij->i", offset, offset)) / 2
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(half_chord, 1.0))
        radius_m, pace = self._query.radius_m, self._pace
        road_m = self._policy.travel.detour * np.sqrt(metres * metres + radius_m * radius_m / 2)
        near_m = np.minimum(road_m, pace.stretch_m)
        minutes: Floats = near_m * pace.near + (road_m - near_m) * pace.beyond
        return minutes

    def _open(self, group: _Group) -> tuple[Mask, Mask]:
        """Which are surely and which are possibly open when the patient arrives."""
        by_night, minutes = ~self._of("day_only", group), group.minutes
        opens_min, closes_min = self._day_window_min
        surely = (minutes >= opens_min + _MARGIN_MIN) & (minutes <= closes_min - _MARGIN_MIN)
        possibly = (minutes >= opens_min - _MARGIN_MIN) & (minutes <= closes_min + _MARGIN_MIN)
        return by_night | surely, by_night | possibly

    def _beds(self, group: _Group, age_s: Floats) -> tuple[Floats, Mask]:
        """Expected free beds (NaN: never reported) and which are full, by reports of this age.

        The same operations in the same order as shared.capacity, so that "full" is exactly the
        same.
        """
        reported, staffed = self._of("free_beds", group), self._of("staffed_beds", group)
        free = reported - self._of("assigned", group)
        discharged = staffed * (age_s / 3600.0 / self._policy.mean_stay_h)
        unknown = np.isnan(staffed)
        free = free + np.where(unknown, 0.0, discharged)
        free = np.fmin(np.maximum(free, 0.0), np.where(unknown, np.inf, staffed))
        free[np.isnan(reported)] = np.nan
        # NaN is not below one: a hospital that never reported is not full.
        return free, (free < 1.0) & (age_s <= self._policy.trusted_report_s)

    def _capacity_part(self, group: _Group, free_beds: Floats, age_s: Floats) -> Floats:
        policy = self._policy
        half = policy.half_capacity_beds
        assigned = np.maximum(self._of("assigned", group), 0.0)
        prior: Floats = policy.capacity_prior * (half / (half + assigned))
        confidence = policy.report_half_age_s / (policy.report_half_age_s + age_s)
        reported = confidence * (free_beds / (free_beds + half)) + (1.0 - confidence) * prior
        return np.where(np.isnan(free_beds), prior, reported)

    def _specialty_part(self, group: _Group) -> Floats:
        policy = self._policy
        unknown_value = 1.0 - policy.unknown_penalty
        has, lacks = self._of("has", group), self._lacks(group.rows)
        total, weights = np.zeros(len(group.rows)), 0.0
        for capability, bit in _BITS:
            if not self._needs & bit:
                continue
            present: Floats | float = 1.0
            if _STOCK & bit:
                age_s = self._age_s(self._of("stock_reported_us", group))
                fresh = unknown_value + (1.0 - unknown_value) * policy.report_half_age_s / (
                    policy.report_half_age_s + age_s
                )
                in_stock = self._of("stock_has", group) & bit != 0
                present = np.where(in_stock, fresh, policy.unreported_stock_value)
            absent = np.where(lacks & bit != 0, 0.0, unknown_value)
            weight = policy.capability_weights.get(capability, 1.0)
            weights += weight
            total += weight * np.where(has & bit != 0, present, absent)
        return total / weights if weights else np.ones(len(group.rows))

    def _lacks(self, rows: Rows) -> Integers:
        """What each row lacks now: its standing facts, and a stock reported used up not long
        ago.
        """
        columns = self._columns
        fresh = self._age_s(columns["stock_reported_us"][rows]) <= self._policy.trusted_report_s
        used_up: Integers = columns["stock_lacks"][rows] * fresh
        lacks: Integers = columns["lacks"][rows] | used_up
        return lacks

    def _of(self, name: str, group: _Group) -> NDArray[Any]:
        """What this column says of each."""
        column: NDArray[Any] = self._columns[name][group.rows]
        return column

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
