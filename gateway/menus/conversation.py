"""One turn of a caller, as the intents see it: who calls, on which bearer, in which transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from gateway.emergencies import store
from gateway.ports import PlaceAnswer
from gateway.unit_of_work import UnitOfWork
from shared.identifier import from_text
from ussd_menus.operators import Operator
from ussd_menus.session import Item, Session

# After the operator has ended an idle session, its end notification gets this long to arrive.
_GRACE_S = 15


@dataclass(frozen=True, slots=True)
class Conversation:
    """`found` holds what a typed place means where it was looked up before the transaction began,
    so that a slow look-up holds up nobody else.
    """

    uow: UnitOfWork
    caller_id: int
    phone: str
    bearer: str
    operator: Operator
    found: Mapping[str, PlaceAnswer]

    @property
    def quiet_at(self) -> datetime:
        """When a session that shows no more life is taken to be over."""
        return self.uow.now + timedelta(seconds=self.operator.idle_s + _GRACE_S)

    def search(self, typed: str) -> PlaceAnswer:
        """What these words may mean as a place."""
        return self.found.get(typed) or self.uow.services.places.search(typed)

    def emergency(self, session: Session) -> Row[Any]:
        """The emergency that the session is about, locked."""
        return store.lock(self.uow, from_text(session.variables["emergency_id"]))

    def text(self, session: Session, name: str, words: Mapping[str, str]) -> str:
        """A catalogue text in the caller's language."""
        return self.uow.text(session.variables.get("language", ""), name, words)


# What an intent does, and the facts that it makes known; what a list shows. Each room names its
# intents, its lists, and as FACTS every fact that its intents may make known, with all the values
# that it can have beside none; ANY where they are too many to name.
Does = Callable[[Conversation, Session], Mapping[str, str]]
Lists = Callable[[Conversation, Session], Sequence[Item]]
Facts = Mapping[str, frozenset[str] | None]
ANY = None
YES = frozenset({"yes"})
