"""The machine that walks a caller through the menus: pure, and the same for every bearer.

One turn is `answer` (what the caller typed becomes intents and the next screen's name), then the
gateway carries the intents out and hands back facts, then `show` (the screen, with those facts).
`step` does the three at once. Sessions are plain values: whoever stores them decides where.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from shared import gsm
from ussd_menus.catalogue import Catalogue
from ussd_menus.definitions import Definitions, ScreenDefinition

_LONGEST_TEXT = 80  # what an operator lets a caller type into one screen
_WRONG_LIMIT = 3
BACK = "0"
HOME = "00"


@dataclass(frozen=True, slots=True)
class Menus:
    """Everything a caller can be shown, in every language."""

    definitions: Definitions
    catalogues: Mapping[str, Catalogue]
    default_language: str
    # With `CON ` in front, what the tightest operator shows.
    limit_septets: int = 156

    def catalogue(self, language: str) -> Catalogue:
        """That language's texts, or the default's when there are none."""
        return self.catalogues.get(language) or self.catalogues[self.default_language]


@dataclass(frozen=True, slots=True)
class Session:
    """Where one caller is. `shown` maps the keys on the caller's screen to option positions, so
    that facts which change between turns cannot turn one caller's "2" into something else."""

    screen: str
    variables: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()
    wrong: int = 0
    ended: bool = False

    def with_facts(self, facts: Mapping[str, str]) -> "Session":
        """The session knowing these as well."""
        return replace(self, variables={**self.variables, **facts}) if facts else self


@dataclass(frozen=True, slots=True)
class Intent:
    """What the caller wants done, by name; the session's variables say with what."""

    name: str


@dataclass(frozen=True, slots=True)
class Screen:
    """What the caller sees, and whether the session ends with it."""

    name: str
    text: str
    ends: bool


Perform = Callable[[Intent, Session], Mapping[str, str]]


def begin(menus: Menus, facts: Mapping[str, str]) -> Session:
    """A new session that knows these facts: `language`, `alert`, `last_place` and so on."""
    return Session(screen=menus.definitions.start, variables=dict(facts))


def show(menus: Menus, session: Session, perform: Perform) -> tuple[Session, Screen]:
    """The screen the session stands at, after following every fork on the way to it."""
    definitions = menus.definitions
    definition = definitions.screens[session.screen]
    while definition.kind == "route":
        if definition.intent is not None:
            session = session.with_facts(perform(Intent(definition.intent), session))
        goto = next(
            branch.goto
            for branch in definition.branches
            if branch.condition.holds(session.variables)
        )
        definition = definitions.screens[goto]
        session = replace(session, screen=goto)
    shown = tuple(
        option.key for option in definition.options if option.condition.holds(session.variables)
    )
    ends = definition.kind == "end"
    session = replace(session, shown=shown, ended=ends)
    return session, Screen(definition.name, _render(menus, session, definition), ends)


def answer(menus: Menus, session: Session, typed: str) -> tuple[Session, tuple[Intent, ...]]:
    """The session after what the caller typed, and what is to be done before the next screen."""
    definition = menus.definitions.screens[session.screen]
    typed = typed.strip()[:_LONGEST_TEXT]
    if typed == BACK and session.trail:
        return (
            replace(session, screen=session.trail[-1], trail=session.trail[:-1], wrong=0),
            (Intent(definition.back),) if definition.back else (),
        )
    if typed == HOME and session.trail:
        return replace(session, screen=session.trail[0], trail=(), wrong=0), ()
    key = typed.rstrip("#").strip()
    option = next(
        (option for option in definition.options if option.key == key and key in session.shown),
        None,
    )
    moved = replace(session, trail=(*session.trail, session.screen), wrong=0)
    if option is not None:
        if option.remember:
            moved = moved.with_facts({option.remember: option.value})
        intents = (Intent(option.intent),) if option.intent else ()
        return replace(moved, screen=option.goto), intents
    if definition.kind == "text" and _says_something(typed):
        moved = moved.with_facts({str(definition.remember): typed})
        intents = (Intent(definition.intent),) if definition.intent else ()
        return replace(moved, screen=str(definition.goto)), intents
    if session.wrong + 1 >= _WRONG_LIMIT:
        return replace(moved, screen=menus.definitions.helpless), ()
    return replace(session, wrong=session.wrong + 1), ()


def step(
    menus: Menus, session: Session, typed: str | None, perform: Perform
) -> tuple[Session, Screen]:
    """One whole turn: the caller typed this (None: has only dialled), this is the screen that
    follows.

    `perform` carries out an intent and returns the facts that it made known.
    """
    if typed is not None:
        session, intents = answer(menus, session, typed)
        for intent in intents:
            session = session.with_facts(perform(intent, session))
    return show(menus, session, perform)


def takes_text(menus: Menus, session: Session) -> bool:
    """True when the session waits for typed words, in which a `*` may be meant as typed."""
    return menus.definitions.screens[session.screen].kind == "text"


def _says_something(typed: str) -> bool:
    # A place has at least two letters, or is a pair of coordinates; one stray digit is a slip.
    return sum(letter.isalpha() for letter in typed) >= 2 or "," in typed or "+" in typed


def _render(menus: Menus, session: Session, definition: ScreenDefinition) -> str:
    catalogue = menus.catalogue(session.variables.get("language", ""))
    variables = session.variables
    if "advice" in variables:
        variables = {**variables, "advice": catalogue.text(f"advice.{variables['advice']}")}
    if "alert_state" in variables:
        state = catalogue.text(f"alert_states.{variables['alert_state']}", variables)
        variables = {**variables, "alert_state": state}
    prefix = f"screens.{definition.name}."
    title = catalogue.text(prefix + "title", variables)
    if session.wrong:
        # The reason takes the title's place, so that the screen stays within the limit.
        _, _, rest = title.partition("\n")
        reason = catalogue.text(f"errors.{definition.kind}")
        title = f"{reason}\n{rest}" if rest else reason
    lines = [title]
    lines += [f"{key} {catalogue.text(prefix + key, variables)}" for key in session.shown]
    return gsm.clip(gsm.to_gsm("\n".join(lines)), menus.limit_septets)
