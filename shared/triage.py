"""Triage: from a caller's answers to a priority, a kind and what the hospital must be able to do.

The rules are data (`triage_rules.toml`), so that a clinician can replace them without code. Each
has an id, and id and version stay with the emergency. The clinical facts come from the
Interagency Integrated Triage Tool (WHO, ICRC, MSF) and the South African Triage Scale; asking a
caller is our adaptation.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from shared.capability import Capability, mask
from shared.emergency import Kind, Priority
from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the rules: what must have been answered, and what follows from it."""

    id: str
    when: Mapping[str, str]
    kind: Kind
    priority: Priority
    needs: Capability
    # Airway, breathing or uncontrolled bleeding: the nearest place with oxygen stabilises first.
    stabilise_first: bool
    advice: str


@dataclass(frozen=True, slots=True)
class Triage:
    """What the rules say of these answers, and which rule of which version said it."""

    kind: Kind
    priority: Priority
    needs: Capability
    stabilise_first: bool
    advice: str
    rule_id: str
    ruleset: str

    @property
    def armed(self) -> bool:
        """True when a hospital must hear of it as soon as a place is known."""
        return self.priority is Priority.CRITICAL


@dataclass(frozen=True, slots=True)
class TriageRules:
    """A whole rule set. The first rule whose conditions all hold decides; the last has none."""

    version: str
    # Empty until a named clinician of the deploying country signs this version.
    signed_by: str
    rules: tuple[Rule, ...]

    def triage(self, answers: Mapping[str, str]) -> Triage:
        """The triage for these answers, such as `{"sign": "bleeding", "cause": "injury"}`."""
        rule = next(
            rule
            for rule in self.rules
            if all(answers.get(question) == value for question, value in rule.when.items())
        )
        return Triage(
            kind=rule.kind,
            priority=rule.priority,
            needs=rule.needs,
            stabilise_first=rule.stabilise_first,
            advice=rule.advice,
            rule_id=rule.id,
            ruleset=self.version,
        )

    def details_of(self, sign: str) -> tuple[str, ...]:
        """The details that rules tell apart for this sign, in their order."""
        details = [rule.when.get("detail") for rule in self.rules if rule.when.get("sign") == sign]
        return tuple(detail for detail in details if detail is not None)


def parse(text: str) -> TriageRules:
    """The rule set in this TOML text.

    Raises InvalidInput naming the rule and the field at fault; also when the last rule is not a
    catch-all, or lets an unknown sickness be less than high.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"The triage rules are not TOML: {error}") from None
    rules = []
    seen: set[str] = set()
    for position, row in enumerate(document.get("rule", []), start=1):
        name = row.get("id", f"number {position}")
        try:
            rule = Rule(
                id=row["id"],
                when=dict(row.get("when", {})),
                kind=Kind[row["kind"].upper()],
                priority=Priority[row["priority"].upper()],
                needs=mask(row["needs"]),
                stabilise_first=row.get("stabilise_first", False),
                advice=row["advice"],
            )
        except KeyError as error:
            raise InvalidInput(f"Triage rule {name}: {error} is missing or unknown.") from None
        except InvalidInput as error:
            raise InvalidInput(f"Triage rule {name}: {error}") from None
        if rule.id in seen:
            raise InvalidInput(f"Triage rule {name}: the id stands twice.")
        seen.add(rule.id)
        rules.append(rule)
    if not rules or rules[-1].when:
        raise InvalidInput(
            "The last triage rule must have no condition, so that every answer is triaged."
        )
    if rules[-1].priority is Priority.MEDIUM:
        raise InvalidInput("The last triage rule must be at least high: unknown is never medium.")
    return TriageRules(
        version=document["version"], signed_by=document.get("signed_by", ""), rules=tuple(rules)
    )
