"""The box's dispatches in its store: taking what the gateway sent, and reading it back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from edge_node import claims, summaries
from edge_node.dispatch import Claim, Dispatch, News, fold, news_since
from edge_node.tables import dismissals, dispatch_changes, dispatches, readings, removals
from shared.errors import NotFound
from sync.codec import decode, encode
from sync.events import DispatchChanged, DispatchOffered, DispatchRemoved, Verdict

# Of a patient whose offer has not arrived yet.
_SHORTEST_VALIDITY = timedelta(hours=2)


def take_offer(
    connection: Connection, offer: DispatchOffered, now: datetime, gateway_now: datetime
) -> bool:
    """Stores an offer; it rings unless its validity is over by the gateway's clock. True when this
    box had no facts of the dispatch before. One from before its removal is not stored again.
    """
    removed_at = _removed_at(connection, offer.dispatch_id)
    if removed_at is not None and removed_at >= offer.at:
        return False
    connection.execute(delete(removals).where(removals.c.dispatch_id == offer.dispatch_id))
    stored = connection.execute(
        select(dispatches).where(dispatches.c.id == offer.dispatch_id)
    ).one_or_none()
    late = gateway_now > offer.valid_until
    if stored is None:
        connection.execute(
            dispatches.insert().values(
                id=offer.dispatch_id,
                offer=encode(offer),
                received_at=now,
                rang_since=None if late else now,
                late=late,
            )
        )
        return True
    present = decode(stored.offer) if stored.offer is not None else None
    if isinstance(present, DispatchOffered) and present.version >= offer.version:
        return False
    facts: dict[str, Any] = {"offer": encode(offer)}
    if present is None:
        facts |= {"rang_since": None if late else now, "late": late}
    connection.execute(update(dispatches).where(dispatches.c.id == offer.dispatch_id).values(facts))
    return present is None


def complete_offer(connection: Connection, offer: DispatchOffered) -> None:
    """The whole offer in place of the brief one."""
    stored = connection.execute(
        select(dispatches.c.offer).where(dispatches.c.id == offer.dispatch_id)
    ).scalar_one_or_none()
    present = decode(stored) if stored is not None else None
    if isinstance(present, DispatchOffered) and present.version <= offer.version:
        connection.execute(
            update(dispatches)
            .where(dispatches.c.id == offer.dispatch_id)
            .values(offer=encode(offer))
        )


def complete_change(connection: Connection, change: DispatchChanged, *, full: bool = True) -> None:
    """The whole change in place of the brief one."""
    connection.execute(
        update(dispatch_changes)
        .where(
            dispatch_changes.c.dispatch_id == change.dispatch_id,
            dispatch_changes.c.version == change.version,
            dispatch_changes.c.full.is_(full),
        )
        .values(change=encode(change))
    )


def take_change(
    connection: Connection,
    change: DispatchChanged,
    now: datetime,
    gateway_now: datetime,
    *,
    full: bool = True,
) -> None:
    """Stores a change, also one that comes before its offer. Of a patient who is no longer this
    hospital's business nothing is stored: only a new offer brings them back.
    """
    if _removed_at(connection, change.dispatch_id) is not None:
        return
    connection.execute(
        insert(dispatches)
        .values(id=change.dispatch_id, received_at=now, late=False)
        .on_conflict_do_nothing()
    )
    connection.execute(
        insert(dispatch_changes)
        .values(
            dispatch_id=change.dispatch_id,
            version=change.version,
            full=full,
            late=gateway_now > _valid_until(connection, change),
            change=encode(change),
        )
        .on_conflict_do_nothing()
    )


def _valid_until(connection: Connection, change: DispatchChanged) -> datetime:
    offer = _offer_of(connection, change.dispatch_id)
    return change.at + _SHORTEST_VALIDITY if offer is None else offer.valid_until


def take_verdict(
    connection: Connection, verdict: Verdict, now: datetime, gateway_now: datetime
) -> None:
    """Marks the claim, and notes where the dispatch stands after it."""
    claims.take_verdict(connection, verdict, now)
    if _removed_at(connection, verdict.dispatch_id) is not None:
        claims.forget_decided(connection, verdict.dispatch_id)
        return
    take_change(connection, standing(verdict), now, gateway_now, full=False)


def standing(verdict: Verdict) -> DispatchChanged:
    """Where the dispatch stands after a verdict."""
    return DispatchChanged(
        at=verdict.at,
        dispatch_id=verdict.dispatch_id,
        version=verdict.version,
        state=verdict.state,
        reason="" if verdict.accepted else verdict.reason,
    )


def remove(connection: Connection, removed: DispatchRemoved) -> None:
    """Forgets every fact of a patient who is no longer this hospital's business. What staff have
    said of them and the gateway has not decided on stays until it has.
    """
    summaries.forget(connection, removed.dispatch_id, removed.at)
    offer = _offer_of(connection, removed.dispatch_id)
    if offer is not None and offer.at > removed.at:
        return  # they were sent here again since
    statement = insert(removals).values(dispatch_id=removed.dispatch_id, at=removed.at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["dispatch_id"],
            set_={"at": func.max(removals.c.at, statement.excluded.at)},
        )
    )
    forget(connection, removed.dispatch_id)
    claims.forget_decided(connection, removed.dispatch_id)


def forget(connection: Connection, dispatch_id: int) -> int:
    """Deletes what is stored of a patient, but what staff said; how many rows it were."""
    gone = 0
    for column in (
        dispatch_changes.c.dispatch_id,
        dismissals.c.dispatch_id,
        readings.c.dispatch_id,
        dispatches.c.id,
    ):
        gone += connection.execute(delete(column.table).where(column == dispatch_id)).rowcount
    return gone


def _removed_at(connection: Connection, dispatch_id: int) -> datetime | None:
    query = select(removals.c.at).where(removals.c.dispatch_id == dispatch_id)
    return connection.execute(query).scalar_one_or_none()


def _offer_of(connection: Connection, dispatch_id: int) -> DispatchOffered | None:
    row = connection.execute(select(dispatches).where(dispatches.c.id == dispatch_id)).one_or_none()
    return None if row is None else _offer(row)


def mark_seen(connection: Connection, dispatch_id: int, now: datetime) -> None:
    """Notes that somebody has looked at it; the first time counts."""
    connection.execute(
        update(dispatches)
        .where(dispatches.c.id == dispatch_id, dispatches.c.seen_at.is_(None))
        .values(seen_at=now)
    )


def dismiss(connection: Connection, dispatch_id: int, now: datetime) -> None:
    """Notes that staff put it away; the first time counts."""
    connection.execute(
        insert(dismissals).values(dispatch_id=dispatch_id, at=now).on_conflict_do_nothing()
    )


def mark_read(connection: Connection, dispatch_id: int, version: int) -> None:
    """Notes that staff have understood what is new up to this version; the highest counts."""
    statement = insert(readings).values(dispatch_id=dispatch_id, version=version)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["dispatch_id"],
            set_={"version": func.max(readings.c.version, statement.excluded.version)},
        )
    )


def newest(connection: Connection) -> int:
    """The id of the newest dispatch that was offered to this hospital, 0 before the first."""
    query = select(func.max(dispatches.c.id)).where(dispatches.c.offer.is_not(None))
    return connection.execute(query).scalar_one() or 0


def one(connection: Connection, dispatch_id: int) -> Dispatch:
    """The dispatch. Raises NotFound."""
    rows = connection.execute(select(dispatches).where(dispatches.c.id == dispatch_id)).all()
    if not rows:
        raise NotFound("There is no such dispatch on this box. Load the list again.")
    return _read(connection, rows)[0]


def latest(connection: Connection, limit: int = 200) -> list[Dispatch]:
    """The newest dispatches, newest first."""
    query = select(dispatches).order_by(dispatches.c.id.desc()).limit(limit)
    return _read(connection, connection.execute(query).all())


def _read(connection: Connection, rows: Iterable[Row[*tuple[Any, ...]]]) -> list[Dispatch]:
    rows = list(rows)
    ids = [row.id for row in rows]
    changes: defaultdict[int, list[DispatchChanged]] = defaultdict(list)
    late: defaultdict[int, set[int]] = defaultdict(set)
    query = (
        select(dispatch_changes)
        .where(dispatch_changes.c.dispatch_id.in_(ids))
        .order_by(dispatch_changes.c.version, dispatch_changes.c.full)
    )
    for stored in connection.execute(query):
        change = decode(stored.change)
        if isinstance(change, DispatchChanged):
            changes[stored.dispatch_id].append(change)
            if stored.late:
                late[stored.dispatch_id].add(stored.version)
    said = claims.of_dispatches(connection, ids)
    away = dismissals.c
    dismissed = {
        row.dispatch_id: row.at
        for row in connection.execute(select(dismissals).where(away.dispatch_id.in_(ids)))
    }
    read = {
        row.dispatch_id: row.version
        for row in connection.execute(select(readings).where(readings.c.dispatch_id.in_(ids)))
    }

    def news(row: Row[*tuple[Any, ...]]) -> News | None:
        offer = _offer(row)
        if offer is None:
            return None
        return news_since(read.get(row.id, 0), offer, changes[row.id], late[row.id])

    return [
        _dispatch(row, changes[row.id], said.get(row.id, []), dismissed.get(row.id), news(row))
        for row in rows
    ]


def _offer(row: Row[*tuple[Any, ...]]) -> DispatchOffered | None:
    offer = decode(row.offer) if row.offer is not None else None
    return offer if isinstance(offer, DispatchOffered) else None


def _dispatch(
    row: Row[*tuple[Any, ...]],
    changes: list[DispatchChanged],
    said: list[Claim],
    dismissed_at: datetime | None,
    unread: News | None,
) -> Dispatch:
    known = fold(_offer(row), changes)
    return Dispatch(
        id=row.id,
        offer=known.offer,
        state=known.state,
        version=known.version,
        reason=known.reason,
        transport=known.transport,
        received_at=row.received_at,
        rang_since=row.rang_since,
        seen_at=row.seen_at,
        late=row.late,
        dismissed_at=dismissed_at,
        claims=tuple(said),
        still_needed=known.still_needed,
        unread=unread,
    )
