"""Triage: from a caller's answers to a priority, a kind and what the hospital must be able to do.

The rules are data (`triage_rules.toml`), so that a clinician can replace them without code. Each
has an id, and id and version stay with the emergency. The clinical facts come from the
Interagency Integrated Triage Tool (WHO, ICRC, MSF) and the South African Triage Scale; asking a
caller is our adaptation.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    _only(document, {*_HEAD, "rule"}, "The triage rules")
    head = {"signed_by": "", **document}
    version, signed_by = (_text(head, name, "The triage rules", _HEAD[name]) for name in _HEAD)
    rules: list[Rule] = []
    rows = document.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput("The triage rules: write each rule below a line [[rule]].")
    for position, row in enumerate(rows, start=1):
        rule = _rule(row, f"Triage rule {row.get('id', f'number {position}')}")
        if any(rule.id == other.id for other in rules):
            raise InvalidInput(f"Triage rule {rule.id}: the id stands twice.")
        rules.append(rule)
    if not rules or rules[-1].when:
        raise InvalidInput(
            "The last triage rule must have no condition, so that every answer is triaged."
        )
    if rules[-1].priority is Priority.MEDIUM:
        raise InvalidInput("The last triage rule must be at least high: unknown is never medium.")
    return TriageRules(version=version, signed_by=signed_by, rules=tuple(rules))


# The texts and how long each may be: what stays with an emergency has a width of its own there.
_HEAD = {"version": 24, "signed_by": 200}
_TEXTS = {"id": 48, "kind": 48, "priority": 48, "advice": 24}


def _rule(row: Mapping[str, Any], where: str) -> Rule:
    # A misspelt field would be as good as none.
    _only(row, {*_TEXTS, "when", "needs", "stabilise_first"}, where)
    texts = {name: _text(row, name, where, longest) for name, longest in _TEXTS.items()}
    when, needs = row.get("when", {}), row.get("needs")
    stabilise_first = row.get("stabilise_first", False)
    if not isinstance(when, dict) or not all(isinstance(value, str) for value in when.values()):
        raise InvalidInput(f'{where}: `when` must be like {{ sign = "fits", cause = "child" }}.')
    if not isinstance(needs, list) or not all(isinstance(name, str) for name in needs):
        raise InvalidInput(f'{where}: `needs` must be a list like ["emergency_24h", "blood"].')
    if not isinstance(stabilise_first, bool):
        raise InvalidInput(f"{where}: `stabilise_first` must be true or false.")
    try:
        return Rule(
            id=texts["id"],
            when=when,
            kind=Kind[texts["kind"].upper()],
            priority=Priority[texts["priority"].upper()],
            needs=mask(needs),
            stabilise_first=stabilise_first,
            advice=texts["advice"],
        )
    except KeyError as error:
        raise InvalidInput(f"{where}: {error} is missing or unknown.") from None
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        raise InvalidInput(
            f"{where}: there is no field {unknown[0]!r}. There are: {', '.join(sorted(known))}."
        )


def _text(table: Mapping[str, Any], name: str, where: str, longest: int) -> str:
    if name not in table:
        raise InvalidInput(f"{where}: {name!r} is missing or unknown.")
    text = table[name]
    if not isinstance(text, str) or len(text) > longest or (name != "signed_by" and not text):
        raise InvalidInput(f"{where}: `{name}` must be a text of at most {longest} characters.")
    return text
