"""Which hospital: the reference, scored over every candidate in plain Python.

Limits come first, the score ranks within them. Score = 0.40 × distance + 0.30 × capacity + 0.30 ×
specialty, used alone, sends 4-15 % of real Kenyan points over 100 km away and 4-7 % to a hospital
without a needed capability (measured on 771 real hospitals); hence the limits.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.capability import Capability
from shared.facility import Facility, weigh
from shared.geo import distance_m
from shared.hospital import TAKES_PATIENTS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.stabilising import stabiliser, stops
from shared.travel import TravelTime

_NOTHING = Capability(0)


class Role(StrEnum):
    """What a matched hospital is asked to do."""

    TREAT = "treat"
    STABILISE = "stabilise"  # it is much nearer; the capable one comes next
    LAST_RESORT = "last_resort"  # nothing capable is in reach: the least expected time to care


class Match(NamedTuple):
    """One hospital's place in a ranking, and why.

    `score` and its parts are 0 to 1. `tier` counts from 1; 0 is beyond every tier. `missing` and
    `unknown` are the needed capabilities that it is known not to have, and that nobody knows of.
    `expected_free_beds` is None when beds were never reported; `report_age_s` likewise.
    `assigned_since` counts the patients whom we sent there since its last report.
    `expected_care_min` is set for the last resort: minutes until somebody can treat, being moved
    on included. `by_road` is whether `travel_min` is a routing engine's time.
    """

    hospital_id: int
    role: Role
    score: float
    distance_part: float
    capacity_part: float
    specialty_part: float
    distance_m: float
    travel_min: float
    tier: int
    missing: Capability
    unknown: Capability
    staffed_beds: int | None
    expected_free_beds: float | None
    full: bool
    assigned_since: int
    report_age_s: float | None
    expected_care_min: float | None = None
    by_road: bool = False

    @property
    def order(self) -> tuple[float, float, int]:
        """The total order of a ranking: best score, then shortest time, then lowest id."""
        return -self.score, self.travel_min, self.hospital_id


def rank(
    query: MatchQuery,
    candidates: Iterable[tuple[Hospital, Availability]],
    policy: MatchPolicy,
    now: datetime,
    travel: TravelTime | None = None,
) -> list[Match]:
    """The hospitals to ask for this patient, best first.

    They are the ones that may be capable of the nearest reach tier that holds one of which all that
    is needed is known (or else of the nearest that holds any), in the order (-score, time, id);
    with `stabilise_first`, a much nearer facility with oxygen stands before them, and so does a
    hospital that a critical patient would pass on a long way. To go further, rank again with those
    already asked in `query.exclude`. Where nothing capable is in any tier, all open facilities are
    ranked by the least expected time to care. Empty only when no candidate is open. `travel`
    replaces the policy's own model, for instance to rank a shortlist again by real roads; whatever
    it raises passes through.
    """
    takes = [
        (hospital, availability)
        for hospital, availability in candidates
        if availability.status in TAKES_PATIENTS and hospital.id not in query.exclude
    ]
    away_m = [distance_m(query.lat, query.lon, hospital.lat, hospital.lon) for hospital, _ in takes]
    times: Sequence[float]
    if travel is None:
        pace, road_m = policy.travel.pace(query.urban, query.depart_at), policy.travel.road_m
        times = [pace.minutes(road_m(metres, query.radius_m)) for metres in away_m]
    else:
        times = travel.minutes(query.origin, [hospital for hospital, _ in takes], query.depart_at)
    opens_min, closes_min = policy.day_window_min(query.depart_at)
    needed = policy.weighed(int(query.needs))
    facilities = [
        weigh(query, needed, hospital, availability, metres, travel_min, policy, now)
        for (hospital, availability), metres, travel_min in zip(takes, away_m, times, strict=True)
        if hospital.open_24h is not False or opens_min <= travel_min <= closes_min
    ]
    return ranked(query, facilities, policy)


def ranked(query: MatchQuery, facilities: list[Facility], policy: MatchPolicy) -> list[Match]:
    """The ranking that `rank` makes of these facilities, which are open when the patient comes."""
    matches = treating(query, facilities, policy)
    if matches:
        return stabilised_first(query, facilities, matches, policy)
    return sorted(
        (_last_resort(facility, policy) for facility in _not_full(facilities)),
        key=lambda match: match.order,
    )


def treating(
    query: MatchQuery, facilities: list[Facility], policy: MatchPolicy, limit: int | None = None
) -> list[Match]:
    """Those that may be capable of the nearest reach tier that counts, best first, `limit` of them
    at most; empty where no tier holds one.
    """
    tiers = policy.tiers_min[query.priority]
    in_reach = _not_full(
        [
            facility
            for facility in facilities
            if not facility.missing
            and facility.hospital.level >= policy.lowest_level
            and facility.travel_min <= tiers[-1]
        ]
    )
    if not in_reach:
        return []
    known = [facility for facility in in_reach if not facility.unknown]
    nearest_min = min(facility.travel_min for facility in known or in_reach)
    tier, reach_min = next(
        (number, reach) for number, reach in enumerate(tiers, start=1) if nearest_min <= reach
    )
    ordered = sorted(
        (-score(facility, reach_min, policy), facility.travel_min, facility.hospital.id, number)
        for number, facility in enumerate(in_reach)
        if facility.travel_min <= reach_min
    )
    return [
        _match(in_reach[number], Role.TREAT, tier, reach_min, policy)
        for *_, number in ordered[:limit]
    ]


def stabilised_first(
    query: MatchQuery, facilities: list[Facility], matches: list[Match], policy: MatchPolicy
) -> list[Match]:
    """The same matches behind the facility that stabilises the patient on the way, if there is one
    among these.
    """
    best = matches[0]
    reasons = stops(query, best.tier, policy)
    nearest = stabiliser(reasons, facilities, best.travel_min, policy)
    if nearest is None:
        return matches
    can_treat = not (nearest.missing or nearest.unknown or nearest.full)
    role = Role.TREAT if can_treat else Role.STABILISE
    reach_min = policy.tiers_min[query.priority][best.tier - 1]
    first = _match(nearest, role, best.tier, reach_min, policy)
    return [first, *(match for match in matches if match.hospital_id != first.hospital_id)]


def _not_full(facilities: list[Facility]) -> list[Facility]:
    """Those with room; all of them where none has any."""
    return [facility for facility in facilities if not facility.full] or facilities


def score(facility: Facility, reach_min: float, policy: MatchPolicy) -> float:
    """The weighted sum of the three parts, 0 to 1, in a tier that reaches so far."""
    return (
        policy.distance_weight * max(1.0 - facility.travel_min / reach_min, 0.0)
        + policy.capacity_weight * facility.capacity_part
        + policy.specialty_weight * facility.specialty_part
    )


def _match(
    facility: Facility, role: Role, tier: int, reach_min: float, policy: MatchPolicy
) -> Match:
    return Match(
        hospital_id=facility.hospital.id,
        role=role,
        score=score(facility, reach_min, policy),
        distance_part=max(1.0 - facility.travel_min / reach_min, 0.0),
        capacity_part=facility.capacity_part,
        specialty_part=facility.specialty_part,
        distance_m=facility.distance_m,
        travel_min=facility.travel_min,
        tier=tier,
        # Making a flag of a number takes as long as a distance.
        missing=Capability(facility.missing) if facility.missing else _NOTHING,
        unknown=Capability(facility.unknown) if facility.unknown else _NOTHING,
        staffed_beds=facility.staffed_beds,
        expected_free_beds=facility.expected_free_beds,
        full=facility.full,
        assigned_since=facility.assigned_since,
        report_age_s=facility.report_age_s,
    )


def _last_resort(facility: Facility, policy: MatchPolicy) -> Match:
    """Scored by the expected time to care alone: the way there, being moved on as likely as needed
    capabilities are missing or unknown, and what a dispensary cannot even begin.
    """
    care_min = facility.travel_min + (1.0 - facility.specialty_part) * policy.referral_min
    if facility.hospital.level < policy.lowest_level:
        care_min += policy.below_level_min
    match = _match(facility, Role.LAST_RESORT, 0, policy.referral_min, policy)
    return match._replace(
        score=policy.referral_min / (policy.referral_min + care_min),
        distance_part=0.0,
        expected_care_min=care_min,
    )
