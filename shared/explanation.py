"""A match in words: for the nurse or operator who acts on it, and for the patient who goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from shared.capability import Capability, codes
from shared.facility import Facility, weigh
from shared.geo import distance_m
from shared.gsm import SINGLE_SEPTETS, clip, septets, to_gsm
from shared.hospital import STOCK, TAKES_PATIENTS, UNITS, Availability, Hospital, HospitalStatus
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, Role

# Beyond this nobody counts on the minutes of a model.
_VERY_FAR_MIN = 600
_DAY_MIN = 1440
# What was counted before is a rumour, whatever was expected to happen since.
_OLD_REPORT_S = 12 * 3600
# A nurse asks why not the hospital next door: the one, and perhaps the other.
_PASSED_OVER = 2
_PASSED_OVER_LEVEL = 4
_OXYGEN = int(Capability.OXYGEN)
_STOCK = int(STOCK)
# Where the code itself is not how staff say it.
_WORDS = {
    "emergency_24h": "emergency department day and night",
    "ct": "CT",
    "xray": "X-ray",
    "bemonc": "basic obstetrics (BEmONC)",
    "cemonc": "caesarean (CEmONC)",
    "icu_adult": "intensive care for adults",
    "icu_paediatric": "intensive care for children",
    "burns": "burns unit",
    "stroke": "stroke unit",
    "cardiac": "cardiac unit",
    "paediatrics": "children's ward",
    "rabies_prophylaxis": "rabies vaccine",
}


def explain(
    match: Match,
    hospital: Hospital,
    query: MatchQuery | None = None,
    availability: Availability | None = None,
    *,
    asks_roads: bool = False,
) -> tuple[str, ...]:
    """Why this hospital, in short sentences that a nurse can read; with the query and the
    availability that it was matched by, also what it has and what is out of order; with
    `asks_roads`, where a routing engine is set up, a time that is not by road says so.
    """
    lines = [_role_sentence(match, hospital), _way_sentence(match, asks_roads)]
    if match.expected_care_min is not None:
        lines.append(
            f"Until somebody can treat, about {_duration(match.expected_care_min)} in all, being "
            "moved on included."
        )
    # Plain integers: arithmetic on flags is twenty times slower.
    lacking, unknown = int(match.missing), int(match.unknown)
    out_of_order = lacking & hospital.imposed_lacks
    reported = lacking & ~hospital.lacks
    full_units, used_up = reported & UNITS, reported & _STOCK
    missing = lacking & ~out_of_order & ~reported
    if query is not None:
        there = query.needs & ~lacking & ~unknown
        if there:
            lines.append(f"Has: {_words(there)}.")
    if missing:
        lines.append(f"Does not have: {_words(missing)}.")
    if full_units:
        lines.append(f"Full, by its own count: {_words(full_units)}.")
    if used_up:
        lines.append(f"Used up, by its own report: {_words(used_up)}.")
    if out_of_order:
        lines.append(f"Out of order, as operators set: {_words(out_of_order)}.")
    if unknown:
        lines.append(f"Not known, so ask: {_words(unknown)}.")
    lines.append(_beds_sentence(match))
    if match.assigned_since > 0:
        lines.append(f"Patients whom Haven sent since then: {match.assigned_since}.")
    if query is not None and query.mass_casualty:
        lines.append("Many are hurt: hospitals are asked to make room.")
    if availability is not None and availability.status is HospitalStatus.ADVISORY:
        lines.append("It asks for patience: expect to wait (advisory).")
    if hospital.open_24h is None:
        lines.append("Not known whether it is open at night.")
    if not hospital.reachable:
        lines.append("No tested channel to it: operators phone it, it is not yet informed.")
    return tuple(lines)


def explain_to_patient(match: Match, hospital: Hospital) -> str:
    """The same for the patient: calm, without any fact about them, in one text message.

    Nothing here may frighten or turn somebody away: not that a ward is full, nor that a place has
    not what they need. Whoever arrives is helped; where that may not be all, they read that they
    are helped on from there.
    """
    way = (
        f"about {_duration(match.travel_min)} away"
        if match.travel_min < _VERY_FAR_MIN
        else "a long way away"
    )
    opening = ", open day and night" if hospital.open_24h else ""
    rest = f": {way}{opening}{_FOR_PATIENT[_patient_case(match)]}"
    room = SINGLE_SEPTETS - (septets(rest) or len(rest))
    return clip(to_gsm(hospital.name), room) + rest


_FOR_PATIENT = {
    "sure": ", has what is needed.",
    "unsure": ". The staff there will see you and tell you if you need another place.",
    "first": ". Go here first: the staff start to help, and then help you onward.",
    "last": ". Help is soonest here; the staff will help you onward if that is needed.",
}


def _patient_case(match: Match) -> str:
    if match.role is Role.STABILISE:
        return "first"
    if match.role is Role.LAST_RESORT:
        return "last"
    return "unsure" if match.unknown or match.full else "sure"


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A nearer hospital that is not the first, and why."""

    hospital_id: int
    name: str
    travel_min: float
    reason: str


