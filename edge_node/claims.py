"""What the hospital said, in the box's store and on its way to the gateway, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from edge_node.dispatch import ANSWERS, OPEN_CLAIMS, Claim, ClaimKind, ClaimState
from edge_node.tables import claims, streams
from sync import events, peer
from sync.events import Lane, Verdict
from sync.stream_log import Acknowledgement, Position

_LONGEST_WHY = 300
_LONGEST_DETAIL = 300
_KINDS: dict[type[events.Claim], ClaimKind] = {
    events.DispatchDelivered: ClaimKind.DELIVERED,
    events.AcceptDispatch: ClaimKind.ACCEPT,
    events.CannotTreat: ClaimKind.CANNOT_TREAT,
    events.TreatAfterAll: ClaimKind.TREAT_AFTER_ALL,
    events.PatientArrived: ClaimKind.ARRIVED,
}


def store(
    connection: Connection,
    kind: ClaimKind,
    claim: events.Claim,
    detail: str,
    now: datetime,
    gateway_now: datetime | None = None,
) -> Claim:
    """Stores a claim and puts it on the stream to the gateway, dated by `gateway_now` where that is
    known: history is forgotten by the gateway's clock.
    """
    [at] = peer.append(connection, streams, peer.GATEWAY, [claim], gateway_now or now)
    connection.execute(
        claims.insert().values(
            id=claim.claim_id,
            dispatch_id=claim.dispatch_id,
            kind=kind,
            by=claim.by,
            detail=detail,
            at=now,
            state=ClaimState.WAITING,
            why="",
            epoch=at.epoch,
            seq=at.seq,
        )
    )
    return one(connection, claim.claim_id)


def restore(connection: Connection, claim: events.Claim, at: Position) -> None:
    """Puts back a claim that this box made and lost; the gateway has it."""
    detail = ""
    if isinstance(claim, events.CannotTreat):
        detail = claim.reason.name.lower() + (f": {claim.note}" if claim.note else "")
    connection.execute(
        insert(claims)
        .values(
            id=claim.claim_id,
            dispatch_id=claim.dispatch_id,
            kind=_KINDS[type(claim)],
            by=claim.by,
            detail=detail[:_LONGEST_DETAIL],
            at=claim.at,
            state=ClaimState.SENT,
            why="",
            epoch=at.epoch,
            seq=at.seq,
        )
        .on_conflict_do_nothing()
    )


def one(connection: Connection, claim_id: int) -> Claim:
    """A claim that is known to exist."""
    return _claim(connection.execute(select(claims).where(claims.c.id == claim_id)).one())


def of_dispatches(connection: Connection, ids: Sequence[int]) -> dict[int, list[Claim]]:
    """The claims of each dispatch, oldest first."""
    found: defaultdict[int, list[Claim]] = defaultdict(list)
    query = select(claims).where(claims.c.dispatch_id.in_(ids)).order_by(claims.c.at, claims.c.seq)
    for row in connection.execute(query):
        found[row.dispatch_id].append(_claim(row))
    return found


def mark_sent(connection: Connection, said: Iterable[Acknowledgement]) -> int:
    """Marks what the gateway says it has. How many became `sent`."""
    marked = 0
    for each in said:
        if each.lane != Lane.EMERGENCIES:
            continue
        marked += connection.execute(
            update(claims)
            .where(
                claims.c.state == ClaimState.WAITING,
                claims.c.epoch == each.epoch,
                claims.c.seq <= each.cursor,
            )
            .values(state=ClaimState.SENT)
        ).rowcount
    return marked


def take_verdict(connection: Connection, verdict: Verdict, now: datetime) -> None:
    """Marks the claim that the verdict is about; the first verdict counts."""
    connection.execute(
        update(claims)
        .where(claims.c.id == verdict.claim_id, claims.c.state.in_(OPEN_CLAIMS))
        .values(
            state=ClaimState.ACCEPTED if verdict.accepted else ClaimState.REJECTED,
            why=verdict.reason[:_LONGEST_WHY],
            verdict_at=now,
        )
    )


def forget_decided(connection: Connection, dispatch_id: int) -> int:
    """Deletes what was said of a patient and the gateway has decided on; how many rows it were."""
    done = claims.c.state.not_in(OPEN_CLAIMS)
    return connection.execute(
        delete(claims).where(claims.c.dispatch_id == dispatch_id, done)
    ).rowcount


def unsent(connection: Connection) -> int:
    """How many answers of the staff are not known to be at the gateway."""
    query = select(func.count()).where(
        claims.c.state == ClaimState.WAITING, claims.c.kind.in_(ANSWERS)
    )
    return connection.execute(query).scalar_one()


def _claim(row: Row[*tuple[Any, ...]]) -> Claim:
    return Claim(
        id=row.id,
        dispatch_id=row.dispatch_id,
        kind=ClaimKind(row.kind),
        by=row.by,
        detail=row.detail,
        at=row.at,
        state=ClaimState(row.state),
        why=row.why,
        verdict_at=row.verdict_at,
    )
