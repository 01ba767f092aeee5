"""The machine that walks a caller through the menus: pure, and the same for every bearer.

`Machine.step(session, typed)` gives the session after one answer, the screen that follows and the
intents that were carried out on the way. What the outside has to do or to know is asked of a
`Host`; sessions are plain values, and whoever stores them decides where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared import help_code
from ussd_menus.definitions import RESUME, Definitions, Option, ScreenDefinition
from ussd_menus.menus import Menus
from ussd_menus.paging import NEXT, Limit
from ussd_menus.screen import BACK, Screen, narrowed, pages_of
from ussd_menus.session import Item, Session

HOME = "00"
# The fact that the caller was cut off, and can go on.
DROPPED = "dropped"
_LANGUAGES = "languages"
_LONGEST_ANSWER = 160
_WRONG_LIMIT = 3
_LONGEST_TRAIL = 30


@dataclass(frozen=True, slots=True)
class Intent:
    """What the caller wants done, by name; the session's variables say with what."""

    name: str


class Host(Protocol):
    """What the machine asks of whoever runs it."""

    def perform(self, intent: Intent, session: Session) -> Mapping[str, str]:
        """Carries the intent out; the facts that it made known."""
        ...

    def items(self, source: str, session: Session) -> Sequence[Item]:
        """The data of a list, in the order in which it is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Machine:
    """The menus, walked within one bearer's limits."""

    menus: Menus
    host: Host
    limit: Limit

    def begin(self, facts: Mapping[str, str], before: Session | None = None) -> Session:
        """A new session that knows these facts: `language`, `alert`, `last_place` and so on.

        `before` is the caller's session that was cut off. If going on with it would save them
        anything, the menus find `dropped` among the facts.
        """
        start = Session(screen=self.menus.definitions.start, variables=dict(facts))
        if before is not None and not before.trail:
            # Cut off again before they could say whether to go on.
            before = before.before
        if before is None or before.ended or not before.trail:
            return start
        stood = self.menus.definitions.screens.get(before.screen)
        if stood is None or stood.settled or self._where_fresh(start) == before.screen:
            return start
        return start.with_facts({DROPPED: "yes"})._replace(before=before._replace(before=None))

    def step(
        self, session: Session, typed: str | None
    ) -> tuple[Session, Screen, tuple[Intent, ...]]:
        """One turn: the caller typed this (None: has only dialled), this is the screen that
        follows, and these are the intents that were carried out.
        """
        done: list[Intent] = []
        if typed is not None:
            session, intents = self._answer(session, typed)
            for intent in intents:
                session = self._perform(intent, session, done)
        session, screen = self._show(session, done)
        return session, screen, tuple(done)

    def walk(
        self, session: Session, dialled: Sequence[str]
    ) -> tuple[Session, Screen, tuple[Intent, ...]]:
        """A new session, and what was dialled straight into it, as in `*384*911*1*3#`."""
        session, screen, done = self.step(session, None)
        return self._ahead(session, screen, done, dialled)

    def answer(self, session: Session, typed: str) -> tuple[Session, Screen, tuple[Intent, ...]]:
        """One turn whose answer may hold several, joined with `*`: some turns never arrive, and
        only the history tells what was typed in them. In typed words a `*` is meant as typed.
        """
        screens = self.menus.definitions.screens
        standing = screens.get(session.screen)
        if standing is None:
            # The menus were replaced under the session: it begins again, knowing what it knew.
            return self.step(session.at(self.menus.definitions.start, ()), None)
        if not screens.keys() >= set(session.trail):
            # Back leads to what is still there.
            still = tuple(name for name in session.trail if name in screens)
            session = session._replace(trail=still)
        if standing.kind == "text":
            return self.step(session, typed)
        first, *rest = typed.split("*")
        return self._ahead(*self.step(session, first), rest)

    def expire(self, session: Session) -> tuple[Session, Screen, tuple[Intent, ...]]:
        """The session ended because its time is over."""
        expired = session.at(self.menus.definitions.expired, session.trail)
        return self.step(expired._replace(before=session._replace(before=None)), None)

    def _ahead(
        self,
        session: Session,
        screen: Screen,
        done: tuple[Intent, ...],
        typed: Sequence[str],
    ) -> tuple[Session, Screen, tuple[Intent, ...]]:
        """Answers that were given before their screens were seen: each in turn, as far as they are
        understood. A screen that must be seen first is shown, and what comes after is left.
        """
        rest = list(typed)
        while rest and not screen.ends and not session.wrong:
            definition = self.menus.definitions.screens[screen.name]
            if definition.seen_first:
                break
            answer = rest.pop(0)
            if definition.kind == "text" and answer not in session.shown:
                answer, rest = "*".join([answer, *rest]), []
            session, screen, more = self.step(session, answer)
            done = (*done, *more)
        return session, screen, done

    def _perform(self, intent: Intent, session: Session, done: list[Intent]) -> Session:
        done.append(intent)
        return session.with_facts(self.host.perform(intent, session))

    def _where_fresh(self, start: Session) -> str:
        """The screen that the session would show first, as far as no intent has a say in it."""
        definition = self.menus.definitions.screens[start.screen]
        while definition.kind == "route" and definition.intent is None:
            goto = definition.way(start.variables)
            if goto == RESUME:
                break
            definition = self.menus.definitions.screens[goto]
        return definition.name

    # What the caller typed becomes the next screen's name and what is to be done before it.

    def _answer(self, session: Session, typed: str) -> tuple[Session, tuple[Intent, ...]]:
        definition = self.menus.definitions.screens[session.screen]
        typed = typed.strip()[:_LONGEST_ANSWER].strip()
        # Many end what they press with #.
        key = typed.rstrip("#").strip()
        if key == BACK and session.page:
            return session._replace(page=session.page - 1, wrong=0), ()
        if key == BACK and session.narrowed:
            return session._replace(narrowed="", wrong=0), ()
        if key == BACK and session.trail:
            there = session.at(session.trail[-1], session.trail[:-1])
            return there, (Intent(definition.back),) if definition.back else ()
        if key == HOME and session.trail:
            return session.at(session.trail[0], ()), ()
        if key == NEXT and NEXT in session.shown:
            return session._replace(page=session.page + 1, wrong=0), ()
        if key in session.shown and key != NEXT:
            return self._chosen(session, definition, session.shown[key])
        return self._typed(session, definition, key if definition.kind == "number" else typed)

    def _chosen(
        self, session: Session, definition: ScreenDefinition, value: str
    ) -> tuple[Session, tuple[Intent, ...]]:
        item = next((item for item in session.listed if item.value == value), None)
        if item is not None and definition.kind == "list":
            facts = {
                str(definition.remember): item.value,
                f"{definition.remember}_name": item.label,
            }
            return self._go(session, str(definition.goto), facts, definition.intent)
        # By what was shown, not by its key: the menus may have changed since.
        option = next((option for option in definition.options if option.value == value), None)
        if option is None:
            return self._wrong(session)
        return self._go(session, option.goto, _remembered(option), option.intent)

    def _typed(
        self, session: Session, definition: ScreenDefinition, typed: str
    ) -> tuple[Session, tuple[Intent, ...]]:
        if definition.kind == "number" and _is_number(typed, definition):
            facts = {str(definition.remember): str(int(typed))}
            return self._go(session, str(definition.goto), facts, definition.intent)
        if definition.kind == "text":
            answer = _ACCEPTED[definition.accepts](typed)
            if answer is not None:
                facts = {str(definition.remember): answer}
                return self._go(session, str(definition.goto), facts, definition.intent)
        if definition.narrows and typed and narrowed(session.listed, typed):
            return session._replace(narrowed=typed, page=0, wrong=0), ()
        return self._wrong(session)

    def _go(
        self, session: Session, goto: str, facts: Mapping[str, str], intent: str | None
    ) -> tuple[Session, tuple[Intent, ...]]:
        trail = (*session.trail, session.screen)
        if len(trail) > _LONGEST_TRAIL:
            trail = (trail[0], *trail[-_LONGEST_TRAIL + 1 :])
        moved = session.with_facts(facts).at(goto, trail)
        return moved, (Intent(intent),) if intent else ()

    def _wrong(self, session: Session) -> tuple[Session, tuple[Intent, ...]]:
        if session.wrong + 1 >= _WRONG_LIMIT:
            helpless = self.menus.definitions.helpless
            return self._go(session, helpless, {}, None)
        return session._replace(wrong=session.wrong + 1), ()

    # The screen at which the session stands.

    def _show(self, session: Session, done: list[Intent]) -> tuple[Session, Screen]:
        session = self._arrive(session, done)
        definition = self.menus.definitions.screens[session.screen]
        while definition.kind == "list" and not session.listed:
            # Read once: the pages that follow are those of the same list.
            listed = self._items(definition.items, session)
            if listed:
                session = session._replace(listed=listed)
                break
            session = self._arrive(session._replace(screen=str(definition.empty)), done)
            definition = self.menus.definitions.screens[session.screen]
        pages = pages_of(self.menus, session, definition, self.limit)
        page = min(session.page, len(pages) - 1)
        lines = pages[page]
        ends = definition.kind == "end" and page == len(pages) - 1
        shown = {line.key: line.value for line in lines if line.key}
        session = session._replace(shown=shown, page=page, ended=ends)
        return session, Screen(definition.name, lines, ends)

    def _items(self, source: str, session: Session) -> tuple[Item, ...]:
        if source == _LANGUAGES:
            return self.menus.languages
        return tuple(self.host.items(source, session))

    def _arrive(self, session: Session, done: list[Intent]) -> Session:
        """The session at a screen that shows something, after every fork on the way to it."""
        definitions = self.menus.definitions
        while True:
            if session.screen == RESUME:
                session = _resumed(session, definitions)
            definition = definitions.screens[session.screen]
            if definition.kind != "route":
                return session
            if definition.intent is not None:
                session = self._perform(Intent(definition.intent), session, done)
            session = session._replace(screen=definition.way(session.variables))


