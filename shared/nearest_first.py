"""The first few of a ranking, found by looking at the nearest hospitals first, and at no more of
them than may count.
"""

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from math import inf

from shared.capability import Capability
from shared.facility import Facility, weigh
from shared.geo import distance_m
from shared.hospital import STOCK, TAKES_PATIENTS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, ranked, score

# Plain integers: arithmetic on flags is twenty times slower.
_STOCK = int(STOCK)
_OXYGEN = int(Capability.OXYGEN)
# More than rounding does to a score or to a time.
_MARGIN_SCORE = 1e-6
_MARGIN_MIN = 1e-3
# Who looks at so many may as well look at all at once.
_FEW = 24


def rank_nearest_first(
    query: MatchQuery,
    nearest: Iterable[tuple[Hospital, Availability]],
    policy: MatchPolicy,
    now: datetime,
    limit: int,
) -> list[Match] | None:
    """What `shared.matching.rank` of all hospitals begins with, `limit` matches of it at most.

    `nearest` are hospitals in the order of their distance: at least all within the nearest tier.
    None where that tier holds none that is capable and has room, or too many have to be looked at:
    then somebody has to look at all of them.

    Whoever is further away than a hospital scores less than that one's distance, an empty ward and
    every capability would: once `limit` score more than that, the rest cannot be among them. Nor
    can it be the one that stabilises first, which has to be nearer than the best of them.
    """
    reach_min = policy.tiers_min[query.priority][0]
    pace = policy.travel.pace(query.urban, query.depart_at)
    opens_min, closes_min = policy.day_window_min(query.depart_at)
    needed = tuple(Capability(query.needs))
    # What it needs beside what runs out, of which a report may say something new.
    standing_needs = int(query.needs) & ~_STOCK
    stabilised_min = inf if query.stabilise_first else -inf
    facilities: list[Facility] = []
    scores: list[float] = []
    for hospital, availability in nearest:
        if (
            availability.status not in TAKES_PATIENTS
            or hospital.id in query.exclude
            or hospital.level < policy.lowest_level
        ):
            continue
        metres = distance_m(query.lat, query.lon, hospital.lat, hospital.lon)
        travel_min = pace.minutes(policy.travel.road_m(metres, query.radius_m))
        distance_part = max(1.0 - travel_min / reach_min, 0.0)
        if travel_min > reach_min + _MARGIN_MIN:
            break
        if len(scores) >= limit:
            at_best = policy.distance_weight * distance_part + (
                policy.capacity_weight + policy.specialty_weight
            )
            if at_best < scores[-limit] - _MARGIN_SCORE:
                break
        if hospital.open_24h is False and not opens_min <= travel_min <= closes_min:
            continue
        if hospital.lacks & standing_needs and travel_min > stabilised_min + _MARGIN_MIN:
            continue
        if len(facilities) >= _FEW:
            return None
        facility = weigh(query, needed, hospital, availability, travel_min, policy, now)
        facilities.append(facility)
        if facility.has & _OXYGEN:
            stabilised_min = min(stabilised_min, travel_min)
        if not facility.missing and not facility.full and travel_min <= reach_min:
            insort(scores, score(facility, distance_part, policy))
    return ranked(query, facilities, policy)[:limit] if scores else None
