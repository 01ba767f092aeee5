"""Names that nothing stands behind: intents, lists, and the variables and values of an `if`."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ussd_menus.definitions import Condition, ScreenDefinition
from ussd_menus.fault import Fault, place_of
from ussd_menus.machine import DROPPED
from ussd_menus.menus import Menus
from ussd_menus.trial import TrialData


@dataclass(frozen=True, slots=True)
class Known:
    """What the gateway can do for the menus: the intents that it carries out, the lists that it
    can fill, and the facts that it makes known, with the values of each (None: any).
    """

    intents: Collection[str]
    lists: Collection[str]
    facts: Mapping[str, frozenset[str] | None]


def unknown_names(menus: Menus, known: Known) -> Iterator[Fault]:
    """Intents that the gateway does not carry out, and lists that it cannot fill."""
    for screen in menus.definitions.screens.values():
        for intent in sorted(screen.intents - set(known.intents)):
            yield Fault(place_of(screen), f"the gateway knows no intent {intent!r}.")
        if screen.kind == "list" and screen.items not in {*known.lists, "languages"}:
            yield Fault(place_of(screen), f"the gateway can fill no list {screen.items!r}.")


def unknown_variables(menus: Menus, known: Known) -> Iterator[Fault]:
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
        yield f"{place_of(screen)}, {option.key}", option.condition
    for branch in screen.branches:
        yield f"{place_of(screen)}, the way to {branch.goto}", branch.condition


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
