"""What is wrong with a set of menus, told before any caller finds out."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product

from shared import gsm
from shared.emergency import DISCREET_KINDS
from shared.triage import Rule, TriageRules
from ussd_menus import emergency_path
from ussd_menus.catalogue import Catalogue
from ussd_menus.definitions import ALWAYS, RESUME, Condition, ScreenDefinition
from ussd_menus.emergency_path import IMPROVES, MOST_SCREENS, NOTES
from ussd_menus.machine import DROPPED
from ussd_menus.menus import Menus
from ussd_menus.paging import Limit, size
from ussd_menus.screen import NAMING_TEXTS, pages_of
from ussd_menus.session import Item, Session
from ussd_menus.trial import TrialData

# Staff answer these rules: the detail is what they say is needed.
_REFERRAL, _REFERRED_FOR = "referral", "refer_need"
_ALWAYS_THERE = (
    "errors.choice",
    "errors.failed",
    "errors.narrowed",
    "errors.number",
    "words.back",
    "words.more",
)
_BOUNDLESS = Limit(septets=10_000, choices=100)
_SPOKEN = "spoken."
_ONE_SMS = ("sms.", "hospital.", "operator.")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that callers would stumble over: where it is, and what to do about it."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the gateway can do for the menus: the intents that it carries out, the lists that it
    can fill, and the facts that it makes known, with the values of each (None: any).
    """

    intents: Collection[str]
    lists: Collection[str]
    facts: Mapping[str, frozenset[str] | None]


def check(menus: Menus, rules: TriageRules, known: Known) -> list[Fault]:
    """Everything that is wrong, in the order of the screens; empty when callers can be let in."""
    faults = [
        *_unknown_names(menus, known),
        *_unknown_variables(menus, known),
        *_lost_screens(menus),
        *_missing_texts(menus),
        *_wrong_words(menus),
        *_emergency_path(menus),
        *_triage(menus, rules),
        *_indiscreet(menus, rules),
    ]
    if any(fault.what.startswith(_MISSING) for fault in faults):
        return faults  # what has no text cannot be measured
    return [*faults, *_too_long(menus)]


def _unknown_names(menus: Menus, known: Known) -> Iterator[Fault]:
    for screen in menus.definitions.screens.values():
        for intent in sorted(screen.intents - set(known.intents)):
            yield Fault(_of(screen), f"the gateway knows no intent {intent!r}.")
        if screen.kind == "list" and screen.items not in {*known.lists, "languages"}:
            yield Fault(_of(screen), f"the gateway can fill no list {screen.items!r}.")


def _unknown_variables(menus: Menus, known: Known) -> Iterator[Fault]:
    """A condition on what nothing makes known never holds: nobody would see the line."""
    variables = _variables(menus, known)
    for screen in menus.definitions.screens.values():
        for where, condition in _conditions(screen):
            for name, wanted in sorted(condition.wanted.items()):
                if name not in variables:
                    yield Fault(where, f"its `if` asks for {name}, {_unheard_of(name, variables)}")
                    continue
                values = variables[name]
                if values is None or wanted is None:
                    continue
                # It always may have none.
                for value in sorted(wanted - values - {""}):
                    yield Fault(
                        where, f"its `if` asks for {name} = {value}, {_never(values, value)}"
                    )


def _conditions(screen: ScreenDefinition) -> Iterator[tuple[str, Condition]]:
    for option in screen.options:
        yield f"{_of(screen)}, {option.key}", option.condition
    for branch in screen.branches:
        yield f"{_of(screen)}, the way to {branch.goto}", branch.condition


def _variables(menus: Menus, known: Known) -> dict[str, frozenset[str] | None]:
    """All that a session may know, with its values (None: any): what answers remember, what the
    machine notes by itself, and what the gateway makes known.
    """
    variables: dict[str, frozenset[str] | None] = {DROPPED: None, **known.facts}

    def may_be(name: str, values: frozenset[str] | None) -> None:
        before = variables.get(name, frozenset())
        variables[name] = None if before is None or values is None else before | values

    for screen in menus.definitions.screens.values():
        for option in screen.options:
            if option.remember:
                may_be(option.remember, frozenset({option.value}))
        if screen.remember and screen.kind != "menu":
            may_be(screen.remember, None)
            if screen.kind == "list":
                may_be(f"{screen.remember}_name", None)
    return variables


