"""What the hospital said, in the box's store and on its way to the gateway, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from edge_node.dispatch import OPEN_CLAIMS, Claim, ClaimKind, ClaimState
from edge_node.tables import claims, streams
from sync import events, peer
from sync.events import Lane, Verdict
from sync.heard import Heard, mark_of
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
    connection: Connection, kind: ClaimKind, claim: events.Claim, detail: str, now: datetime
) -> Claim:
    """Stores a claim and puts it on the stream to the gateway."""
    [at] = peer.append(connection, streams, peer.GATEWAY, [claim], now)
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


def mark_heard(connection: Connection, heard: Heard) -> int:
    """Marks what the gateway says it has heard by SMS. How many became `sent`."""
    waiting = connection.execute(
        select(claims.c.id, claims.c.epoch, claims.c.seq).where(
            claims.c.state == ClaimState.WAITING
        )
    ).all()
    known = [
        row.id for row in waiting if mark_of(row.epoch) == heard.mark and heard.covers(row.seq)
    ]
    connection.execute(update(claims).where(claims.c.id.in_(known)).values(state=ClaimState.SENT))
    return len(known)


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


def complete_verdict(connection: Connection, verdict: Verdict) -> None:
    """The whole reason in place of the brief one."""
    connection.execute(
        update(claims)
        .where(claims.c.id == verdict.claim_id, claims.c.state.not_in(OPEN_CLAIMS))
        .values(why=verdict.reason[:_LONGEST_WHY])
    )


def forget_decided(connection: Connection, dispatch_id: int) -> int:
    """Deletes what was said of a patient and the gateway has decided on; how many rows it were."""
    done = claims.c.state.not_in(OPEN_CLAIMS)
    return connection.execute(
        delete(claims).where(claims.c.dispatch_id == dispatch_id, done)
    ).rowcount


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
