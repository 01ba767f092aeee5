"""The first few of a ranking, found by looking at the nearest hospitals first, and at no more of
them than may count.
"""

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from math import inf
from typing import NamedTuple, Protocol

from shared.facility import Facility, weigh
from shared.geo import distance_m
from shared.hospital import STOCK, TAKES_PATIENTS, UNITS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, score, stabilised_first, treating
from shared.stabilising import Stop, stops

# Plain integers: arithmetic on flags is twenty times slower.
_CHANGING = int(STOCK) | UNITS
# More than rounding does to a score or to a time.
_MARGIN_SCORE = 1e-6
_MARGIN_MIN = 1e-3

Pair = tuple[Hospital, Availability]


class Around(Protocol):
    """Who is around the patient. Times are minutes of travel."""

    def first_min(self, tier_min: float) -> float:
        """Within this time it is worth looking before the whole tier is looked at."""
        ...

    def ring(self, reach_min: float) -> Iterable[Pair] | None:
        """At least the hospitals within that time that no ring before held, in the order of their
        distance; None where they are too many to be looked at one by one.
        """
        ...


class Looked(NamedTuple):
    """What the nearest say of a ranking: what it begins with, empty where nobody in reach can
    treat, so that the last resort is ranked, and None where they do not decide; then nobody more
    than `counts_min` away can be among the first either.
    """

    matches: list[Match] | None
    counts_min: float


def rank_nearest_first(
    query: MatchQuery, around: Around, policy: MatchPolicy, now: datetime, limit: int
) -> Looked:
    """What `shared.matching.rank` of all hospitals begins with, `limit` matches of it at most."""
    search = _Search(query, policy, now, limit)
    for tier_min in policy.tiers_min[query.priority]:
        within_min = around.first_min(tier_min)
        while True:
            ring = around.ring(within_min)
            if ring is None:
                return Looked(None, search.counts_min)
            if search.decided_by(ring, within_min):
                return Looked(search.matches(), search.counts_min)
            if within_min >= tier_min:
                break
            within_min = min(tier_min, search.counts_min)
    return Looked(None, search.counts_min)