def _resumed(session: Session, definitions: Definitions) -> Session:
    before = session.before
    if before is None or before.screen not in definitions.screens:
        # The menus may have been replaced since it was offered to go on.
        nothing_to_go_on_with = session.with_facts({DROPPED: ""})._replace(before=None)
        return nothing_to_go_on_with.at(definitions.start, ())
    return before._replace(wrong=0)


def _remembered(option: Option) -> Mapping[str, str]:
    return {option.remember: option.value} if option.remember else {}


def _is_number(typed: str, definition: ScreenDefinition) -> bool:
    return (
        typed.isascii()
        and typed.isdecimal()
        and len(typed) <= 6
        and definition.least <= int(typed) <= definition.most
    )


def _place(typed: str) -> str | None:
    # A place has at least two letters, or is a pair of coordinates; one stray digit is a slip.
    letters = sum(letter.isalpha() for letter in typed)
    divided = "," in typed or "+" in typed or typed.count(".") == 2
    coordinates = divided and any(letter.isdigit() for letter in typed)
    return typed if letters >= 2 or coordinates else None


def _words(typed: str) -> str | None:
    return typed if sum(letter.isalpha() for letter in typed) >= 2 else None


_ACCEPTED = {"place": _place, "words": _words, "code": help_code.parse}
