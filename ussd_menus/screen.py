"""A screen: the lines that a session shows where it stands, cut into pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared import gsm
from ussd_menus.catalogue import Catalogue
from ussd_menus.definitions import ScreenDefinition
from ussd_menus.menus import Menus
from ussd_menus.paging import NEXT, Limit, Line, paginate, size
from ussd_menus.session import Item, Session

BACK = "0"
_KEYS = "123456789"
# Variables whose values are the names of texts, and the heading below which those texts stand. A
# text asks for the words as `{advice_words}`; conditions go by the value itself.
NAMING_TEXTS = {
    "advice": "advice",
    "alert_state": "alert_states",
    "part": "parts",
    "priority": "priorities",
    "status": "statuses",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """What the caller sees or hears, line by line, and whether the session ends with it."""

    name: str
    lines: tuple[Line, ...]
    ends: bool

    @property
    def text(self) -> str:
        """The screen as it is shown."""
        return "\n".join(line.written for line in self.lines)


def pages_of(
    menus: Menus, session: Session, definition: ScreenDefinition, limit: Limit
) -> list[tuple[Line, ...]]:
    """The pages of this screen, at least one, as this session is shown it."""
    catalogue = menus.catalogue(session.variables.get("language", ""))
    variables = with_words(session.variables, catalogue)
    options = [
        Line(option.key, name, gsm.to_gsm(catalogue.text(name, variables)), option.value)
        for option in definition.options
        if option.condition.holds(variables)
        for name in [f"screens.{definition.name}.{option.key}"]
    ]
    more = Line(NEXT, "words.more", catalogue.text("words.more"), NEXT)
    choices, fixed, free = options, [], ""
    if definition.kind == "list":
        taken = {line.key for line in options}
        free = "".join(key for key in _KEYS if key not in taken)
        items = [
            Line(free[0], "", gsm.to_gsm(item.label), item.value)
            for item in narrowed(session.listed, session.narrowed)
        ]
        choices, fixed = items, options
    name = f"screens.{definition.name}.title"
    title = Line("", name, gsm.to_gsm(catalogue.text(name, variables)))
    if definition.pages:
        reason = _reason(catalogue, variables, definition)
        pages = _paged(title, choices, fixed, more, limit, reason, wrong=bool(session.wrong))
    elif session.wrong:
        reason = _reason(catalogue, variables, definition)
        pages = paginate(_above(reason, title), choices, fixed, more, limit)
        if len(pages) > 1:
            pages = paginate(_instead(reason, title), choices, fixed, more, limit)
    else:
        pages = paginate(title, choices, fixed, more, limit)
    pages = [_numbered(page, free) for page in pages]
    if definition.shows_back and session.trail:
        back = Line(BACK, "words.back", catalogue.text("words.back"), BACK)
        pages = [_with_way_back(page, back, limit) for page in pages]
    return pages


def narrowed(items: Sequence[Item], letters: str) -> Sequence[Item]:
    """The items of which some word begins with these letters; all when there are no letters."""
    wanted = _bare(letters)
    if not wanted:
        return () if letters else items
    return [
        item
        for item in items
        if _bare(item.label).startswith(wanted)
        or any(_bare(word).startswith(wanted) for word in item.label.split())
    ]


def _bare(words: str) -> str:
    """The letters and digits alone: few type the signs of Murang'a or Elgeyo/Marakwet."""
    return "".join(letter for letter in words.casefold() if letter.isalnum())


def _paged(
    title: Line,
    choices: Sequence[Line],
    fixed: Sequence[Line],
    more: Line,
    limit: Limit,
    reason: Line,
    *,
    wrong: bool,
) -> list[tuple[Line, ...]]:
    """The pages, cut alike before and after a wrong answer, so that the same one comes again."""
    kept = max(size([_instead(reason, title)]) - size([title]), 0)
    pages = paginate(title, choices, fixed, more, replace(limit, septets=limit.septets - kept))
    if not wrong:
        return pages
    again = []
    for heading, *below in pages:
        room = limit.septets - size(below) - 1
        asked_again = _above(reason, heading)
        if size([asked_again]) > room and heading == title:
            asked_again = _instead(reason, title)
        # Of a title that is cut, these words have just been read: as many of them as there is room.
        again.append((replace(asked_again, text=gsm.clip(asked_again.text, room)), *below))
    return again


def _above(reason: Line, title: Line) -> Line:
    """The reason, and all of the title below it."""
    return replace(reason, text=f"{reason.text}\n{title.text}")


def _instead(reason: Line, title: Line) -> Line:
    """The reason in the place of the title's first line, where there is no room for both."""
    return replace(reason, text="\n".join([reason.text, *title.text.split("\n")[1:]]))


def _reason(
    catalogue: Catalogue, variables: Mapping[str, str], definition: ScreenDefinition
) -> Line:
    """What is said of a wrong answer at this screen."""
    if definition.kind == "text":
        name = definition.accepts
    elif definition.kind == "number":
        name = "number"
    else:
        name = "narrowed" if definition.narrows else "choice"
    bounds = {"least": str(definition.least), "most": str(definition.most)}
    return Line("", f"errors.{name}", catalogue.text(f"errors.{name}", {**variables, **bounds}))


def with_words(variables: Mapping[str, str], catalogue: Catalogue) -> Mapping[str, str]:
    """The variables with the texts that some of them name (`NAMING_TEXTS`) beside them."""
    words = {
        f"{variable}_words": catalogue.text(name, variables)
        for variable, texts in NAMING_TEXTS.items()
        if variables.get(variable) and catalogue.has(name := f"{texts}.{variables[variable]}")
    }
    return {**variables, **words} if words else variables


def _numbered(page: Sequence[Line], free: Sequence[str]) -> tuple[Line, ...]:
    keys = iter(free)
    return tuple(
        replace(line, key=next(keys)) if line.key and not line.name else line for line in page
    )


def _with_way_back(page: tuple[Line, ...], back: Line, limit: Limit) -> tuple[Line, ...]:
    fits = size([*page, back]) <= limit.septets
    return (*page, back) if fits else page
