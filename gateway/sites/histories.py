"""When a box's history and ours do not fit: what it gives back is taken in, what it lacks is told
anew, and people hear of what differs. Part of answering a box, in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from gateway.sites.exchange_desk import ExchangeDesk, Folded
from gateway.sites.tables import SiteState, streams
from sync.events import Claim, Event, Lane, Verdict
from sync.exchange import Message
from sync.peer import append, brings_the_next, events_of, given_back, readable
from sync.stream_log import Standing

_GIVES_BACK_WITHIN = timedelta(seconds=60)
# How exact a clock is on the wire.
_MILLISECOND = timedelta(milliseconds=1)


def noted_standing(
    connection: Connection,
    desk: ExchangeDesk,
    site: Row[*tuple[Any, ...]],
    standing: Standing,
    now: datetime,
) -> dict[str, Any]:
    """What is noted of how the two histories fit; people are alarmed once."""
    differs = bool(standing.lost or standing.diverged)
    if differs and site.differs_at is None:
        desk.claims.histories_differ(connection, site.hospital_id, lost=bool(standing.lost))
    return {"differs_at": (site.differs_at or now) if differs else None}


def give_up(connection: Connection, site_id: int, request: Message, standing: Standing) -> None:
    lost = {(at.lane, at.epoch) for at in standing.lost}
    said = [each for each in request.note.acknowledgements if (each.lane, each.epoch) in lost]
    streams.readers.believe(connection, site_id, said)
    ahead = [at for at in request.note.furthest if (at.lane, at.epoch) in lost]
    streams.readers.give_up(connection, site_id, ahead)


def still_gives_back(
    standing: Standing, differs_at: datetime | None, request: Message, now: datetime
) -> bool:
    """True while the box has yet to give back what it has and we have not. One that cannot is not
    waited for for long; one that has not heard yet what we lost, or gives the next of it back in
    this request, is.
    """
    if differs_at is None:
        return False
    is_soon = now - differs_at < _GIVES_BACK_WITHIN
    if not standing.lost:
        return is_soon and not any(frame.recovered for frame in request.frames)
    if _gives_the_furthest(request, standing):
        return False
    heard_at = request.note.heard_at
    has_heard = heard_at is not None and heard_at + _MILLISECOND > differs_at
    return is_soon or not has_heard or brings_the_next(request.frames, standing.lost)


def _gives_the_furthest(request: Message, standing: Standing) -> bool:
    """True when all that we lost had come to the box ahead of gaps, and is in this request to the
    last event: nobody can fill those gaps any more.
    """
    cursors = {(at.lane, at.epoch): at.cursor for at in request.note.acknowledgements}
    furthest = {(at.lane, at.epoch): at.seq for at in request.note.furthest}
    given = {
        (frame.lane, frame.epoch): frame.first_seq + len(frame.payloads) - 1
        for frame in request.frames
        if frame.recovered
    }
    streams_lost = {(at.lane, at.epoch): at.seq for at in standing.lost}
    return all(
        cursors.get(stream, 0) <= last_seq
        and given.get(stream, 0) >= furthest.get(stream, last_seq + 1)
        for stream, last_seq in streams_lost.items()
    )


def verdicts_again(connection: Connection, site_id: int, request: Message) -> list[Event]:
    """A box that was set back is given back what its staff said, but a snapshot says nothing of the
    verdicts: without them it would believe for ever that its claims are under way.
    """
    given = given_back(connection, streams, site_id, request.note.lost)
    said = readable(each.payload for each in given)
    claims = {event.claim_id for event in said if isinstance(event, Claim)}
    told = readable(streams.outgoing.replaced(connection, site_id, Lane.EMERGENCIES))
    return [event for event in told if isinstance(event, Verdict) and event.claim_id in claims]


def everything(
    connection: Connection, desk: ExchangeDesk, site: Row[*tuple[Any, ...]]
) -> Sequence[Event]:
    if site.state != SiteState.ACTIVE:
        return ()
    return desk.claims.opening(connection, site.hospital_id, removing=True)


def recovered(
    connection: Connection, desk: ExchangeDesk, site: Row[*tuple[Any, ...]], request: Message
) -> Folded:
    frames = [frame for frame in request.frames if frame.recovered]
    if not frames:
        return Folded()
    return desk.claims.recover(
        connection, site.hospital_id, events_of(replace(request, frames=tuple(frames)))
    )


def renew(
    connection: Connection,
    desk: ExchangeDesk,
    site: Row[*tuple[Any, ...]],
    request: Message,
    standing: Standing,
    anew: Sequence[Event],
    now: datetime,
    *,
    snapshot: bool,
) -> None:
    """Goes on in a new epoch: what we write from here on must not share a number with anything that
    we have lost, or that the box has otherwise.
    """
    written_in = streams.outgoing.open_epochs(connection, site.id)
    written_in.add(streams.outgoing.epoch(connection) or 0)
    doubtful = {at.epoch for at in (*standing.lost, *standing.diverged)}
    if not (snapshot or doubtful & written_in):
        return
    epoch = desk.system.rng.randrange(1, 1 << 32)
    unsaid = _unsaid_verdicts(connection, site.id, request, standing) if snapshot else []
    streams.outgoing.renew(connection, site.id, epoch, now, snapshot=snapshot)
    append(connection, streams, site.id, [*anew, *unsaid], now)


def _unsaid_verdicts(
    connection: Connection, site_id: int, request: Message, standing: Standing
) -> list[Event]:
    """Verdicts that the box may not have: a snapshot takes the place of everything else, and where
    histories differ they may stand under numbers that the box believes to have.
    """
    lane = Lane.EMERGENCIES
    has = {at.epoch: at.cursor for at in request.note.acknowledgements if at.lane == lane}
    for at in standing.diverged:
        if at.lane == lane:
            has[at.epoch] = min(at.seq, has.get(at.epoch, at.seq))
    said = streams.outgoing.unsaid(connection, site_id, lane, has)
    return [event for event in readable(said) if isinstance(event, Verdict)]
