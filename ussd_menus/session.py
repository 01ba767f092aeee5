"""Where one caller is: plain values that whoever stores them can write down and read again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

# Sessions are tuples, because every turn makes several of them and a frozen dataclass takes four
# times as long.
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Item(NamedTuple):
    """One line of a list that comes from data: what it means, and what is read."""

    value: str
    label: str


class Session(NamedTuple):
    """Where one caller is.

    `shown` says what each key on the caller's screen means, and `listed` is the data of a list as
    it was when the list was first shown: what changes between turns cannot turn one caller's "2"
    into something else. `before` is the session that was cut off, while the caller has not yet said
    whether to go on with it.
    """

    screen: str
    variables: Mapping[str, str] = _NOTHING
    shown: Mapping[str, str] = _NOTHING
    listed: tuple[Item, ...] = ()
    narrowed: str = ""
    page: int = 0
    trail: tuple[str, ...] = ()
    wrong: int = 0
    ended: bool = False
    before: "Session | None" = None

    def with_facts(self, facts: Mapping[str, str]) -> "Session":
        """The session knowing these as well."""
        return self._replace(variables={**self.variables, **facts}) if facts else self

    def at(self, screen: str, trail: tuple[str, ...]) -> "Session":
        """The session at another screen, of which nothing has been shown yet."""
        return Session(screen=screen, variables=self.variables, trail=trail, before=self.before)


def to_json(session: Session) -> dict[str, Any]:
    """The session as JSON holds it; what is as in a new one is left out."""
    written: dict[str, Any] = {"screen": session.screen, "variables": dict(session.variables)}
    if session.shown:
        written["shown"] = session.shown
    if session.listed:
        written["listed"] = [(item.value, item.label) for item in session.listed]
    if session.narrowed:
        written["narrowed"] = session.narrowed
    if session.page:
        written["page"] = session.page
    if session.trail:
        written["trail"] = session.trail
    if session.wrong:
        written["wrong"] = session.wrong
    if session.ended:
        written["ended"] = True
    if session.before is not None:
        written["before"] = to_json(session.before)
    return written


def from_json(written: Mapping[str, Any]) -> Session:
    """The session that was written down."""
    before = written.get("before")
    return Session(
        screen=written["screen"],
        variables=written["variables"],
        shown=written.get("shown", _NOTHING),
        listed=tuple(Item(value, label) for value, label in written.get("listed", ())),
        narrowed=written.get("narrowed", ""),
        page=written.get("page", 0),
        trail=tuple(written.get("trail", ())),
        wrong=written.get("wrong", 0),
        ended=written.get("ended", False),
        before=None if before is None else from_json(before),
    )
