"""The menus as a picture: a Mermaid flowchart, for people who review them."""

import re
from collections.abc import Iterator

from ussd_menus.definitions import RESUME, Condition, ScreenDefinition
from ussd_menus.menus import Menus

_SHAPES = {
    "route": ("{", "}"),
    "end": ("([", "])"),
    "confirm": ("[[", "]]"),
}
_BOX = ("[", "]")
_WIDEST = 40


def draw(menus: Menus, language: str | None = None) -> str:
    """The flowchart: a diamond is a fork, a rounded box an end, a double one a question that is
    asked twice; words are those of `language` (the default one when None).
    """
    lines = ["flowchart TD", f'  {_node(RESUME)}(["where the caller was cut off"])']
    for screen in menus.definitions.screens.values():
        opens, closes = _SHAPES.get(screen.kind, _BOX)
        lines.append(f'  {_node(screen.name)}{opens}"{_title(menus, screen, language)}"{closes}')
    for screen in menus.definitions.screens.values():
        lines += [
            f"  {_node(screen.name)} -->|{label}| {_node(target)}"
            if label
            else f"  {_node(screen.name)} --> {_node(target)}"
            for target, label in _ways(menus, screen, language)
        ]
    return "\n".join(lines) + "\n"


def _ways(
    menus: Menus, screen: ScreenDefinition, language: str | None
) -> Iterator[tuple[str, str]]:
    """Where the screen leads, and what leads there."""
    for option in screen.options:
        yield (
            option.goto,
            _plain(f"{option.key} {_text(menus, f'screens.{screen.name}.{option.key}', language)}"),
        )
    for branch in screen.branches:
        yield branch.goto, _plain(_condition(branch.condition))
    if screen.goto is not None:
        answered = {"list": "a line", "number": "a number", "text": "typed"}[screen.kind]
        yield screen.goto, answered
    if screen.empty is not None:
        yield screen.empty, "nothing to show"


def _condition(condition: Condition) -> str:
    if not condition.wanted:
        return "else"
    return ", ".join(
        name if values is None else f"{name} is {' or '.join(sorted(values)) or 'not known'}"
        for name, values in condition.wanted.items()
    )


def _title(menus: Menus, screen: ScreenDefinition, language: str | None) -> str:
    if screen.kind == "route":
        return _plain(screen.name)
    return _plain(f"{screen.name}: {_text(menus, f'screens.{screen.name}.title', language)}")


def _text(menus: Menus, name: str, language: str | None) -> str:
    catalogue = menus.catalogue(language or menus.default_language)
    return catalogue.forms(name)[-1] if catalogue.has(name) else ""


def _plain(text: str) -> str:
    """The words without what Mermaid would take for its own."""
    words = " ".join(re.sub(r"[^\w\s.,:+?'/-]", " ", text).split())
    return words if len(words) <= _WIDEST else words[: _WIDEST - 1].rstrip() + "…"


def _node(name: str) -> str:
    # "end" alone is a word of Mermaid's, and no screen is called as where a caller was cut off.
    return "cut_off" if name == RESUME else f"screen_{name}"