def _unheard_of(name: str, variables: Collection[str]) -> str:
    return f"which no answer remembers and no intent makes known. {_meant(name, variables)}"


def _never(values: Collection[str], value: str) -> str:
    return f"which no answer is and no intent makes known. {_meant(value, values)}"


def _meant(name: str, names: Collection[str]) -> str:
    alike = get_close_matches(name, sorted(names), n=1)
    return f"Is {alike[0]} meant?" if alike else f"There are: {', '.join(sorted(names))}."


def check_trial(menus: Menus, data: TrialData, known: Known) -> list[Fault]:
    """What is wrong with the example data: that it is for something which does not exist."""
    variables = _variables(menus, known)
    faults = [
        Fault(f"trial.yaml, intents.{name}", "the gateway knows no intent of this name.")
        for name in data.intents
        if name not in known.intents
    ]
    faults += [
        Fault(f"trial.yaml, lists.{name}", "the gateway can fill no list of this name.")
        for name in data.lists
        if name not in known.lists
    ]
    given = {"facts": data.facts} | {f"intents.{name}": each for name, each in data.intents.items()}
    for where, facts in given.items():
        for name, value in facts.items():
            if name not in variables:
                what = f"it gives {name}, {_unheard_of(name, variables)}"
            elif (values := variables[name]) is not None and value and value not in values:
                what = f"it gives {name} = {value}, {_never(values, value)}"
            else:
                continue
            faults.append(Fault(f"trial.yaml, {where}", what))
    return faults


def _lost_screens(menus: Menus) -> Iterator[Fault]:
    definitions = menus.definitions
    screens = definitions.screens
    reached = _reached(menus, (definitions.start, definitions.helpless, definitions.expired))
    ending = {name for name, screen in screens.items() if screen.kind == "end"} | {RESUME}
    while True:
        more = {
            name
            for name, screen in screens.items()
            if name not in ending and ending.intersection(screen.targets)
        }
        if not more:
            break
        ending |= more
    for name, screen in screens.items():
        if name not in reached:
            yield Fault(_of(screen), "nothing leads to it. Remove it, or lead to it.")
        if name not in ending:
            yield Fault(_of(screen), "no way leads from it to an end.")


_MISSING = "it is missing"


def _missing_texts(menus: Menus) -> Iterator[Fault]:
    needed = set(_ALWAYS_THERE)
    for screen in menus.definitions.screens.values():
        if screen.kind == "route":
            continue
        needed.add(f"screens.{screen.name}.title")
        needed |= {f"screens.{screen.name}.{option.key}" for option in screen.options}
        if screen.kind == "text":
            needed.add(f"errors.{screen.accepts}")
    default = menus.catalogue(menus.default_language)
    for catalogue in menus.catalogues.values():
        ours = {name for name in catalogue.texts if _may_be_known(name)}
        theirs = {
            name for name in default.texts if not (_may_be_known(name) or _is_said_instead(name))
        }
        for name in sorted((needed | theirs) - catalogue.texts.keys()):
            yield Fault(f"{catalogue.code}.yaml, {name}", f"{_MISSING}. Write it.")
        for name in sorted(ours - needed):
            yield Fault(f"{catalogue.code}.yaml, {name}", "no screen shows it. Remove it.")
        said = {name for name in catalogue.texts if _is_said_instead(name)}
        for name in sorted(name for name in said if not catalogue.has(name.removeprefix(_SPOKEN))):
            yield Fault(
                f"{catalogue.code}.yaml, {name}",
                "it is said in place of a text that does not exist. Remove it.",
            )
        for name in sorted(catalogue.texts.keys() - ours - theirs - said):
            yield Fault(f"{catalogue.code}.yaml, {name}", "en.yaml does not have it. Remove it.")


