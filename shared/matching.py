"""Which hospital: the reference, scored over every candidate in plain Python.

Limits come first, the score ranks within them. Score = 0.40 × distance + 0.30 × capacity + 0.30 ×
specialty, used alone, sends 4-15 % of real Kenyan points over 100 km away and 4-7 % to a hospital
without a needed capability (measured on 771 real hospitals); hence the limits.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.capability import Capability, codes
from shared.facility import Facility, weigh
from shared.hospital import TAKES_PATIENTS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.travel import TravelTime

# A plain integer: arithmetic on flags is twenty times slower.
_OXYGEN = int(Capability.OXYGEN)


class Role(StrEnum):
    """What a matched hospital is asked to do."""

    TREAT = "treat"
    STABILISE = "stabilise"  # it is much nearer; the capable one is told as the next
    LAST_RESORT = "last_resort"  # nothing capable is in reach: the least expected time to care


class Match(NamedTuple):
    """One hospital's place in a ranking, and why.

    `score` and its parts are 0 to 1. `tier` counts from 1; 0 is beyond every tier. `missing` and
    `unknown` are the needed capabilities that it is known not to have, and that nobody knows of.
    `expected_free_beds` is None when beds were never reported; `report_age_s` likewise.
    `assigned_since` counts the patients whom we sent there since its last report.
    `expected_care_min` is set for the last resort: minutes until somebody can treat, being moved
    on included.
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

    They are the capable ones of the nearest reach tier that holds any, in the order (-score, time,
    id); with `stabilise_first`, a much nearer facility with oxygen stands before them. To go
    further, rank again with those already asked in `query.exclude`. Where nothing capable is in any
    tier, all open facilities are ranked by the least expected time to care. Empty only when no
    candidate is open. `travel` replaces the policy's own model, for instance to rank a shortlist
    again by real roads; whatever it raises passes through.
    """
    takes = [
        (hospital, availability)
        for hospital, availability in candidates
        if availability.status in TAKES_PATIENTS and hospital.id not in query.exclude
    ]
    model = policy.travel if travel is None else travel
    times = model.minutes(query.origin, [hospital for hospital, _ in takes], query.depart_at)
    opens_min, closes_min = policy.day_window_min(query.depart_at)
    needed = tuple(Capability(query.needs))
    facilities = [
        weigh(query, needed, hospital, availability, travel_min, policy, now)
        for (hospital, availability), travel_min in zip(takes, times, strict=True)
        if hospital.open_24h is not False or opens_min <= travel_min <= closes_min
    ]
    return ranked(query, facilities, policy)


def ranked(query: MatchQuery, facilities: list[Facility], policy: MatchPolicy) -> list[Match]:
    """The ranking that `rank` makes of these facilities, which are open when the patient comes."""
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
        return sorted(
            (_last_resort(facility, policy) for facility in _not_full(facilities)),
            key=lambda match: match.order,
        )
    nearest_min = min(facility.travel_min for facility in in_reach)
    tier, reach_min = next(
        (number, limit) for number, limit in enumerate(tiers, start=1) if nearest_min <= limit
    )
    matches = sorted(
        (
            _match(facility, Role.TREAT, tier, reach_min, policy)
            for facility in in_reach
            if facility.travel_min <= reach_min
        ),
        key=lambda match: match.order,
    )
    if not query.stabilise_first:
        return matches
    return _with_stabiliser(matches, facilities, tier, reach_min, policy)


def _not_full(facilities: list[Facility]) -> list[Facility]:
    """Those with room; all of them where none has any."""
    return [facility for facility in facilities if not facility.full] or facilities


def score(facility: Facility, distance_part: float, policy: MatchPolicy) -> float:
    """The weighted sum of the three parts, 0 to 1."""
    return (
        policy.distance_weight * distance_part
        + policy.capacity_weight * facility.capacity_part
        + policy.specialty_weight * facility.specialty_part
    )


def _match(
    facility: Facility, role: Role, tier: int, reach_min: float, policy: MatchPolicy
) -> Match:
    distance_part = max(1.0 - facility.travel_min / reach_min, 0.0)
    return Match(
        hospital_id=facility.hospital.id,
        role=role,
        score=score(facility, distance_part, policy),
        distance_part=distance_part,
        capacity_part=facility.capacity_part,
        specialty_part=facility.specialty_part,
        distance_m=facility.distance_m,
        travel_min=facility.travel_min,
        tier=tier,
        missing=Capability(facility.missing),
        unknown=Capability(facility.unknown),
        staffed_beds=facility.staffed_beds,
        expected_free_beds=facility.expected_free_beds,
        full=facility.full,
        assigned_since=facility.assigned_since,
        report_age_s=facility.report_age_s,
    )


def _last_resort(facility: Facility, policy: MatchPolicy) -> Match:
    """Scored by the expected time to care alone: the way there, and being moved on as likely as
    needed capabilities are missing or unknown.
    """
    care_min = facility.travel_min + (1.0 - facility.specialty_part) * policy.referral_min
    match = _match(facility, Role.LAST_RESORT, 0, policy.referral_min, policy)
    return match._replace(
        score=policy.referral_min / (policy.referral_min + care_min),
        distance_part=0.0,
        expected_care_min=care_min,
    )


def _with_stabiliser(
    matches: list[Match],
    facilities: list[Facility],
    tier: int,
    reach_min: float,
    policy: MatchPolicy,
) -> list[Match]:
    """The ranking with the nearest open facility that has oxygen in front, if it is so much nearer
    than the best match that stabilising there first saves the patient.
    """
    with_oxygen = [
        facility
        for facility in facilities
        if facility.has & _OXYGEN and facility.hospital.level >= policy.lowest_level
    ]
    nearest = min(
        with_oxygen,
        key=lambda facility: (facility.travel_min, facility.hospital.id),
        default=None,
    )
    limit_min = matches[0].travel_min - policy.stabilise_nearer_min
    if nearest is None or nearest.travel_min > limit_min:
        return matches
    can_treat = not (nearest.missing or nearest.unknown or nearest.full)
    role = Role.TREAT if can_treat else Role.STABILISE
    first = _match(nearest, role, tier, reach_min, policy)
    return [first, *(match for match in matches if match.hospital_id != first.hospital_id)]


def explain(match: Match, hospital: Hospital) -> tuple[str, ...]:
    """Why this hospital, in short sentences that a nurse can read."""
    lines = [_ROLE_SENTENCES[match.role]]
    lines.append(
        f"About {match.travel_min:.0f} min away ({match.distance_m / 1000:.1f} km as the crow "
        "flies)."
        if match.travel_min < 600
        else f"Very far: {match.distance_m / 1000:.0f} km as the crow flies."
    )
    if match.missing:
        lines.append(f"Does not have: {_words(match.missing)}.")
    if match.unknown:
        lines.append(f"Not known, so ask: {_words(match.unknown)}.")
    lines.append(_beds_sentence(match))
    if match.assigned_since > 0:
        lines.append(f"Patients whom Haven sent since then: {match.assigned_since}.")
    if hospital.open_24h is None:
        lines.append("Not known whether it is open at night.")
    if not hospital.reachable:
        lines.append("No tested channel to it: operators phone it, it is not yet informed.")
    return tuple(lines)


_ROLE_SENTENCES = {
    Role.TREAT: "Can treat, as far as is known.",
    Role.STABILISE: "Much nearer and has oxygen: stabilises first, then the next hospital treats.",
    Role.LAST_RESORT: "Nothing capable is in reach: here care is expected soonest.",
}


def _words(mask: Capability) -> str:
    return ", ".join(code.replace("_", " ") for code in codes(mask))


def _beds_sentence(match: Match) -> str:
    if match.expected_free_beds is None or match.report_age_s is None:
        return "Never reported its beds."
    of_all = "" if match.staffed_beds is None else f" of {match.staffed_beds}"
    age = timedelta(seconds=int(match.report_age_s))
    hours = match.report_age_s / 3600
    ago = f"{age.seconds // 60} min" if hours < 1 else f"{hours:.0f} h"
    state = "Full" if match.full else f"About {match.expected_free_beds:.0f}{of_all} beds free"
    return f"{state}, by its report of {ago} ago."
