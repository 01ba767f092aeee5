"""What the simulation takes for granted, each with its source, or the word "assumed"."""

from dataclasses import dataclass

from gateway.simulation import case_mix, geography, hidden, journey, trace
from gateway.simulation.settings import Settings
from shared.capability import Capability, code
from shared.emergency import Priority
from shared.match_policy import MatchPolicy

_ASSUMED = "assumed"
_REGISTER = (
    "levels 3 and 4: the share among those of which the register of May 2020 knows it; others: "
    "assumed"
)
_FACTS = {
    Capability.ANTIVENOM: (
        "in stock at 45 % of public and 19 % of private facilities (project's facts on Kenya); how "
        "long it lasts: assumed"
    ),
    Capability.OXYGEN: (
        "58 % of hospital beds are in a hospital with oxygen (project's facts on Kenya); by level: "
        "assumed"
    ),
}


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing taken for granted."""

    what: str
    value: str
    source: str


def assumptions(settings: Settings, policy: MatchPolicy, ruleset: str) -> tuple[Assumption, ...]:
    """All of them, as a reader needs them to judge the figures."""
    return (
        *_patients(ruleset),
        *_hospitals(settings),
        *_ways(policy),
        *_journeys(),
        *_capabilities(),
    )


def _patients(ruleset: str) -> tuple[Assumption, ...]:
    mix = ", ".join(f"{rule} {count}" for rule, count in case_mix.PER_THOUSAND.items())
    stays = ", ".join(f"{each.name.lower()} {trace.STAY_H[each]:g} h" for each in Priority)
    return (
        Assumption(
            "Needs, priority and who is stabilised first",
            f"as the triage rules {ruleset} give them",
            "shared/triage_rules.toml",
        ),
        Assumption("Kinds of emergencies, per thousand, by triage rule", mix, _ASSUMED),
        Assumption(
            "Where patients come from",
            "every ward alike (wards are drawn for like populations), at every hour alike; half of "
            "them within the ward's radius of its middle. The gateway knows the ward only",
            _ASSUMED,
        ),
        Assumption(
            "How long a patient needs an emergency bed", f"exponential, mean {stays}", _ASSUMED
        ),
    )


def _hospitals(settings: Settings) -> tuple[Assumption, ...]:
    stock = ", ".join(
        f"{code(capability)} {share:.0%} of the time, out of it for {days:g} days on average"
        for capability, (share, days) in hidden.IN_STOCK.items()
    )
    return (
        Assumption("What the register knows", "is right, but for stocks that run out", _ASSUMED),
        Assumption(
            "Staffed emergency beds",
            f"{trace.EMERGENCY_SHARE:.0%} of a house's beds, {trace.FEWEST_BEDS} or more; where "
            "the register counts none, its level's median",
            "beds: the register; the share: assumed",
        ),
        Assumption(
            "Load",
            "the mean share of beds that are taken by patients who come without us; "
            f"± {trace.LOAD_SPREAD:g} between hospitals (one standard deviation); they stay "
            f"{trace.BACKGROUND_STAY_H:g} h on average, and go elsewhere when no bed is free",
            _ASSUMED,
        ),
        Assumption(
            "Reports",
            f"{1 - settings.missing_reports:.0%} of facilities report their beds, every "
            f"{settings.report_age_h * 2:g} h, so that a report is {settings.report_age_h:g} h old "
            f"on average; {settings.stock_reports:.0%} of those report their stock too",
            "settings of this run; nothing in Haven takes stock reports yet",
        ),
        Assumption("Stocks that run out", f"whoever keeps it has {stock}; exponential", _ASSUMED),
        Assumption(
            "Open at night where the register does not say",
            f"{hidden.OPEN_AT_NIGHT[0]:.0%} at level 3 and below, {hidden.OPEN_AT_NIGHT[1]:.0%} at "
            f"level 4, {hidden.OPEN_AT_NIGHT[2]:.0%} above; others on weekdays by day",
            _ASSUMED,
        ),
    )


def _ways(policy: MatchPolicy) -> tuple[Assumption, ...]:
    travel = policy.travel
    return (
        Assumption(
            "Travel time",
            f"the gateway's own model (great circle × {travel.detour:g}, the first "
            f"{travel.stretch_m / 1000:g} km at {travel.unknown_kmh:g} km/h, then "
            f"{travel.rural_kmh:g}) is right on average; each road differs from it by a factor of "
            f"e^±{geography.ROAD_SPREAD:g}, each vehicle by e^±{geography.VEHICLE_SPREAD:g} (one "
            "standard deviation)",
            _ASSUMED,
        ),
        Assumption(
            "Setting out", "at once: the wait for a first vehicle is the same for all", _ASSUMED
        ),
    )


def _journeys() -> tuple[Assumption, ...]:
    return (
        Assumption(
            "The plain 40/30/30",
            "the score with the settings that Haven began with, whatever Haven is set to now; its "
            "distance part is 1 − t/T, and 0 beyond. T is 2 h: there it sends a tenth of the "
            "patients over 100 km away, as the score alone was measured to do (4 to 15 %); 1 h and "
            "4 h beside it",
            _ASSUMED,
        ),
        Assumption(
            "What hospitals have shown",
            "Haven remembers who treated whom, and whose equipment was missing for whom; the "
            "forgetful row does not, nor do the others",
            "gateway.hospitals.experience",
        ),
        Assumption(
            "A hospital that cannot treat",
            f"takes {journey.FIND_OUT_MIN:g} min to find that out; one whose door is closed "
            f"{journey.CLOSED_MIN:g}",
            _ASSUMED,
        ),
        Assumption(
            "A hospital that is full",
            f"the patient waits up to {journey.WAIT_FOR_BED_MIN:g} min for a bed",
            _ASSUMED,
        ),
        Assumption(
            "Being moved on",
            f"to whom the same policy names next, without those tried; {journey.VEHICLE_MIN:g} min "
            "for a vehicle, and the way from there. No hospital is told what another has learnt",
            _ASSUMED,
        ),
        Assumption(
            "Care",
            "begins in a free bed where all that is needed is there at that moment; whoever has "
            f"none after {journey.LIMIT_MIN / 60:g} h counts with {journey.LIMIT_MIN:g} min",
            _ASSUMED,
        ),
        Assumption(
            "Answers before setting out (only where a policy's name says so)",
            f"{trace.ANSWERING:.0%} of facilities say within {journey.ANSWER_MIN:g} min that they "
            f"cannot treat or are full; up to {journey.MOST_ANSWERS} answers are waited for",
            _ASSUMED,
        ),
    )


def _capabilities() -> tuple[Assumption, ...]:
    listed = [
        Assumption(
            f"Has {code(capability)} where the register does not say (public / other)",
            "; ".join(
                f"{level} {public:.0%} / {other:.0%}"
                for level, (public, other) in zip(
                    ("level 3 and below", "level 4", "above"), chances, strict=True
                )
            ),
            _REGISTER if capability in hidden.REGISTER else _FACTS.get(capability, _ASSUMED),
        )
        for capability, chances in hidden.CHANCES.items()
    ]
    return (
        *listed,
        Assumption(
            "What belongs together is found together",
            f"correlation {hidden.CORRELATION:g} between a facility's answers, and with what the "
            "register knows of it",
            _ASSUMED,
        ),
    )
