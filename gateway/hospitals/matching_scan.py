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

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

import numpy as np

from gateway.hospitals.group_arithmetic import (
    HAS,
    LACKS,
    LEVEL,
    MARGIN_MIN,
    REPORTED_US,
    Group,
    GroupArithmetic,
    HospitalTable,
    Integers,
    Mask,
)
from gateway.hospitals.hospital_grid import Rows
from gateway.hospitals.nearby import MARGIN_RADIANS, Floats, Nearby
from shared.capability import Capability
from shared.emergency import Priority
from shared.geo import EARTH_RADIUS_M
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

# Wider than what rounding does to scores.
_MARGIN_SCORE = 1e-4
# More than that much of a score is worth in a tier of four hours.
_MARGIN_REACH_MIN = 0.1
# By more than this the cosines of two hospitals differ that are not equally far but for rounding:
# on the ground it is 9 m next to the patient, and less further away.
_MARGIN_COSINE = 1e-12

# From so many around on, the nearest are looked at first, about so many of them.
_CROWD = 3_000
_FIRST_LOOK = 300

# As plain numbers: going through an enumeration's members costs more than the arithmetic on rows.
_OXYGEN = int(Capability.OXYGEN)
_EMERGENCY_24H = int(Capability.EMERGENCY_24H)


class _Tier(NamedTuple):
    """The rows that may be among a tier's best, none of which scores less than `least` (minus
    infinity where there are too few); whether any row is surely in the tier; and one of which all
    that is needed is known and that surely is (`surely_known`), or else all that perhaps are.
    """

    best: Rows
    least: float
    found: bool
    known: Rows
    surely_known: bool


