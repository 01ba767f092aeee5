"""Rankings by road: the best 20 by the default model, ranked again by the times that are known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Protocol

from gateway.hospitals.matching_arrays import MatchingArrays
from gateway.travel.road_times import KnownRoads, Wanted
from shared.capability import Capability, mask
from shared.emergency import Priority
from shared.hospital import TAKES_PATIENTS, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, rank

_RANKED_AGAIN = 20
# Before anybody knows what a patient needs: what is near, and what the worst cases need. With the
# patient they stay within 50 places, which is what some engines allow by default.
_NEAREST = 24
_WORST_CASE = int(mask(("emergency_24h", "theatre", "blood", "oxygen")))
# Among so many around a place are nearly always enough that take emergencies.
_LOOKED_AT = 200
_OXYGEN = int(Capability.OXYGEN)
_WITH_OXYGEN = 4


class Roads(Protocol):
    """See `gateway.travel.road_times.RoadTimes`."""

    def known(self, query: MatchQuery) -> Mapping[int, float | None]: ...

    def want(self, query: MatchQuery) -> None: ...


def rank_by_road(
    arrays: MatchingArrays,
    query: MatchQuery,
    policy: MatchPolicy,
    now: datetime,
    limit: int,
    roads: Roads,
) -> list[Match]:
    """The first `limit` matches by road where roads are known, and otherwise as `arrays.rank` has
    them. What is missing is wanted from `roads`; nobody waits for it.

    The reference ranks the best 20 by the default model and nobody else: a hospital beyond them may
    be nearer by road. A hospital that no road leads to comes only when all others have been asked.
    Where roads would leave nobody, the default model decides.
    """
    known = roads.known(query)
    if all(minutes is None for minutes in known.values()):
        if not known:
            roads.want(query)
        return arrays.rank(query, policy, now, limit)
    ids = _best(arrays, query, policy, now, max(limit, _RANKED_AGAIN))
    if any(hospital_id not in known for hospital_id in ids):
        roads.want(query)
    travel = KnownRoads(known, policy.travel)
    pairs = [arrays.get(hospital_id) for hospital_id in ids]
    matches = [
        match._replace(by_road=travel.is_by_road(match.hospital_id))
        for match in rank(query, pairs, policy, now, travel)
        if isfinite(match.travel_min)
    ]
    return matches[:limit] or arrays.rank(query, policy, now, limit)


def worth_asking(
    arrays: MatchingArrays, wanted: Wanted, policy: MatchPolicy, now: datetime
) -> list[Hospital]:
    """The hospitals whose times by road a ranking of what is wanted may need."""
    lat, lon = wanted.cell.centre
    ids: dict[int, None] = {}
    query = wanted.query
    if query is None:
        near = [
            hospital.id
            for hospital, availability in arrays.nearest(lat, lon, _LOOKED_AT)
            if hospital.level >= policy.lowest_level and availability.status in TAKES_PATIENTS
        ]
        ids.update(dict.fromkeys(near[:_NEAREST]))
        query = MatchQuery(lat, lon, 0, _WORST_CASE, Priority.CRITICAL, wanted.depart_at)
    ids.update(dict.fromkeys(_best(arrays, query, policy, now, _RANKED_AGAIN)))
    return [arrays.get(hospital_id)[0] for hospital_id in ids]


def _best(
    arrays: MatchingArrays, query: MatchQuery, policy: MatchPolicy, now: datetime, count: int
) -> list[int]:
    """The ids of the best by the default model, in the order in which they would be asked, and for
    whoever is to be stabilised first the nearest with oxygen as well.
    """
    ids: dict[int, None] = {}
    while len(ids) < count:
        # One ranking names the nearest tier only.
        asked = replace(query, exclude=query.exclude | ids.keys())
        further = arrays.rank(asked, policy, now, count - len(ids))
        if not further:
            break
        ids.update((match.hospital_id, None) for match in further)
    if query.stabilise_first:
        with_oxygen = [
            hospital.id
            for hospital, availability in arrays.nearest(query.lat, query.lon, _LOOKED_AT)
            if hospital.has & _OXYGEN
            and hospital.level >= policy.lowest_level
            and availability.status in TAKES_PATIENTS
            and hospital.id not in query.exclude
        ]
        ids.update(dict.fromkeys(with_oxygen[:_WITH_OXYGEN]))
    return list(ids)