def _may_be_known(name: str) -> bool:
    """True for texts that the menus alone ask for; the gateway asks for the others."""
    return name.startswith(("screens.", "errors.", "words."))


def _is_said_instead(name: str) -> bool:
    """True for what a call says in place of a text, such as `spoken.screens.what.1`: each language
    has those that it needs.
    """
    return name.startswith(_SPOKEN) and "." in name.removeprefix(_SPOKEN)


def _wrong_words(menus: Menus) -> Iterator[Fault]:
    default = menus.catalogue(menus.default_language)
    for catalogue in menus.catalogues.values():
        for name in catalogue.texts:
            for word in sorted(catalogue.words(name) - menus.definitions.variables.keys()):
                yield Fault(
                    f"{catalogue.code}.yaml, {name}",
                    f"{{{word}}} is not among the variables of menus.yaml.",
                )
            # A translation may leave a word out to fit, but cannot ask for one of its own.
            extra = catalogue.words(name) - default.words(name) if default.has(name) else ()
            for word in sorted(extra):
                yield Fault(
                    f"{catalogue.code}.yaml, {name}", f"en.yaml has no {{{word}}} in this text."
                )


def _emergency_path(menus: Menus) -> Iterator[Fault]:
    screens = menus.definitions.screens
    first = emergency_path.first_screens(menus)
    for name in dict.fromkeys([*first, *emergency_path.noting_screens(screens)]):
        path = emergency_path.way_to_alarm(screens, name)
        if not path:
            yield Fault(_of(screens[name]), "no way leads from it to an alarm.")
        elif len(path) > MOST_SCREENS:
            yield Fault(
                _of(screens[name]),
                f"an emergency takes {len(path)} screens ({', '.join(path)}); "
                f"at most {MOST_SCREENS} are allowed.",
            )
    for name in first:
        raising = emergency_path.raised_unnoted(screens, name)
        if raising is not None:
            yield Fault(
                _of(screens[name]),
                f"it leads to {raising}, which raises an alarm, without an answer that has the "
                f"intent {NOTES!r}.",
            )


def _triage(menus: Menus, rules: TriageRules) -> Iterator[Fault]:
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


def _indiscreet(menus: Menus, rules: TriageRules) -> Iterator[Fault]:
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
            for answers in _with(name, _answers(menus, sign)):
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


def _with(value: str, can_answer: Mapping[str, set[str]]) -> Iterator[dict[str, str]]:
    """Everything that a caller may have answered who has given this answer; the shortest last."""
    for question, values in sorted(can_answer.items()):
        if value not in values:
            continue
        others = [
            [(other, answer) for answer in (*sorted(answers), None)]
            for other, answers in sorted(can_answer.items())
            if other not in (question, "sign")
        ]
        signs = [("sign", sign) for sign in sorted(can_answer["sign"])]
        for chosen in product(signs, [(question, value)], *others):
            yield {name: answer for name, answer in chosen if answer is not None}


def _answers(menus: Menus, sign: str | None) -> dict[str, set[str]]:
    """What can be answered to each question by whoever has answered this sign (None: any)."""
    screens = menus.definitions.screens
    options = [option for screen in screens.values() for option in screen.options]
    if sign == _REFERRAL:
        needed = {option.value for option in options if option.remember == _REFERRED_FOR}
        return {"sign": {_REFERRAL}, "detail": needed}
    signs = [o for o in options if o.remember == "sign" and sign in (None, o.value)]
    answers: dict[str, set[str]] = {"sign": {option.value for option in signs}}
    for name in _reached(menus, [option.goto for option in signs]):
        for option in screens[name].options:
            if option.remember and option.intent == IMPROVES:
                answers.setdefault(option.remember, set()).add(option.value)
    return answers


def _reached(menus: Menus, starts: Iterable[str]) -> set[str]:
    """The screens to which some way leads from these, and these."""
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in reached and name != RESUME:
            reached.add(name)
            waiting += menus.definitions.screens[name].targets
    return reached