class MatchingScan(GroupArithmetic):
    """The shortlist for one query. `excluded` are rows."""

    def __init__(
        self,
        table: HospitalTable,
        excluded: Sequence[int],
        query: MatchQuery,
        policy: MatchPolicy,
        nearby: Nearby,
        now_us: int,
    ) -> None:
        super().__init__(table, query, policy, nearby.origin, now_us)
        self._nearby = nearby
        self._excluded = excluded
        self._tiers_min = policy.tiers_min[query.priority]
        # Where the nearest of a kind is looked for, one after another.
        self._reaches_min = self._tiers_min
        # Of each tier that was looked at, by its reach in minutes: the rows that are usable, and
        # those of them that may be capable.
        self._near: dict[float, Group] = {}
        self._of_tier: dict[float, Group] = {}

    def shortlist(self, limit: int, counts_min: float = inf) -> list[int]:
        """Rows of which the reference makes the same first `limit` matches as of all rows.
        `counts_min` is how far away those can be at most, as far as is known.
        """
        chosen, reach_min = self._nearest_tier(limit, counts_min)
        if reach_min is None:
            chosen.extend(self._last_resort(limit))
        if self._query.stabilise_first:
            chosen.append(self._nearest_of(self._with_oxygen))
        if self._may_stop_on_the_way and reach_min != self._tiers_min[0]:
            chosen.append(self._nearest_of(self._stops))
        return sorted({row for rows in chosen for row in rows.tolist()})

    def last_resort(self, limit: int) -> list[int]:
        """The same, once it is known that nobody in reach can treat."""
        return sorted({row for rows in self._last_resort(limit) for row in rows.tolist()})

    def _usable(self, rows: Rows, lowest_level: int, furthest_min: float) -> Group:
        """Those rows of at least that level that take patients and were not asked before."""
        facts = self._table.facts.take(rows, axis=0)
        usable = facts[:, LEVEL] >= lowest_level
        # They are a handful; looking for them all at once costs fifty times as much.
        for excluded in self._excluded:
            usable &= rows != excluded
        return Group(rows[usable], facts[usable], furthest_min)

    def _nearest_tier(self, limit: int, counts_min: float) -> tuple[list[Rows], float | None]:
        """The rows that may be among the best of the nearest tier, and its reach in minutes: of the
        nearest with a hospital of which all that is needed is known, or else of the nearest with
        any. The reach is None where none surely is in any, and infinite where rounding decides
        which tier it is.
        """
        chosen = self._in_the_crowd(limit, counts_min)
        if chosen:
            return chosen, self._tiers_min[0]
        for wants_full in (False, True):
            # The first and smallest tier answers most queries: the others are looked at late.
            for reach_min in self._tiers_min:
                capable = self._capable(reach_min)
                if not np.count_nonzero(self._is_known(capable)):
                    continue
                tier = self._tier(capable, wants_full, reach_min, limit)
                if len(tier.known):
                    # Of those of which rounding decides whether they are inside, the reference
                    # finds out by itself.
                    chosen += [tier.best, tier.known]
                if tier.surely_known:
                    return chosen, reach_min if len(chosen) == 2 else inf
            for reach_min in self._tiers_min:
                capable = self._capable(reach_min)
                if not len(capable.rows):
                    continue
                tier = self._tier(capable, wants_full, reach_min, limit)
                decided = not chosen
                chosen.append(tier.best)
                if tier.found:
                    return chosen, reach_min if decided else inf
        return chosen, None

    def _in_the_crowd(self, limit: int, counts_min: float) -> list[Rows]:
        """The same where thousands are around: the nearest some hundred set a score that whoever is
        far enough away cannot reach. Empty where they do not.
        """
        policy, tier_min = self._policy, self._tiers_min[0]
        if not policy.distance_weight:
            return []
        reach_min = counts_min + _MARGIN_REACH_MIN
        if reach_min >= tier_min:
            crowd = self._nearby.crowd(tier_min)
            if crowd < _CROWD:
                return []
            # As many as these would be so near if all were spread evenly.
            reach_min = tier_min * (_FIRST_LOOK / crowd) ** 0.5
        while reach_min < tier_min:
            tier = self._tier(self._capable(reach_min), False, tier_min, limit)
            if not tier.surely_known or tier.least == -inf:
                reach_min *= 2
                continue
            # Less is left than the way there may cost, even with an empty ward.
            spare = policy.capacity_weight + policy.specialty_weight - tier.least
            counts_min = tier_min * (1.0 + spare / policy.distance_weight)
            if counts_min <= reach_min:
                self._reaches_min = (reach_min, *self._tiers_min)
                return [tier.best, tier.known]
            reach_min = counts_min
        return []

    def _capable(self, reach_min: float) -> Group:
        """Those of the tier that are not known to lack anything that is needed."""
        capable = self._of_tier.get(reach_min)
        if capable is None:
            near = self._within(reach_min)
            if len(near.rows) and self._needs:
                near = near.of(self._lacks(near.facts) & self._needs == 0)
            capable = self._of_tier[reach_min] = near
        return capable

    def _tier(self, capable: Group, wants_full: bool, reach_min: float, limit: int) -> "_Tier":
        """What the full ones or the others of a tier come to."""
        policy, minutes = self._policy, self._minutes(capable.rows)
        numbers = self._table.numbers.take(capable.rows, axis=0)
        age_s = self._age_s(capable.facts[:, REPORTED_US])
        free_beds, full = self._beds(capable, numbers, age_s)
        group = full if wants_full else ~full
        surely, possibly = self._open(capable, minutes)
        inside = group & surely & (minutes <= reach_min - MARGIN_MIN)
        perhaps = group & possibly & (minutes <= reach_min + MARGIN_MIN)
        whole = self._is_known(capable)
        known = capable.rows[inside & whole][:1]
        surely_known = len(known) > 0
        if not surely_known:
            known = capable.rows[perhaps & whole]
        found, least = bool(np.count_nonzero(inside)), -inf
        if found:
            scores = policy.distance_weight * np.maximum(1.0 - minutes / reach_min, 0.0)
            scores += policy.capacity_weight * self._capacity_part(numbers, free_beds, age_s)
            scores += policy.specialty_weight * self._specialty_part(capable.facts)
            least = _largest(scores[inside], limit) - _MARGIN_SCORE
            perhaps &= scores >= least
        return _Tier(capable.rows[perhaps], least, found, known, surely_known)

    def _last_resort(self, limit: int) -> list[Rows]:
        """The rows that may be among those with the least expected time to care."""
        usable = self._usable(np.arange(len(self._table.positions)), 0, inf)
        minutes = self._minutes(usable.rows)
        surely, possibly = self._open(usable, minutes)
        numbers = self._table.numbers.take(usable.rows, axis=0)
        _, full = self._beds(usable, numbers, self._age_s(usable.facts[:, REPORTED_US]))
        specialty = self._specialty_part(usable.facts, self._lacks(usable.facts))
        care_min = minutes + (1.0 - specialty) * self._policy.referral_min
        care_min[usable.facts[:, LEVEL] < self._policy.lowest_level] += self._policy.below_level_min
        chosen: list[Rows] = []
        for group in (~full, full):
            inside, perhaps = group & surely, group & possibly
            if np.count_nonzero(inside):
                most = -_largest(-care_min[inside], limit) + 2 * MARGIN_MIN
                chosen.append(usable.rows[perhaps & (care_min <= most)])
                break
            chosen.append(usable.rows[perhaps])
        return chosen

    @property
    def _may_stop_on_the_way(self) -> bool:
        return self._query.priority is Priority.CRITICAL and not self._query.in_hospital

    def _with_oxygen(self, facts: Integers) -> Mask:
        mask: Mask = facts[:, HAS] & _OXYGEN != 0
        return mask

    def _stops(self, facts: Integers) -> Mask:
        mask: Mask = facts[:, LACKS] & _EMERGENCY_24H == 0
        mask &= facts[:, LEVEL] >= self._policy.stop_level
        return mask

    def _nearest_of(self, wanted: Callable[[Integers], Mask]) -> Rows:
        """The rows of those wanted that may be the nearest open one: by the angle to the patient,
        which grows with the time to travel.
        """
        nearest: Rows
        for reach_min in self._reaches_min:
            near = self._within(reach_min)
            group = near.of(wanted(near.facts))
            group = group.of(~self._crowded(group))
            cosines = self._nearby.cosines(group.rows)
            surely, possibly = self._open(group)
            closest = np.maximum.reduce(cosines[surely], initial=-inf)
            nearest = group.rows[possibly & (cosines >= closest - _MARGIN_COSINE)]
            if closest > -inf:
                # Whoever is as near is among these rows as well.
                break
        return nearest

    def _within(self, reach_min: float) -> Group:
        """Usable rows of a level that takes emergencies: all within the tier, and some beyond."""
        near = self._near.get(reach_min)
        if near is None:
            furthest_m = self._policy.travel.road_m(
                (self._nearby.angle(reach_min) + MARGIN_RADIANS) * EARTH_RADIUS_M,
                self._query.radius_m,
            )
            near = self._near[reach_min] = self._usable(
                self._nearby.within(reach_min)[0],
                max(self._policy.lowest_level, 0),
                self._pace.minutes(furthest_m) + MARGIN_MIN,
            )
        return near


def _largest(values: Floats, rank: int) -> float:
    """The value at this rank, counted from the largest; the values are put in another order. Minus
    infinity where there are fewer: then even the least may still be among the first.
    """
    if len(values) < rank:
        return -inf
    place = len(values) - rank
    values.partition(place)
    return float(values[place])
