"""The way from a caller's first screen to the alarm: how long it is, and whether it is noted."""

from collections.abc import Iterator, Mapping

from ussd_menus.definitions import RESUME, ScreenDefinition
from ussd_menus.menus import Menus

# From the first question about the patient to the receipt, on the way that most callers take.
MOST_SCREENS = 4
NOTES, IMPROVES, RAISES = "note_emergency", "improve_emergency", "raise_emergency"
# Whatever goes on with an alert, or notes one, leads to a screen that is about it.
_ABOUT_AN_ALERT = frozenset({NOTES, "resume_emergency"})

Screens = Mapping[str, ScreenDefinition]


def first_screens(menus: Menus) -> list[str]:
    """What a caller sees first of whom nothing is known but the language: on each bearer, and with
    the language asked before or already known.
    """
    screens = menus.definitions.screens
    first = []
    for bearer in ("ussd", "voice"):
        asked = _shown_first(screens, menus.definitions.start, {"bearer": bearer})
        known = {"bearer": bearer, "language": menus.default_language}
        after = screens[asked].goto if screens[asked].remember == "language" else None
        for start in (menus.definitions.start, after):
            if start is not None and start != RESUME:
                first.append(_shown_first(screens, start, known))
    return list(dict.fromkeys(first))


def _shown_first(screens: Screens, name: str, variables: Mapping[str, str]) -> str:
    while screens[name].kind == "route":
        way = screens[name].way(variables)
        if way == RESUME:
            break
        name = way
    return name


def noting_screens(screens: Screens) -> list[str]:
    """Where an answer names an emergency."""
    return [
        name for name, screen in screens.items() if NOTES in screen.intents and not screen.detour
    ]


def way_to_alarm(screens: Screens, start: str) -> tuple[str, ...]:
    """The longest way of shown screens from here until the alarm is raised, without detours; a way
    that is too long is given as far as that shows. Empty when there is none.
    """
    # Screens from which an alarm can be reached, found backwards.
    leading = {name for name, screen in screens.items() if RAISES in screen.intents}
    while True:
        more = {
            name
            for name, screen in screens.items()
            if name not in leading and not screen.detour and leading.intersection(screen.targets)
        }
        if not more:
            break
        leading |= more

    def longest(name: str, before: tuple[str, ...]) -> tuple[str, ...]:
        screen = screens[name]
        if screen.detour or name not in leading or name in before:
            return ()
        here = before if screen.kind == "route" else (*before, name)
        if RAISES in screen.intents or len(here) > MOST_SCREENS:
            return here
        found: tuple[str, ...] = ()
        for target in dict.fromkeys(screen.targets):
            if target != RESUME:
                found = max(found, longest(target, here), key=len)
            if len(found) > MOST_SCREENS:
                break
        return found

    return longest(start, ())


def raised_unnoted(screens: Screens, start: str) -> str | None:
    """A screen that raises an alarm and can be reached from here although no answer on the way has
    noted an emergency; None when there is none.
    """
    reached, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name in reached or name == RESUME:
            continue
        reached.add(name)
        screen = screens[name]
        if screen.intent == RAISES:
            return name
        waiting += _unnoted(screen)
    return None


def _unnoted(screen: ScreenDefinition) -> Iterator[str]:
    """Where the screen leads without anything being noted."""
    yield from (option.goto for option in screen.options if option.intent not in _ABOUT_AN_ALERT)
    yield from (branch.goto for branch in screen.branches)
    if screen.goto is not None and screen.intent not in _ABOUT_AN_ALERT:
        yield screen.goto
    if screen.empty is not None:
        yield screen.empty