class _Search:
    """Those looked at so far: weighed, or passed because they cannot treat the patient, or not as
    well as others.

    Whoever is further away than a hospital scores less than that one's distance, an empty ward and
    every capability would: once `limit` score more than that, the rest cannot be among them. Nor
    can it be the one that stabilises first, which has to be nearer than the best of them.
    """

    def __init__(self, query: MatchQuery, policy: MatchPolicy, now: datetime, limit: int) -> None:
        self._query, self._policy, self._now, self._limit = query, policy, now, limit
        self._tiers_min = policy.tiers_min[query.priority]
        self._pace = policy.travel.pace(query.urban, query.depart_at)
        self._opens_min, self._closes_min = policy.day_window_min(query.depart_at)
        self._needed = policy.weighed(int(query.needs))
        # What they need beside what runs out or fills up, of which a report may say something new,
        # and the least that it costs not to be known to have all of it.
        self._standing_needs = int(query.needs) & ~_CHANGING
        weights = [weight for _, weight in self._needed] or [1.0]
        self._unknown_costs = (
            policy.specialty_weight * policy.unknown_penalty * min(weights) / sum(weights)
        )
        self._most_beds = 1.0 + (policy.surge_share if query.mass_casualty else 0.0)
        self._facilities: list[Facility] = []
        self._passed: list[Pair] = []
        # The time to the nearest that surely counts, the tier that it decides, and its scores.
        self._surely_min = inf
        self._reach_min: float | None = None
        self._scores: list[float] = []

    def decided_by(self, ring: Iterable[Pair], ring_min: float) -> bool:
        """Looks at the next ring. Whether it and those before decide the ranking."""
        query, policy, passed = self._query, self._policy, self._passed
        for hospital, availability in ring:
            if (
                availability.status not in TAKES_PATIENTS
                or hospital.level < policy.lowest_level
                or hospital.id in query.exclude
            ):
                continue
            if hospital.lacks & self._standing_needs:
                passed.append((hospital, availability))
                continue
            metres, travel_min = self._way(hospital)
            if travel_min > (self._reach_min or self._tiers_min[-1]) + _MARGIN_MIN:
                break
            if len(self._scores) >= self._limit and travel_min > self._surely_min + _MARGIN_MIN:
                least = self._scores[-self._limit] - _MARGIN_SCORE
                at_best = self._at_best(travel_min)
                if least > at_best:
                    return True
                if least > at_best - self._costs(hospital, availability):
                    passed.append((hospital, availability))
                    continue
            if self._is_open(hospital, travel_min):
                self._weigh(hospital, availability, metres, travel_min)
        return ring_min >= self.counts_min

    @property
    def counts_min(self) -> float:
        """Nobody further away than this can be among the matches, as far as is known by now."""
        policy, reach_min = self._policy, self._reach_min
        if reach_min is None:
            return self._tiers_min[-1]
        if len(self._scores) < self._limit or not policy.distance_weight:
            return reach_min
        # Less is left than the way there costs, even with an empty ward and all that is needed.
        least = self._scores[-self._limit] - _MARGIN_SCORE
        spare = policy.capacity_weight + policy.specialty_weight - least
        counts_min = reach_min * (1.0 + spare / policy.distance_weight) + _MARGIN_MIN
        return min(max(counts_min, self._surely_min + _MARGIN_MIN), reach_min)

    def matches(self) -> list[Match]:
        """The first matches, once the rings decide them; empty where nobody in reach can treat."""
        query, policy = self._query, self._policy
        found = treating(query, self._facilities, policy, self._limit)
        if not found:
            return []
        reasons = stops(query, found[0].tier, policy)
        if not reasons:
            return found
        self._weigh_passed(reasons, found[0].travel_min)
        return stabilised_first(query, self._facilities, found, policy)[: self._limit]

    def _way(self, hospital: Hospital) -> tuple[float, float]:
        """Metres as the crow flies, and minutes of travel."""
        query = self._query
        metres = distance_m(query.lat, query.lon, hospital.lat, hospital.lon)
        return metres, self._pace.minutes(self._policy.travel.road_m(metres, query.radius_m))

    def _is_open(self, hospital: Hospital, travel_min: float) -> bool:
        return hospital.open_24h is not False or self._opens_min <= travel_min <= self._closes_min

    def _at_best(self, travel_min: float) -> float:
        """What somebody so far away scores with an empty ward and all that is needed."""
        policy, reach_min = self._policy, self._reach_min
        near = 0.0 if reach_min is None else max(1.0 - travel_min / reach_min, 0.0)
        return policy.distance_weight * near + policy.capacity_weight + policy.specialty_weight

    def _costs(self, hospital: Hospital, availability: Availability) -> float:
        """What this one surely loses against that: a tenth of the work of weighing it."""
        policy = self._policy
        capacity = policy.capacity_prior
        if availability.free_beds is not None:
            if availability.staffed_beds is None:
                beds = max(float(availability.free_beds - availability.assigned_since), 0.0)
            else:
                beds = availability.staffed_beds * self._most_beds
            capacity = max(capacity, beds / (beds + policy.half_capacity_beds))
        costs = policy.capacity_weight * (1.0 - capacity)
        return costs + self._unknown_costs if self._standing_needs & ~hospital.has else costs

    def _weigh(
        self, hospital: Hospital, availability: Availability, metres: float, travel_min: float
    ) -> None:
        query, policy = self._query, self._policy
        facility = weigh(
            query, self._needed, hospital, availability, metres, travel_min, policy, self._now
        )
        self._facilities.append(facility)
        if facility.missing or facility.full:
            return
        if self._reach_min is not None:
            if travel_min <= self._reach_min:
                insort(self._scores, score(facility, self._reach_min, policy))
        elif not facility.unknown:
            self._decide_tier(travel_min)

    def _decide_tier(self, surely_min: float) -> None:
        """The nearest that surely counts is so far away."""
        for reach_min in self._tiers_min:
            if surely_min <= reach_min:
                self._surely_min, self._reach_min = surely_min, reach_min
                self._scores = sorted(
                    score(facility, reach_min, self._policy)
                    for facility in self._facilities
                    if not facility.missing
                    and not facility.full
                    and facility.travel_min <= reach_min
                )
                break

    def _weigh_passed(self, reasons: list[Stop], best_min: float) -> None:
        """Weighs who may be the one to stop at: for each reason up to the nearest that is able."""
        policy = self._policy
        furthest_min = []
        for stop in reasons:
            able = (each.travel_min for each in self._facilities if stop.able(each, policy))
            furthest_min.append(min(best_min - stop.nearer_min, min(able, default=inf)))
        for hospital, availability in self._passed:
            metres, travel_min = self._way(hospital)
            if travel_min > max(furthest_min) + _MARGIN_MIN:
                break
            if self._is_open(hospital, travel_min):
                self._weigh(hospital, availability, metres, travel_min)
                for number, stop in enumerate(reasons):
                    if stop.able(self._facilities[-1], policy):
                        furthest_min[number] = min(furthest_min[number], travel_min)
