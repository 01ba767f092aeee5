"""A phone for whoever writes menus: walks them without a gateway, on example data.

phone = TrialPhone(files.load(), files.load_trial())
phone.dials("*384*911#").chooses("1").sees("Press FIRST").chooses("2", "2").types("kibra")
phone.ends("Telling")
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import InvalidInput
from ussd_menus.machine import Intent, Machine
from ussd_menus.menus import Menus
from ussd_menus.paging import Limit
from ussd_menus.refusal import place_in_words
from ussd_menus.screen import Screen
from ussd_menus.session import Item, Session


class TrialData(BaseModel):
    """What a trial answers instead of a gateway: the facts that a session begins with, the facts
    that each intent makes known, and the lines of each list (meaning: words).
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    facts: dict[str, str]
    intents: dict[str, dict[str, str]]
    lists: dict[str, dict[str, str]]


def parse(document: Any) -> TrialData:
    """The example data in this document. Raises InvalidInput."""
    try:
        return TrialData.model_validate(document)
    except ValidationError as error:
        faults = [place_in_words(each, "The example data") for each in error.errors()]
        raise InvalidInput("\n".join(faults)) from None


@dataclass
class TrialHost:
    """Answers from the example data; `done` are the intents that were carried out."""

    data: TrialData
    done: list[str] = field(default_factory=list)

    def perform(self, intent: Intent, session: Session) -> Mapping[str, str]:
        self.done.append(intent.name)
        return self.data.intents.get(intent.name, {})

    def items(self, source: str, session: Session) -> Sequence[Item]:
        return [Item(value, label) for value, label in self.data.lists.get(source, {}).items()]


class TrialPhone:
    """Dials, chooses, and says what it sees. Every step gives the phone again, so that a story
    reads in one line; one that does not hold raises AssertionError with the screen.
    """

    def __init__(
        self,
        menus: Menus,
        data: TrialData,
        facts: Mapping[str, str] | None = None,
        limit: Limit | None = None,
    ) -> None:
        """`facts` are known of the caller from the start, such as `{"language": "en"}`; `limit` is
        what an operator shows, the tightest one's unless given.
        """
        self.host = TrialHost(data)
        self._machine = Machine(menus, self.host, limit or menus.operators.tightest)
        self._facts = {**data.facts, **(facts or {})}
        self.session: Session | None = None
        self.screen: Screen | None = None

    def dials(self, code: str = "*384*911#") -> "TrialPhone":
        """Dials the code: what follows its first two numbers is dialled straight into the menus.
        Whoever was cut off is asked whether to go on.
        """
        dialled = code.strip("*#").split("*")[2:]
        facts = {**self._facts, "language": ""} if dialled else self._facts
        before = None if dialled else self.session
        begun = self._machine.begin(facts, before)
        self.session, self.screen, _ = self._machine.walk(begun, dialled)
        return self

    def chooses(self, *keys: str) -> "TrialPhone":
        """Presses these, one screen after the other."""
        for key in keys:
            if self.session is None or self.screen is None or self.screen.ends:
                raise AssertionError(f"There is no screen to answer {key!r}.\n{self._seen()}")
            self.session, self.screen, _ = self._machine.answer(self.session, key)
        return self

    def types(self, words: str) -> "TrialPhone":
        """Types words and sends them."""
        return self.chooses(words)

    def sees(self, *words: str) -> "TrialPhone":
        """Every one of these is on the screen."""
        for word in words:
            if word not in self._seen():
                raise AssertionError(f"{word!r} is not on the screen:\n{self._seen()}")
        return self

    def ends(self, *words: str) -> "TrialPhone":
        """The session has ended, with these on its last screen."""
        self.sees(*words)
        if self.screen is None or not self.screen.ends:
            raise AssertionError(f"The session goes on:\n{self._seen()}")
        return self

    def did(self, *intents: str) -> "TrialPhone":
        """These intents were carried out, in this order, and no other."""
        if self.host.done != list(intents):
            raise AssertionError(f"Carried out were: {', '.join(self.host.done) or 'none'}.")
        return self

    def _seen(self) -> str:
        return "" if self.screen is None else self.screen.text
