"""Triage rules that no caller can reach, that another one stands in the way of, that lack words, or
that would betray somebody who is watched.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from shared.emergency import DISCREET_KINDS
from shared.triage import Rule, TriageRules
from ussd_menus.check_ways import screens_reached
from ussd_menus.emergency_path import IMPROVES
from ussd_menus.fault import Fault
from ussd_menus.menus import Menus

# Staff answer these rules: the detail is what they say is needed.
_REFERRAL, _REFERRED_FOR = "referral", "refer_need"


def unreachable_rules(menus: Menus, rules: TriageRules) -> Iterator[Fault]:
    """Rules that never decide, needs that none is for, and first aid without words."""
    above: list[Rule] = []
    for rule in rules.rules:
        where = f"Triage rule {rule.id}"
        first = next((each for each in above if each.when.items() <= rule.when.items()), None)
        if first is not None:
            yield Fault(where, f"{first.id} stands above it and always decides first. Move it up.")
        above.append(rule)
        sign = rule.when.get("sign")
        can_answer = _answers(menus, sign)
        for question, answer in rule.when.items():
            if answer not in can_answer.get(question, ()):
                after = f" after {sign}" if sign and question != "sign" else ""
                yield Fault(where, f"no screen lets a caller answer {question} = {answer}{after}.")
        for catalogue in menus.catalogues.values():
            if not catalogue.has(f"advice.{rule.advice}"):
                yield Fault(where, f"{catalogue.code}.yaml has no advice.{rule.advice}.")
    for needed in sorted(_answers(menus, _REFERRAL)["detail"] - set(rules.details_of(_REFERRAL))):
        yield Fault(
            "The triage rules",
            f"staff may refer a patient for {needed}, and no rule has sign = {_REFERRAL}, "
            f"detail = {needed}.",
        )


def indiscreet_rules(menus: Menus, rules: TriageRules) -> Iterator[Fault]:
    """Whoever says that they were assaulted, or about harming oneself, may be watched: nothing may
    be sent to their phone, whatever else they have answered.
    """
    for kind in sorted(DISCREET_KINDS):
        name = kind.name.lower()
        if not any(rule.kind is kind for rule in rules.rules):
            yield Fault(
                "The triage rules",
                f"none has the kind {name}: whoever answers so would be called and texted, and may "
                "be watched.",
            )
        for sign in sorted(_answers(menus, None)["sign"]):
            found: dict[str, Fault] = {}
            for answers in _with(name, _answers(menus, sign), rules):
                decided = rules.triage(answers)
                if decided.kind not in DISCREET_KINDS:
                    said = ", ".join(f"{question} = {value}" for question, value in answers.items())
                    found[decided.rule_id] = Fault(
                        f"Triage rule {decided.rule_id}",
                        f"it decides for {said}, and its kind {decided.kind.name.lower()} is not "
                        "discreet: a phone that may be watched would be called and texted. "
                        f"Give it the kind {name}, or put a rule of that kind above it.",
                    )
            yield from found.values()


def _with(
    value: str, can_answer: Mapping[str, set[str]], rules: TriageRules
) -> Iterator[dict[str, str]]:
    """All that makes a difference to the rules of what a caller may have answered who has given
    this answer; the shortest last.
    """
    told_apart = {(name, answer) for rule in rules.rules for name, answer in rule.when.items()}
    for question, values in sorted(can_answer.items()):
        if value not in values:
            continue
        others = [
            [*sorted(told_apart & {(other, answer) for answer in answers}), None]
            for other, answers in sorted(can_answer.items())
            if other not in (question, "sign")
        ]
        signs = [("sign", sign) for sign in sorted(can_answer["sign"])]
        for chosen in product(signs, [(question, value)], *others):
            yield dict(answered for answered in chosen if answered is not None)


def _answers(menus: Menus, sign: str | None) -> dict[str, set[str]]:
    """What can be answered to each question by whoever has answered this sign (None: any)."""
    screens = menus.definitions.screens
    options = [option for screen in screens.values() for option in screen.options]
    if sign == _REFERRAL:
        needed = {option.value for option in options if option.remember == _REFERRED_FOR}
        return {"sign": {_REFERRAL}, "detail": needed}
    signs = [o for o in options if o.remember == "sign" and sign in (None, o.value)]
    answers: dict[str, set[str]] = {"sign": {option.value for option in signs}}
    for name in screens_reached(menus, [option.goto for option in signs]):
        for option in screens[name].options:
            if option.remember and option.intent == IMPROVES:
                answers.setdefault(option.remember, set()).add(option.value)
    return answers
