"""Carries out what the menus ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.menus import alerts, calling, facts, finding, patients, reporting, staff
from gateway.menus.conversation import Conversation, Does, Facts, Lists
from ussd_menus.machine import Intent
from ussd_menus.session import Item, Session

_ROOMS = (reporting, alerts, finding, patients, staff, calling)
INTENTS: Mapping[str, Does] = {name: does for room in _ROOMS for name, does in room.INTENTS.items()}
LISTS: Mapping[str, Lists] = {name: lists for room in _ROOMS for name, lists in room.LISTS.items()}


def _all_facts() -> dict[str, frozenset[str] | None]:
    known: dict[str, frozenset[str] | None] = {}
    for room in (facts, *_ROOMS):
        for name, values in room.FACTS.items():
            before = known.get(name, frozenset())
            known[name] = None if before is None or values is None else before | values
    return known


# Every variable that an `if` of the menus may go by, beside what answers remember, and its values.
FACTS: Facts = _all_facts()


@dataclass(frozen=True, slots=True)
class MenuHost:
    """See `ussd_menus.machine.Host`; for one turn of one caller."""

    turn: Conversation

    def perform(self, intent: Intent, session: Session) -> Mapping[str, str]:
        return INTENTS[intent.name](self.turn, session)

    def items(self, source: str, session: Session) -> Sequence[Item]:
        return LISTS[source](self.turn, session)