def passed_over(
    query: MatchQuery,
    candidates: Iterable[tuple[Hospital, Availability]],
    policy: MatchPolicy,
    now: datetime,
    match: Match,
) -> list[PassedOver]:
    """The nearest hospitals of level 4 and above, two at most, that are nearer than `match` and
    stand behind it, or were left out. For people who ask: no ranking needs it.
    """
    nearer = [
        (hospital, availability)
        for hospital, availability in candidates
        if hospital.level >= _PASSED_OVER_LEVEL and hospital.id != match.hospital_id
    ]
    times = policy.travel.minutes(
        query.origin, [hospital for hospital, _ in nearer], query.depart_at
    )
    nearest = sorted(
        (minutes, hospital.id, hospital, availability)
        for (hospital, availability), minutes in zip(nearer, times, strict=True)
        if minutes < match.travel_min
    )[:_PASSED_OVER]
    needed = policy.weighed(int(query.needs))
    found = []
    for minutes, hospital_id, hospital, availability in nearest:
        metres = distance_m(query.lat, query.lon, hospital.lat, hospital.lon)
        facility = weigh(query, needed, hospital, availability, metres, minutes, policy, now)
        reason = _why_not(query, facility, availability, policy)
        found.append(PassedOver(hospital_id, hospital.name, minutes, reason))
    return found


def passed_over_sentence(nearer: Sequence[PassedOver]) -> str:
    """One sentence for operators; empty when nobody was passed over."""
    names = ", ".join(f"{each.name} ({each.reason})" for each in nearer)
    return f"Nearer, but not first: {names}." if names else ""


def _why_not(
    query: MatchQuery, facility: Facility, availability: Availability, policy: MatchPolicy
) -> str:
    hospital = facility.hospital
    opens_min, closes_min = policy.day_window_min(query.depart_at)
    if hospital.id in query.exclude:
        return "asked already"
    if availability.status not in TAKES_PATIENTS:
        return availability.status.value
    if hospital.open_24h is False and not opens_min <= facility.travel_min <= closes_min:
        return "closed at that time"
    if facility.missing:
        out_of_order = facility.missing & hospital.imposed_lacks
        full_units = facility.missing & ~hospital.lacks & UNITS
        if out_of_order:
            return f"out of order: {_words(out_of_order)}"
        if full_units:
            return f"full: {_words(full_units)}"
        return f"no {_words(facility.missing, ' or ')}"
    if facility.full:
        return "full"
    if facility.unknown:
        return f"not known: {_words(facility.unknown)}"
    return "fewer free beds, as far as is known"


def _role_sentence(match: Match, hospital: Hospital) -> str:
    if match.role is Role.TREAT:
        if match.unknown:
            return "May be able to treat: ask about what is not known."
        return "Can treat, as far as is known."
    if match.role is Role.LAST_RESORT:
        return "Nothing capable is in reach: here care is expected soonest."
    oxygen = "Much nearer and has oxygen" if hospital.has & _OXYGEN else "Much nearer"
    return f"{oxygen}: stabilises first, then the next hospital treats."


def _way_sentence(match: Match, asks_roads: bool) -> str:
    roads = "; roads are not known" if asks_roads and not match.by_road else ""
    if match.travel_min >= _VERY_FAR_MIN:
        way = " by road" if match.by_road else ""
        return f"Very far{way}: {match.distance_m / 1000:.0f} km as the crow flies{roads}."
    km = f"{match.distance_m / 1000:.1f} km as the crow flies"
    way = "by road" if match.by_road else "away"
    return f"About {_duration(match.travel_min)} {way} ({km}){roads}."


def _duration(minutes: float) -> str:
    """Whole minutes up to an hour and a half, then hours and tens of minutes."""
    whole = max(round(minutes), 1)
    if whole < 90:
        return f"{whole} min"
    if whole >= _DAY_MIN:
        return f"{whole / 60:.0f} h"
    hours, tens = divmod(round(minutes / 10), 6)
    return f"{hours} h {tens * 10} min" if tens else f"{hours} h"


@lru_cache
def _words(mask: int, before_last: str = ", ") -> str:
    *words, last = (_WORDS.get(code, code.replace("_", " ")) for code in codes(mask))
    return before_last.join((", ".join(words), last)) if words else last


def _beds_sentence(match: Match) -> str:
    if match.expected_free_beds is None or match.report_age_s is None:
        return "Never reported its beds."
    of_all = "" if match.staffed_beds is None else f" of {match.staffed_beds}"
    ago = _duration(match.report_age_s / 60)
    if match.full:
        return f"Full, by its report of {ago} ago."
    if match.report_age_s > _OLD_REPORT_S:
        return f"Its last report of beds is {ago} old: ask."
    beds = f"About {match.expected_free_beds:.0f}{of_all} beds free now"
    return f"{beds}, reckoned from its report of {ago} ago."
