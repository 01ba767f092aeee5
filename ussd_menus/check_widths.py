"""Screens, messages and filled-in words that are longer than there is room for."""

from collections.abc import Iterator
from dataclasses import replace

from shared import gsm
from ussd_menus.catalogue import Catalogue
from ussd_menus.definitions import ALWAYS, ScreenDefinition
from ussd_menus.fault import Fault
from ussd_menus.menus import Menus
from ussd_menus.paging import Limit, size
from ussd_menus.screen import NAMING_TEXTS, pages_of
from ussd_menus.session import Item, Session

_BOUNDLESS = Limit(septets=10_000, choices=100)
_ONE_SMS = ("sms.", "hospital.", "operator.")


def too_long(menus: Menus) -> Iterator[Fault]:
    """Whatever is longer than there is room for, with the widest words in any language. Every text
    must be there.
    """
    limit = menus.operators.tightest
    widest = {
        code: each.with_widest_forms(_worst_variables(menus, each))
        for code, each in menus.catalogues.items()
    }
    menus = replace(menus, catalogues=widest)
    for catalogue in widest.values():
        worst = _worst_variables(menus, catalogue)
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


def _worst_variables(menus: Menus, catalogue: Catalogue) -> dict[str, str]:
    """The widest values of all variables, in this language."""
    worst = {name: "W" * variable.width for name, variable in menus.definitions.variables.items()}
    for variable, heading in NAMING_TEXTS.items():
        names = [name for name in catalogue.texts if name.startswith(f"{heading}.")]
        if names:
            widest = max(names, key=lambda name: gsm.septets(catalogue.text(name, worst)) or 0)
            worst[variable] = widest.removeprefix(f"{heading}.")
    return worst
