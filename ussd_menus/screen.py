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
    title = _title(catalogue, variables, session, definition)
    options = [
        Line(option.key, name, gsm.to_gsm(catalogue.text(name, variables)), option.value)
        for option in definition.options
        if option.condition.holds(variables)
        for name in [f"screens.{definition.name}.{option.key}"]
    ]
    more = Line(NEXT, "words.more", catalogue.text("words.more"), NEXT)
    if definition.kind == "list":
        taken = {line.key for line in options}
        free = [key for key in _KEYS if key not in taken]
        items = [
            Line(free[0], "", gsm.to_gsm(item.label), item.value)
            for item in narrowed(session.listed, session.narrowed)
        ]
        whole = paginate(title, items, options, more, limit)
        pages = [_numbered(page, free) for page in whole]
    else:
        pages = paginate(title, options, (), more, limit)
    if definition.shows_back and session.trail:
        back = Line(BACK, "words.back", catalogue.text("words.back"), BACK)
        pages = [_with_way_back(page, back, limit) for page in pages]
    return pages


def narrowed(items: Sequence[Item], letters: str) -> Sequence[Item]:
    """The items of which some word begins with these letters; all when there are no letters."""
    wanted = letters.casefold()
    if not wanted:
        return items
    return [
        item
        for item in items
        if item.label.casefold().startswith(wanted)
        or any(word.startswith(wanted) for word in item.label.casefold().split())
    ]


def _title(
    catalogue: Catalogue,
    variables: Mapping[str, str],
    session: Session,
    definition: ScreenDefinition,
) -> Line:
    name = f"screens.{definition.name}.title"
    title = gsm.to_gsm(catalogue.text(name, variables))
    if not session.wrong:
        return Line("", name, title)
    # The reason takes the place of the title's first line, so that the screen stays within the
    # limit.
    name = f"errors.{_reason(definition)}"
    bounds = {"least": str(definition.least), "most": str(definition.most)}
    reason = catalogue.text(name, {**variables, **bounds})
    return Line("", name, "\n".join([reason, *title.split("\n")[1:]]))


def _reason(definition: ScreenDefinition) -> str:
    if definition.kind == "text":
        return definition.accepts
    if definition.kind == "number":
        return "number"
    return "narrowed" if definition.narrows else "choice"


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