def _too_long(menus: Menus) -> Iterator[Fault]:
    limit = menus.operators.tightest
    widest = {
        code: each.with_widest_forms(worst_variables(menus, each))
        for code, each in menus.catalogues.items()
    }
    menus = replace(menus, catalogues=widest)
    for catalogue in widest.values():
        worst = worst_variables(menus, catalogue)
        yield from _cut_words(menus, catalogue, worst)
        for screen in menus.definitions.screens.values():
            if screen.kind == "route":
                continue
            for wrong in (0, 1) if screen.kind != "end" else (0,):
                yield from _screen_too_long(menus, catalogue, screen, worst, wrong, limit)
        for name in catalogue.texts:
            if name.startswith(_ONE_SMS):
                septets = gsm.septets(catalogue.text(name, worst)) or 0
                if septets > gsm.SINGLE_SEPTETS:
                    yield Fault(
                        f"{catalogue.code}.yaml, {name}",
                        f"{septets} characters with the longest words; one SMS holds "
                        f"{gsm.SINGLE_SEPTETS}.",
                    )


def _cut_words(menus: Menus, catalogue: Catalogue, worst: dict[str, str]) -> Iterator[Fault]:
    """Texts that are filled into others and are wider than there is room for: they would be cut."""
    for variable, heading in NAMING_TEXTS.items():
        words = f"{variable}_words"
        room = menus.definitions.variables.get(words)
        for name in catalogue.texts:
            if room is None or not name.startswith(f"{heading}."):
                continue
            septets = gsm.septets(catalogue.text(name, worst)) or 0
            if septets > room.width:
                yield Fault(
                    f"{catalogue.code}.yaml, {name}",
                    f"{septets} characters with the longest words; {words} in menus.yaml holds "
                    f"{room.width}. Shorten it.",
                )


def _screen_too_long(
    menus: Menus,
    catalogue: Catalogue,
    screen: ScreenDefinition,
    worst: dict[str, str],
    wrong: int,
    limit: Limit,
) -> Iterator[Fault]:
    every_line = replace(
        screen,
        options=tuple(replace(option, condition=ALWAYS) for option in screen.options),
        # Written only where there is room.
        shows_back=False,
    )
    session = Session(
        screen=screen.name,
        variables={**worst, "language": catalogue.code},
        wrong=wrong,
        trail=(screen.name,),
        listed=tuple(Item(str(number), "W" * 26) for number in range(12)),
    )
    pages = pages_of(menus, session, every_line, limit)
    where = f"{catalogue.code}.yaml, screens.{screen.name}{' after a wrong answer' * wrong}"
    if len(pages) > 1 and not screen.pages:
        (whole,) = pages_of(menus, session, every_line, _BOUNDLESS)
        if wrong:
            # Where the reason and all of the title have no room, it takes the first line's place.
            less = replace(_BOUNDLESS, septets=size(whole) - 1)
            (whole,) = pages_of(menus, session, every_line, less)
        yield Fault(
            where,
            f"{size(whole)} characters with the longest words; a screen holds "
            f"{limit.septets} beside `CON `. Shorten it, or let it have pages.",
        )
    if any(size(page) > limit.septets for page in pages):
        yield Fault(where, "one line of it is wider than a screen.")


def worst_variables(menus: Menus, catalogue: Catalogue) -> dict[str, str]:
    """The widest values of all variables, in this language."""
    worst = {name: "W" * variable.width for name, variable in menus.definitions.variables.items()}
    for variable, heading in NAMING_TEXTS.items():
        names = [name for name in catalogue.texts if name.startswith(f"{heading}.")]
        if names:
            widest = max(names, key=lambda name: gsm.septets(catalogue.text(name, worst)) or 0)
            worst[variable] = widest.removeprefix(f"{heading}.")
    return worst


def _of(screen: ScreenDefinition) -> str:
    return f"Screen {screen.name}"
