"""What a box knows of a dispatch, folded from what arrived in whatever order."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from shared.dispatch import LIVE, WAITING, DispatchState
from shared.emergency import Priority, Transport
from sync.events import GOT_WORSE, DispatchChanged, DispatchOffered


class ClaimKind(StrEnum):
    """What the hospital said."""

    DELIVERED = "delivered"
    ACCEPT = "accept"
    CANNOT_TREAT = "cannot_treat"
    TREAT_AFTER_ALL = "treat_after_all"
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
    ClaimKind.TREAT_AFTER_ALL: DispatchState.ACCEPTED,
    ClaimKind.ARRIVED: DispatchState.ARRIVED,
}
ANSWERS = frozenset(CLAIMED_STATE) - {ClaimKind.DELIVERED}
OPEN_CLAIMS = frozenset({ClaimState.WAITING, ClaimState.SENT})
# While the patient may come here, what is new about them concerns the staff.
CONCERNS = LIVE | {DispatchState.EXPIRED}
# The facts whose change staff have to understand. The countdown, the travel time and the transport
# move by themselves.
MARKED = (
    "priority",
    "kind",
    "signs",
    "needs",
    "place_name",
    "place_text",
    "lat",
    "lon",
    "radius_m",
    "patient_count",
    "age_years",
    "note",
)


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
class News:
    """What is new of a patient since the facts that staff have understood.

    `before` are those facts, and `changed` the names of the `MARKED` ones that are different now.
    `version` and `at` (gateway time) are of the latest change. `alarms` means that the patient has
    become critical, and that this was heard of in time.
    """

    before: DispatchOffered
    changed: tuple[str, ...]
    got_worse: bool
    alarms: bool
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One patient as this hospital sees it.

    `offer` holds every fact, with later improvements in place; it is None while only a change has
    arrived. `state`, `version` and `reason` are the gateway's word; `local_state` is where the
    dispatch stands if the hospital's own open claims are accepted. `late` means that it came after
    its validity: it is shown, and does not ring. `dismissed_at` is when staff put it away.
    `still_needed` is false once nothing that this hospital might say would change anything.
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
    still_needed: bool = True
    unread: News | None = None

    @property
    def local_state(self) -> DispatchState:
        # A rejected claim changed nothing; an accepted one is in the gateway's state already.
        waiting = [claim for claim in self.claims if claim.state in OPEN_CLAIMS]
        answers = [claim for claim in waiting if claim.kind in ANSWERS]
        return CLAIMED_STATE[answers[-1].kind] if answers else self.state

    @property
    def news(self) -> News | None:
        """What staff have yet to understand, while the patient may come here."""
        return self.unread if self.local_state in CONCERNS else None

    @property
    def rings(self) -> bool:
        """True while somebody has to answer, or to understand that a patient became critical."""
        if self.rang_since is None or self.offer is None:
            return False
        return self.local_state in WAITING or (self.news is not None and self.news.alarms)


@dataclass(frozen=True, slots=True)
class Known:
    """What the events about one dispatch say together."""

    offer: DispatchOffered | None
    state: DispatchState
    version: int
    reason: str
    transport: Transport | None
    still_needed: bool = True


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
            still_needed=(
                known.still_needed if change.still_needed is None else change.still_needed
            ),
        )
    return known


def news_since(
    understood: int,
    offer: DispatchOffered,
    changes: Iterable[DispatchChanged],
    late: Container[int] = (),
) -> News | None:
    """What the changes after the version that staff have understood mean for them; None when it is
    nothing. `late` are the versions of changes that came after the patient's time.
    """
    changes = list(changes)
    read = max(understood, offer.version)
    before = fold(offer, [change for change in changes if change.version <= read]).offer
    now = fold(offer, changes).offer
    unread = [change for change in changes if change.version > read]
    if before is None or now is None or not unread:
        return None
    changed = tuple(name for name in MARKED if getattr(before, name) != getattr(now, name))
    got_worse = any(change.reason == GOT_WORSE for change in unread)
    if not (changed or got_worse):
        return None
    telling = [
        change
        for change in unread
        if change.reason == GOT_WORSE or any(getattr(change, name) is not None for name in changed)
    ]
    return News(
        before=before,
        changed=changed,
        got_worse=got_worse,
        alarms=now.priority is Priority.CRITICAL
        and "priority" in changed
        and any(
            change.priority is Priority.CRITICAL and change.version not in late for change in unread
        ),
        version=max(change.version for change in telling),
        at=max(change.at for change in telling),
    )
