"""The menus as the machine walks them: frozen, checked. `schema.py` says how they are written."""

from collections.abc import Mapping
from dataclasses import dataclass

# What a `goto` may name besides a screen: where the session before this one was cut off.
RESUME = "@resume"


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when each named variable has one of those values; None stands for any value at all."""

    wanted: Mapping[str, frozenset[str] | None]

    def holds(self, variables: Mapping[str, str]) -> bool:
        return all(
            bool(variables.get(name)) if values is None else variables.get(name, "") in values
            for name, values in self.wanted.items()
        )


ALWAYS = Condition({})


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
    """One screen, or one fork between screens. Each kind uses some of these; see docs/menus.md."""

    name: str
    kind: str
    options: tuple[Option, ...] = ()
    branches: tuple[Branch, ...] = ()
    remember: str | None = None
    intent: str | None = None
    goto: str | None = None
    # The intent carried out when the caller steps back from here.
    back: str | None = None
    # A text: what counts as an answer (`place`, `words` or `code`).
    accepts: str = ""
    # A number: the bounds, both allowed.
    least: int = 0
    most: int = 0
    # A list: the name of its data, where to go when there is none, and whether letters narrow it.
    items: str = ""
    empty: str | None = None
    narrows: bool = False
    # Must be seen before it is answered: digits dialled ahead stop here.
    seen_first: bool = False
    # May take several pages; any other that needs them is an error of whoever wrote it.
    pages: bool = False
    # Has the way back written under its options, where there is room.
    shows_back: bool = False
    # What led here is done: who is cut off here has nothing to go on with.
    settled: bool = False
    # On a call, the caller is put through to an operator after these last words.
    connects: bool = False
    # A detour of the emergency path that nobody takes who knows their place.
    detour: bool = False

    def way(self, variables: Mapping[str, str]) -> str:
        """Where a route leads whoever knows this."""
        return next(branch.goto for branch in self.branches if branch.condition.holds(variables))

    @property
    def silent_targets(self) -> tuple[str, ...]:
        """Every screen that may follow without this one having been shown."""
        followed = [branch.goto for branch in self.branches]
        if self.empty is not None:
            followed.append(self.empty)
        return tuple(target for target in followed if target != RESUME)

    @property
    def targets(self) -> tuple[str, ...]:
        """Every screen that an answer may lead to, as written."""
        single = tuple(target for target in (self.goto, self.empty) if target)
        return (
            *(option.goto for option in self.options),
            *(branch.goto for branch in self.branches),
            *single,
        )

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that this screen may have carried out."""
        named = {option.intent for option in self.options} | {self.intent, self.back}
        return frozenset(intent for intent in named if intent)


@dataclass(frozen=True, slots=True)
class Variable:
    """What may be filled into a text: the widest it may be, in septets, and whether it is a
    number, which each language writes in its own way.
    """

    width: int
    number: bool = False


@dataclass(frozen=True, slots=True)
class Definitions:
    """All screens, the one to start with, the one after too many wrong answers, the one for a
    session whose time is over, and what texts may be filled with.
    """

    start: str
    helpless: str
    expired: str
    screens: Mapping[str, ScreenDefinition]
    variables: Mapping[str, Variable]
