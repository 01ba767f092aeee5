"""What a box knows of a dispatch, folded from what arrived in whatever order."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from shared.dispatch import WAITING, DispatchState
from shared.emergency import Transport
from sync.events import DispatchChanged, DispatchOffered


class ClaimKind(StrEnum):
    """What the hospital said."""

    DELIVERED = "delivered"
    ACCEPT = "accept"
    CANNOT_TREAT = "cannot_treat"
    ARRIVED = "arrived"


class ClaimState(StrEnum):
    """How far what the hospital said has come."""

    WAITING = "waiting"  # stored here, not yet known to be at the gateway
    SENT = "sent"  # the gateway has it
    ACCEPTED = "accepted"
    REJECTED = "rejected"


# Where the dispatch stands if the claim is accepted.
CLAIMED_STATE = {
    ClaimKind.DELIVERED: DispatchState.DELIVERED,
    ClaimKind.ACCEPT: DispatchState.ACCEPTED,
    ClaimKind.CANNOT_TREAT: DispatchState.CANNOT_TREAT,
    ClaimKind.ARRIVED: DispatchState.ARRIVED,
}
ANSWERS = frozenset({ClaimKind.ACCEPT, ClaimKind.CANNOT_TREAT, ClaimKind.ARRIVED})
OPEN_CLAIMS = frozenset({ClaimState.WAITING, ClaimState.SENT})


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the hospital said about a dispatch, and what became of it.

    `why` is the gateway's reason where it gave one.
    """

    id: int
    dispatch_id: int
    kind: ClaimKind
    by: str
    detail: str
    at: datetime
    state: ClaimState
    why: str
    verdict_at: datetime | None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One patient as this hospital sees it.

    `offer` holds every fact, with later improvements in place; it is None while only a change has
    arrived. `state`, `version` and `reason` are the gateway's word; `local_state` is where the
    dispatch stands if the hospital's own open claims are accepted. `late` means that it came after
    its validity: it is shown, and does not ring. `dismissed_at` is when staff put it away.
    """

    id: int
    offer: DispatchOffered | None
    state: DispatchState
    version: int
    reason: str
    transport: Transport | None
    received_at: datetime
    rang_since: datetime | None
    seen_at: datetime | None
    late: bool
    dismissed_at: datetime | None
    claims: tuple[Claim, ...]

    @property
    def local_state(self) -> DispatchState:
        # A rejected claim changed nothing; an accepted one is in the gateway's state already.
        waiting = [claim for claim in self.claims if claim.state in OPEN_CLAIMS]
        answers = [claim for claim in waiting if claim.kind in ANSWERS]
        return CLAIMED_STATE[answers[-1].kind] if answers else self.state

    @property
    def rings(self) -> bool:
        """True while somebody has to answer."""
        return (
            self.rang_since is not None and self.offer is not None and self.local_state in WAITING
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What the events about one dispatch say together."""

    offer: DispatchOffered | None
    state: DispatchState
    version: int
    reason: str
    transport: Transport | None


_FACTS = {field.name for field in fields(DispatchChanged)} & {
    field.name for field in fields(DispatchOffered)
} - {"at", "dispatch_id", "version", "unknown_tail"}


def fold(offer: DispatchOffered | None, changes: Iterable[DispatchChanged]) -> Known:
    """What they say together, whatever the order in which they arrived: by version, the later one
    counts, fact by fact.
    """
    known = Known(offer, DispatchState.OFFERED, offer.version if offer else 0, "", None)
    for change in sorted(changes, key=lambda change: change.version):
        if change.version < known.version:
            continue
        improved = {fact: value for fact in _FACTS if (value := getattr(change, fact)) is not None}
        known = Known(
            offer=replace(known.offer, **improved) if known.offer else None,
            state=change.state,
            version=change.version,
            reason=change.reason or known.reason,
            transport=change.transport or known.transport,
        )
    return known
