"""One query over the arrays of hospitals: the few that a ranking has to look at.

The shortlist is provably enough. The arrays decide with a margin wider than any rounding: hospitals
that are surely in decide which tier and which score still count, and every hospital that may
possibly be in and may possibly count joins the shortlist. The reference's own code then ranks the
shortlist, so that the result equals the reference over all hospitals by construction: each of its
limits asks whether some hospital has a property, and the shortlist holds one that surely has it if
there is any, and otherwise all that possibly have it.

A query looks at tens of hospitals, which a grid finds, so its time is the number of array
operations, not their length: what is read of the hospitals in reach is taken in one piece, and
whatever one comparison with the whole tier can settle is not asked of each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, inf, pi

import numpy as np
from numpy.typing import NDArray

from gateway.hospitals.hospital_grid import HospitalGrid, Rows
from shared.capability import Capability
from shared.geo import EARTH_RADIUS_M
from shared.hospital import STOCK
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

# The columns of `HospitalTable.numbers`. Free beds are those reported less our own assignments
# since; staffed ones are 0 and the most is infinite where nobody knows how many there are.
NUMBERS = 4
_FREE, _STAFFED, _MOST, _ASSIGNED = range(NUMBERS)
# The columns of `HospitalTable.facts`. The level is negative of one that takes no patients now.
FACTS = 8
_LEVEL, _HAS, _LACKS, _STOCK_HAS, _STOCK_LACKS, _STOCK_US, _REPORTED_US, _DAY_ONLY = range(FACTS)

# Wider than what rounding does to travel times (2e-4 min at the antipodes, 1e-9 within a country)
# and to the scores that follow from them.
_MARGIN_MIN = 1e-3
_MARGIN_SCORE = 1e-4
_MARGIN_RADIANS = 1e-5
# By more than this the cosines of two hospitals differ that are not equally far but for rounding:
# on the ground it is 9 m next to the patient, and less further away.
_MARGIN_COSINE = 1e-12

# With more of them within the nearest tier, array operations are faster than one after another.
_MANY = 150

# As plain numbers: going through an enumeration's members costs more than the arithmetic on rows.
_BITS = tuple((capability, int(capability)) for capability in Capability)
_OXYGEN = int(Capability.OXYGEN)
_STOCK = int(STOCK)
_BITS_OF_STOCK = tuple(bit for _, bit in _BITS if bit & _STOCK)


@dataclass(slots=True)
class HospitalTable:
    """All hospitals: unit vectors from the earth's centre, the columns named above, and where each
    row is.
    """

    positions: Floats
    numbers: Floats
    facts: Integers
    grid: HospitalGrid


@dataclass(slots=True)
class _Group:
    """Some of the hospitals: their rows and facts, and a time in minutes within which each of them
    can be reached.
    """

    rows: Rows
    facts: Integers
    furthest_min: float

    def of(self, mask: Mask) -> "_Group":
        """Those of them."""
        return _Group(self.rows[mask], self.facts[mask], self.furthest_min)


class MatchingScan:
    """A query, and the table of all hospitals that it runs over. `excluded` are rows."""

    def __init__(
        self,
        table: HospitalTable,
        excluded: Sequence[int],
        query: MatchQuery,
        policy: MatchPolicy,
        origin: tuple[float, float, float],
        now_us: int,
    ) -> None:
        self._table = table
        self._excluded = excluded
        self._query = query
        self._needs = int(query.needs)
        self._policy = policy
        self._tiers_min = policy.tiers_min[query.priority]
        self._origin = np.array(origin)
        self._now_us = now_us
        self._pace = policy.travel.pace(query.urban, query.depart_at)
        # Of each tier that was looked at, by its reach in minutes: all rows and their cosines, and
        # those of them that are usable.
        self._around: dict[float, tuple[Rows, Floats]] = {}
        self._near: dict[float, _Group] = {}

    def nearest_if_few(self) -> list[int] | None:
        """All rows of the nearest tier and some beyond, in the order of their distance; None where
        they are many.
        """
        rows, cosines = self._within_reach(self._tiers_min[0])
        if len(rows) > _MANY:
            return None
        nearest: list[int] = rows[(-cosines).argsort()].tolist()
        return nearest

    def shortlist(self, limit: int) -> list[int]:
        """Rows of which the reference makes the same first `limit` matches as of all rows."""
        chosen, found = self._nearest_tier(limit)
        if not found:
            chosen.extend(self._last_resort(limit))
        if self._query.stabilise_first:
            chosen.append(self._nearest_with_oxygen())
        return sorted({row for rows in chosen for row in rows.tolist()})

    def _usable(self, rows: Rows, lowest_level: int, furthest_min: float) -> _Group:
        """Those rows of at least that level that take patients and were not asked before."""
        facts = self._table.facts.take(rows, axis=0)
        usable = facts[:, _LEVEL] >= lowest_level
        if self._excluded:
            usable &= ~np.isin(rows, self._excluded)
        return _Group(rows[usable], facts[usable], furthest_min)

    def _nearest_tier(self, limit: int) -> tuple[list[Rows], bool]:
        """The rows that may be among the best of the nearest tier, and whether any surely is."""
        chosen: list[Rows] = []
        for wants_full in (False, True):
            # The first and smallest tier answers most queries: the others are looked at late.
            for reach_min in self._tiers_min:
                best, found = self._best_of(self._capable(reach_min), wants_full, reach_min, limit)
                chosen.append(best)
                if found:
                    return chosen, True
        return chosen, False

    def _capable(self, reach_min: float) -> _Group:
        """Those of the tier that are not known to lack anything that is needed."""
        near = self._within(reach_min)
        return near.of(self._lacks(near.facts) & self._needs == 0)

    def _best_of(
        self, capable: _Group, wants_full: bool, reach_min: float, limit: int
    ) -> tuple[Rows, bool]:
        """The full or the other rows that may be among a tier's best, and whether any surely is in
        it.
        """
        policy, minutes = self._policy, self._minutes(capable.rows)
        numbers = self._table.numbers.take(capable.rows, axis=0)
        age_s = self._age_s(capable.facts[:, _REPORTED_US])
        free_beds, full = self._beds(numbers, age_s)
        group = full if wants_full else ~full
        surely, possibly = self._open(capable, minutes)
        inside = group & surely & (minutes <= reach_min - _MARGIN_MIN)
        perhaps = group & possibly & (minutes <= reach_min + _MARGIN_MIN)
        if not np.count_nonzero(inside):
            # Only rounding decides whether these are inside.
            return capable.rows[perhaps], False
        scores = policy.distance_weight * np.maximum(1.0 - minutes / reach_min, 0.0)
        scores += policy.capacity_weight * self._capacity_part(numbers, free_beds, age_s)
        scores += policy.specialty_weight * self._specialty_part(capable.facts)
        perhaps &= scores >= _largest(scores[inside], limit) - _MARGIN_SCORE
        return capable.rows[perhaps], True

    def _last_resort(self, limit: int) -> list[Rows]:
        """The rows that may be among those with the least expected time to care."""
        usable = self._usable(np.arange(len(self._table.positions)), 0, inf)
        minutes = self._minutes(usable.rows)
        surely, possibly = self._open(usable, minutes)
        numbers = self._table.numbers.take(usable.rows, axis=0)
        _, full = self._beds(numbers, self._age_s(usable.facts[:, _REPORTED_US]))
        specialty = self._specialty_part(usable.facts, self._lacks(usable.facts))
        care_min = minutes + (1.0 - specialty) * self._policy.referral_min
        chosen: list[Rows] = []
        for group in (~full, full):
            inside, perhaps = group & surely, group & possibly
            if np.count_nonzero(inside):
                most = -_largest(-care_min[inside], limit) + 2 * _MARGIN_MIN
                chosen.append(usable.rows[perhaps & (care_min <= most)])
                break
            chosen.append(usable.rows[perhaps])
        return chosen

    def _nearest_with_oxygen(self) -> Rows:
        """The rows with oxygen that may be the nearest open one: by the angle to the patient, which
        grows with the time to travel.
        """
        nearest: Rows
        for reach_min in self._tiers_min:
            near = self._within(reach_min)
            with_oxygen = near.of(near.facts[:, _HAS] & _OXYGEN != 0)
            cosines = self._cosines(with_oxygen.rows)
            surely, possibly = self._open(with_oxygen)
            closest = np.maximum.reduce(cosines[surely], initial=-inf)
            nearest = with_oxygen.rows[possibly & (cosines >= closest - _MARGIN_COSINE)]
            if closest > -inf:
                # Whoever is as near is among these rows as well.
                break
        return nearest

    def _within(self, reach_min: float) -> _Group:
        """Usable rows of a level that takes emergencies: all within the tier, and some beyond."""
        near = self._near.get(reach_min)
        if near is None:
            furthest_m = self._policy.travel.road_m(
                (self._angle(reach_min) + _MARGIN_RADIANS) * EARTH_RADIUS_M, self._query.radius_m
            )
            near = self._near[reach_min] = self._usable(
                self._within_reach(reach_min)[0],
                max(self._policy.lowest_level, 0),
                self._pace.minutes(furthest_m) + _MARGIN_MIN,
            )
        return near

    def _angle(self, reach_min: float) -> float:
        """Within this angle of the patient, seen from the earth's centre, is whoever can be reached
        in that time.
        """
        pace = self._pace
        stretch_min = pace.stretch_m * pace.near
        if reach_min <= stretch_min:
            road_m = reach_min / pace.near
        else:
            road_m = pace.stretch_m + (reach_min - stretch_min) / pace.beyond
        return road_m / self._policy.travel.detour / EARTH_RADIUS_M + _MARGIN_RADIANS

    def _within_reach(self, reach_min: float) -> tuple[Rows, Floats]:
        """At least every row within that many minutes, and the cosines of their angles."""
        around = self._around.get(reach_min)
        if around is None:
            angle = self._angle(reach_min)
            rows = self._table.grid.around(self._query.lat, self._query.lon, angle)
            if rows is None:
                rows = np.arange(len(self._table.positions))
            cosines = self._cosines(rows)
            within: Mask = cosines >= (cos(angle) if angle < pi else -2.0)
            around = self._around[reach_min] = rows[within], cosines[within]
        return around

    def _cosines(self, rows: Rows) -> Floats:
        """Of the angles between these rows and the patient."""
        cosines: Floats = self._table.positions.take(rows, axis=0) @ self._origin
        return cosines

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

    def _open(self, group: _Group, minutes: Floats | None = None) -> tuple[Mask, Mask]:
        """Which are surely and which are possibly open when the patient arrives; `minutes` is how
        long they travel, where that is known already.
        """
        opens_min, closes_min = self._policy.day_window_min(self._query.depart_at)
        if opens_min <= 0.0:
            opens_min = -inf
        if opens_min == -inf and group.furthest_min <= closes_min - _MARGIN_MIN:
            everywhere = np.ones(len(group.rows), np.bool_)
            return everywhere, everywhere
        by_night: Mask = group.facts[:, _DAY_ONLY] == 0
        if group.furthest_min <= opens_min - _MARGIN_MIN:
            return by_night, by_night
        if minutes is None:
            minutes = self._minutes(group.rows)
        surely = (minutes >= opens_min + _MARGIN_MIN) & (minutes <= closes_min - _MARGIN_MIN)
        possibly = (minutes >= opens_min - _MARGIN_MIN) & (minutes <= closes_min + _MARGIN_MIN)
        return by_night | surely, by_night | possibly

    def _beds(self, numbers: Floats, age_s: Floats) -> tuple[Floats, Mask]:
        """Expected free beds and which are full, by reports of this age.

        The same operations in the same order as shared.capacity, so that "full" is exactly the
        same.
        """
        free = age_s / 3600.0
        free /= self._policy.mean_stay_h
        free *= numbers[:, _STAFFED]
        free += numbers[:, _FREE]
        np.maximum(free, 0.0, out=free)
        np.minimum(free, numbers[:, _MOST], out=free)
        return free, (free < 1.0) & (age_s <= self._policy.trusted_report_s)

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
        has = facts[:, _HAS]
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
            fresh = self._age_s(facts[:, _STOCK_US])
            fresh += half_age_s
            np.divide(policy.unknown_penalty * half_age_s, fresh, out=fresh)
            standing = policy.unreported_stock_value - unknown_value
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
        alike: dict[float, int] = {}
        for capability, bit in _BITS:
            if self._needs & bit:
                weight = weights.get(capability, 1.0)
                alike[weight] = alike.get(weight, 0) | bit
        return list(alike.items())

    def _lacks(self, facts: Integers) -> Integers:
        """What each lacks now: its standing facts, and a stock reported used up not long ago."""
        if not self._needs & _STOCK:
            return facts[:, _LACKS]
        fresh = self._age_s(facts[:, _STOCK_US]) <= self._policy.trusted_report_s
        lacks = facts[:, _STOCK_LACKS] * fresh
        lacks |= facts[:, _LACKS]
        return lacks

    def _age_s(self, reported_us: Integers) -> Floats:
        age_s: Floats = np.maximum(self._now_us - reported_us, 0) / 1e6
        return age_s


def _largest(values: Floats, rank: int) -> float:
    """The value at this rank, counted from the largest; the values are put in another order. Minus
    infinity where there are fewer: then even the least may still be among the first.
    """
    if len(values) < rank:
        return -inf
    place = len(values) - rank
    values.partition(place)
    return float(values[place])
