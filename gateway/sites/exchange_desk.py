"""What answering boxes needs, and what carries out what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from gateway.database.database import Database
from shared.system import System
from sync.events import Claim, Event
from sync.note import USUAL_LEASE_H
from sync.sealing import NodeKeys


@dataclass(frozen=True, slots=True)
class Folded:
    """What is to be said after a claim: `answers` to the box that made it, and (hospital, event)
    pairs in `others` to the active boxes of hospitals.
    """

    answers: Sequence[Event] = ()
    others: Sequence[tuple[int, Event]] = ()


class ClaimsDesk(Protocol):
    """Carries out what boxes say, inside the exchange's transaction."""

    def lock(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> None:
        """Locks what these events of a hospital are about, before anything else is locked."""
        ...

    def is_known(self, connection: Connection, hospital_id: int, claim: Claim) -> bool:
        """True when the claim is about a patient whom this hospital was asked for, as far as is
        known here.
        """
        ...

    def fold(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        """Applies what a hospital says. If it raises, nothing of it stays."""
        ...

    def complete(self, connection: Connection, hospital_id: int, event: Event) -> None:
        """Takes in the rest of an event that came in brief before, and has been folded."""
        ...

    def set_aside(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        """Hands an event that could not be folded to people."""
        ...

    def opening(
        self, connection: Connection, hospital_id: int, *, removing: bool
    ) -> Sequence[Event]:
        """What a box starts from that has to be told everything anew. With `removing` also which
        patients, of those that it may still show, are no longer its business.
        """
        ...

    def recover(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> Folded:
        """Takes in what we had told this hospital and have lost, because our database was set back
        to an older copy. The same again does nothing.
        """
        ...

    def histories_differ(self, connection: Connection, hospital_id: int, *, lost: bool) -> None:
        """Alarms people: the box knows what we have `lost`, or something else under the same
        numbers.
        """
        ...


@dataclass(frozen=True, slots=True)
class ExchangeDesk:
    """What answering needs. `lease_h` is for how many hours a box that we answer may show what
    patients state about themselves.
    """

    database: Database
    system: System
    keys: NodeKeys
    claims: ClaimsDesk
    lease_h: int = USUAL_LEASE_H
