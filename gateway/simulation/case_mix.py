"""What patients have: rules of the triage, and how often each is met.

The shares are assumed. Needs, priority and "stabilise first" are those that the triage rules give.
"""

from dataclasses import dataclass
from importlib.resources import files

from shared import triage
from shared.emergency import Priority
from shared.errors import InvalidInput

# Of a thousand emergencies that somebody calls about: assumed after what emergency departments in
# the region report (injuries and obstetrics lead, then children and acute sickness). Referrals are
# not among them: here they follow from where a patient was sent.
PER_THOUSAND = {
    "labour": 130,
    "pregnancy-bleeding": 35,
    "pregnancy-fits": 15,
    "pregnancy-headache": 15,
    "pregnancy-belly": 20,
    "pregnancy-other": 20,
    "bleeding-pregnancy": 15,
    "newborn-sick": 30,
    "young-baby": 20,
    "injury-many": 25,
    "injury-high-energy": 75,
    "injury-fall": 40,
    "injury-penetrating": 25,
    "injury-head": 30,
    "injury-crush": 10,
    "injury-other": 90,
    "bleeding-injury": 30,
    "unresponsive-injury": 10,
    "burn-major": 15,
    "snakebite": 20,
    "bleeding-snakebite": 2,
    "fits-snakebite": 1,
    "poison": 20,
    "unresponsive-poison": 2,
    "chest-pain": 35,
    "stroke": 20,
    "throat": 10,
    "unresponsive": 25,
    "unresponsive-child": 10,
    "bleeding": 15,
    "fits": 15,
    "fits-child": 20,
    "child-not-drinking": 55,
    "assault": 10,
    "self-harm": 10,
    "sickness-other": 80,
}


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of emergency: what the rules say of it, and its share of all."""

    rule_id: str
    needs: int
    priority: Priority
    stabilise_first: bool
    share: float


@dataclass(frozen=True, slots=True)
class CaseMix:
    """The kinds of emergencies, and the version of the rules that they come from."""

    ruleset: str
    cases: tuple[Case, ...]


def case_mix(rules: triage.TriageRules) -> CaseMix:
    """The mix with the needs that these rules give.

    Raises InvalidInput when the rules have none of that id any more.
    """
    by_id = {rule.id: rule for rule in rules.rules}
    absent = PER_THOUSAND.keys() - by_id.keys()
    if absent:
        raise InvalidInput(
            f"The triage rules {rules.version} have no rule {min(absent)!r}, which the simulated "
            "patients follow; name the new one in gateway/simulation/case_mix.py."
        )
    total = sum(PER_THOUSAND.values())
    return CaseMix(
        rules.version,
        tuple(
            Case(
                rule_id=rule_id,
                needs=int(by_id[rule_id].needs),
                priority=by_id[rule_id].priority,
                stabilise_first=by_id[rule_id].stabilise_first,
                share=count / total,
            )
            for rule_id, count in PER_THOUSAND.items()
        ),
    )


def haven_case_mix() -> CaseMix:
    """The mix with the needs that Haven's own rules give."""
    source = files("shared") / "triage_rules.toml"
    return case_mix(triage.parse(source.read_text(encoding="utf-8")))
