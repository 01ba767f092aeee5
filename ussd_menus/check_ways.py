"""Screens that nothing leads to, ways without an end, and a way to the alarm that is too long."""

from collections.abc import Iterable, Iterator

from ussd_menus import emergency_path
from ussd_menus.definitions import RESUME
from ussd_menus.emergency_path import MOST_SCREENS, NOTES
from ussd_menus.fault import Fault, place_of
from ussd_menus.menus import Menus


def lost_screens(menus: Menus) -> Iterator[Fault]:
    """Screens that nobody gets to, and those that nobody gets away from."""
    definitions = menus.definitions
    screens = definitions.screens
    reached = screens_reached(menus, (definitions.start, definitions.helpless, definitions.expired))
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
            yield Fault(place_of(screen), "nothing leads to it. Remove it, or lead to it.")
        if name not in ending:
            yield Fault(place_of(screen), "no way leads from it to an end.")


def long_ways(menus: Menus) -> Iterator[Fault]:
    """Ways to the alarm that take too many screens, lead to none, or to one that nothing noted."""
    screens = menus.definitions.screens
    first = emergency_path.first_screens(menus)
    for name in dict.fromkeys([*first, *emergency_path.noting_screens(screens)]):
        path = emergency_path.way_to_alarm(screens, name)
        if not path:
            yield Fault(place_of(screens[name]), "no way leads from it to an alarm.")
        elif len(path) > MOST_SCREENS:
            yield Fault(
                place_of(screens[name]),
                f"an emergency takes {len(path)} screens ({', '.join(path)}); "
                f"at most {MOST_SCREENS} are allowed.",
            )
    for name in first:
        raising = emergency_path.raised_unnoted(screens, name)
        if raising is not None:
            yield Fault(
                place_of(screens[name]),
                f"it leads to {raising}, which raises an alarm, without an answer that has the "
                f"intent {NOTES!r}.",
            )


def screens_reached(menus: Menus, starts: Iterable[str]) -> set[str]:
    """The screens to which some way leads from these, and these."""
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in reached and name != RESUME:
            reached.add(name)
            waiting += menus.definitions.screens[name].targets
    return reached
