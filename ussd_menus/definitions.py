"""The menus as they were written down, checked and frozen. See `menus.yaml` for what the words
mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import InvalidInput

KINDS = frozenset({"route", "menu", "text", "end"})


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when each named variable has that value; None stands for any value at all."""

    wanted: Mapping[str, str | None]

    def holds(self, variables: Mapping[str, str]) -> bool:
        return all(
            bool(variables.get(name)) if value is None else variables.get(name, "") == value
            for name, value in self.wanted.items()
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One numbered line of a screen."""

    key: str
    value: str
    goto: str
    remember: str | None
    intent: str | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of a route."""

    goto: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class ScreenDefinition:
    """One screen, or one fork between screens."""

    name: str
    kind: str
    options: tuple[Option, ...]
    branches: tuple[Branch, ...]
    remember: str | None
    intent: str | None
    goto: str | None
    # The intent carried out when the caller steps back from here.
    back: str | None


@dataclass(frozen=True, slots=True)
class Definitions:
    """All screens, the one to start with, and the widest that each variable may be, in septets."""

    start: str
    helpless: str
    screens: Mapping[str, ScreenDefinition]
    widths: Mapping[str, int]


def _condition(written: Any) -> Condition:
    if not written:
        return Condition({})
    if isinstance(written, str):
        return Condition({written: None})
    return Condition(dict(written))


def _screen(name: str, written: Mapping[str, Any]) -> ScreenDefinition:
    kind = written.get("kind")
    if kind not in KINDS:
        raise InvalidInput(f"Screen {name}: kind must be one of {', '.join(sorted(KINDS))}.")
    remember, intent = written.get("remember"), written.get("intent")
    options = tuple(
        Option(
            key=key,
            value=option["value"],
            goto=option["goto"],
            remember=option.get("remember", remember),
            intent=option.get("intent", intent if kind == "menu" else None),
            condition=_condition(option.get("if")),
        )
        for key, option in written.get("options", {}).items()
    )
    branches = tuple(
        Branch(goto=branch["goto"], condition=_condition(branch.get("if")))
        for branch in written.get("to", [])
    )
    return ScreenDefinition(
        name=name,
        kind=kind,
        options=options,
        branches=branches,
        remember=remember,
        intent=intent,
        goto=written.get("goto"),
        back=written.get("back"),
    )


def parse(document: Mapping[str, Any]) -> Definitions:
    """The definitions in this document.

    Raises InvalidInput naming the screen at fault: an unknown kind, a jump to nowhere, a menu
    without options, a route without a last way out.
    """
    screens = {}
    for name, written in document["screens"].items():
        try:
            screens[name] = _screen(name, written)
        except KeyError as error:
            raise InvalidInput(f"Screen {name}: {error} is missing.") from None
    for screen in screens.values():
        targets = [option.goto for option in screen.options]
        targets += [branch.goto for branch in screen.branches]
        targets += [screen.goto] if screen.goto else []
        for target in targets:
            if target not in screens:
                raise InvalidInput(f"Screen {screen.name}: there is no screen {target!r} to go to.")
        if screen.kind == "menu" and not screen.options:
            raise InvalidInput(f"Screen {screen.name}: a menu needs options.")
        if screen.kind == "text" and not (screen.goto and screen.remember):
            raise InvalidInput(f"Screen {screen.name}: a text needs `remember` and `goto`.")
        if screen.kind == "route" and (not screen.branches or screen.branches[-1].condition.wanted):
            raise InvalidInput(f"Screen {screen.name}: a route's last way must have no condition.")
    for name in (document["start"], document["helpless"]):
        if name not in screens:
            raise InvalidInput(f"There is no screen {name!r}.")
    return Definitions(
        start=document["start"],
        helpless=document["helpless"],
        screens=screens,
        widths=dict(document.get("variables", {})),
    )
