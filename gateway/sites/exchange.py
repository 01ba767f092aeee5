"""Answering a box: its claims are folded in one durable write, and only then acknowledged.

That write takes its locks in the order of every other command (docs/architecture.md): emergencies,
the counter of hospitals' changes, streams in ascending order of hospitals, and the box's own row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from gateway.database.database import Database
from gateway.sites import sim_card
from gateway.sites.publishing import publish
from gateway.sites.tables import SiteState, sites, streams
from shared.errors import HavenError, origin
from shared.system import System
from sync import exchange
from sync.codec import encode
from sync.events import (
    AlarmState,
    Claim,
    DispatchDelivered,
    Event,
    Lane,
    SimReported,
    Verdict,
)
from sync.exchange import Message, Note
from sync.peer import (
    CannotApply,
    GatewayPeer,
    append,
    events_of,
    given_back,
    readable,
    receive_text,
    retry_parked,
    same_history,
)
from sync.sealing import Bearer, NodeKeys, PublicKeys, Refused
from sync.sms import Carried
from sync.stream_log import Standing

_FRESH = timedelta(minutes=2)
# How exact `last_seen_at` is: an exchange with no news writes at most this often.
_SEEN_EVERY = timedelta(seconds=60)
_GIVES_BACK_WITHIN = timedelta(seconds=60)
_LONGEST_PHONE = 20
# How exact a clock is on the wire.
_MILLISECOND = timedelta(milliseconds=1)

# The fault is in what was to be written, and will be the same next time. Anything else that the
# database says, such as a lost connection or a deadlock, passes.
_FAULT_OF_THE_CLAIM = (IntegrityError, DataError, ProgrammingError)

_log = structlog.get_logger()
_peer = GatewayPeer(streams)


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
    """What answering needs."""

    database: Database
    system: System
    keys: NodeKeys
    claims: ClaimsDesk


def answer(desk: ExchangeDesk, body: bytes) -> bytes:
    """The answer to a box's request.

    Raises Refused for anything that is not a whole, authentic request of a box that may speak;
    nothing has changed then. The same request again changes nothing either.
    """
    head = exchange.read_head(body)
    site = desk.database.read(lambda connection: find_site(connection, head.site_id))
    box = PublicKeys(site.exchange_key, site.signing_key)
    session = exchange.session(desk.keys, box, head.site_id, head.epoch)
    request = exchange.open_request(session, body, Bearer.HTTPS)
    if _peer.has_news(request) or _is_worth_noting(site, request, desk.system.now()):
        desk.database.write(lambda connection: _take(connection, desk, site, request, head.epoch))
    return desk.database.read(
        lambda connection: _peer.answer(
            connection,
            session,
            (body, request),
            desk.system.now(),
            retired=site.state == SiteState.RETIRED,
            asks_again=_is_in_doubt(connection, site, request),
        )
    )


def _is_in_doubt(connection: Connection, site: Row[*tuple[Any, ...]], request: Message) -> bool:
    """True until a complete account has shown that what once differed is mended: people and what is
    held wait for that.
    """
    if site.differs_at is None and not request.note.complete:
        return False
    query = select(sites.c.differs_at).where(sites.c.id == site.id)
    return connection.execute(query).scalar_one() is not None


def find_site(connection: Connection, site_id: int) -> Row[*tuple[Any, ...]]:
    """The box. Raises Refused for one that is not known or was revoked."""
    site = connection.execute(select(sites).where(sites.c.id == site_id)).one_or_none()
    if site is None or site.state == SiteState.REVOKED:
        raise Refused
    return site


def take_message(desk: ExchangeDesk, site: Row[*tuple[Any, ...]], message: Message) -> int:
    """Takes what a box sent by a bearer that cannot be answered at once, a frame at a time; how
    many events were new. What it says it has only grows: nobody knows how old it is.
    """
    note = replace(message.note, complete=False, heard_at=None)
    new = 0
    for frames in (*((frame,) for frame in message.frames), ()):
        part = Message(note, frames)
        new += desk.database.write(
            lambda connection, part=part: _take(  # type: ignore[misc]
                connection, desk, site, part, site.epoch, answerable=False
            )
        )
    return new


def take_text(
    desk: ExchangeDesk, site: Row[*tuple[Any, ...]], carried: Carried, epoch: int, sender: str
) -> bool:
    """Takes what a box texted in its `epoch`; whether it brought an event that was new."""
    nothing = Message(Note(clock=desk.system.now(), state_hash=exchange.state_hash([])), ())
    new = desk.database.write(
        lambda connection: _take(
            connection, desk, site, nothing, epoch, answerable=False, text=(carried, sender)
        )
    )
    return bool(new)


def retry_all_parked(desk: ExchangeDesk) -> int:
    """Acts on what boxes sent and an earlier version of this program could not read; how many
    events it were.
    """
    done = 0
    nothing = Message(Note(clock=desk.system.now(), state_hash=exchange.state_hash([])), ())
    for site in desk.database.read(_with_parked_events):
        done += desk.database.write(
            lambda connection, site=site: _take(  # type: ignore[misc]
                connection, desk, site, nothing, site.epoch, answerable=False, retries=True
            )
        )
    return done


def _with_parked_events(connection: Connection) -> Sequence[Row[*tuple[Any, ...]]]:
    writers = streams.incoming.writers_of_parked(connection)
    return connection.execute(select(sites).where(sites.c.id.in_(writers))).all()


def _is_fresh(request: Message, now: datetime) -> bool:
    """True when the box has heard us lately, so that this cannot be an old request again."""
    heard_at = request.note.heard_at
    return heard_at is not None and abs(now - heard_at) < _FRESH


def _is_worth_noting(site: Row[*tuple[Any, ...]], request: Message, now: datetime) -> bool:
    return _is_fresh(request, now) and (
        site.last_seen_at is None or now - site.last_seen_at >= _SEEN_EVERY
    )


def _take(
    connection: Connection,
    desk: ExchangeDesk,
    site: Row[*tuple[Any, ...]],
    request: Message,
    epoch: int | None,
    *,
    answerable: bool = True,
    retries: bool = False,
    text: tuple[Carried, str] | None = None,
) -> int:
    now = desk.system.now()
    answers: list[Event] = []
    others: list[tuple[int, Event]] = []
    noted: dict[str, Any] = {}

    def act(event: Event) -> None:
        if isinstance(event, AlarmState | DispatchDelivered):
            noted["audible"] = event.audible
        if isinstance(event, SimReported):
            noted.update(sim_card.columns(event, now))
        try:
            folded, failure = _fold(connection, desk.claims, site.hospital_id, event), None
        except CannotApply as error:
            failure = error
            folded = _set_aside(connection, desk.claims, site.hospital_id, event)
        answers.extend(folded.answers)
        others.extend(folded.others)
        if failure is not None:
            raise failure

    def complete(event: Event) -> None:
        desk.claims.complete(connection, site.hospital_id, event)

    about = events_of(request) if text is None else readable([text[0].payload])
    desk.claims.lock(connection, site.hospital_id, about)
    fresh = _is_fresh(request, now)
    standing = _peer.standing(connection, site.id, request.note)
    # A request that may be an old one again is asked for once more before anything is made of it.
    waits = answerable and (
        bool(standing.lost)
        or not (request.note.complete or same_history(connection, streams, site.id, request.note))
    )
    if not fresh:
        standing = Standing()
    elif request.note.complete:
        noted |= _noted_standing(connection, desk, site, standing, now)
        waits = _still_gives_back(standing, noted["differs_at"], request, now)
    if standing.lost and not waits:
        # It has had its time. Claims must not wait for what nobody can give back.
        _give_up(connection, site.id, request, standing)
        standing = Standing(diverged=standing.lost)
    recovered = _recovered(connection, desk, site, request)
    answers.extend(recovered.answers)
    others.extend(recovered.others)
    # After that, so that whoever is known again is told too.
    anew = () if waits else _told_anew(connection, desk, site, standing)
    if fresh and request.note.complete and standing.agrees and site.differs_at is not None:
        # What we wrote after a restore, before we knew, may bear versions that the box had already
        # heard of: it has passed over them.
        answers.extend(_everything(connection, desk, site))
    if fresh and request.note.lost:
        answers.extend(_verdicts_again(connection, site.id, request))
    new = 0
    # While the box gives back what we lost, its claims wait: they are about patients whom we know
    # again only after that.
    if not waits:
        retried = retry_parked(connection, streams, site.id, act) if retries else 0
        new = retried + _peer.take(connection, site.id, request, now, act, complete)
    if text is not None:
        carried, sender = text
        if receive_text(connection, streams, site.id, carried, now, act, complete):
            new += 1
            noted |= {"texted_at": now, "texted_epoch": epoch, "epoch": epoch}
        if new or site.sim_phone is None:
            noted["sim_phone"] = sender[:_LONGEST_PHONE]
    others.sort(key=lambda other: other[0])
    before = [other for other in others if other[0] < site.hospital_id]
    for hospital_id, event in before:
        publish(connection, hospital_id, event)
    if not standing.agrees:
        _renew(connection, desk, site, standing, anew, now, snapshot=not waits)
    _peer.reply(connection, site.id, request, answers, now, fresh=fresh)
    for hospital_id, event in others[len(before) :]:
        publish(connection, hospital_id, event)
    if fresh or (new and answerable):
        noted |= {"last_seen_at": now, "epoch": epoch}
    if noted:
        connection.execute(update(sites).where(sites.c.id == site.id).values(noted))
    return new


def _noted_standing(
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


def _give_up(connection: Connection, site_id: int, request: Message, standing: Standing) -> None:
    lost = {(at.lane, at.epoch) for at in standing.lost}
    said = [each for each in request.note.acknowledgements if (each.lane, each.epoch) in lost]
    streams.readers.believe(connection, site_id, said)


def _still_gives_back(
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
    heard_at = request.note.heard_at
    has_heard = heard_at is not None and heard_at + _MILLISECOND > differs_at
    return is_soon or not has_heard or _brings_the_next(request, standing)


def _brings_the_next(request: Message, standing: Standing) -> bool:
    lacked = {(at.lane, at.epoch): at.seq + 1 for at in standing.lost}
    return any(
        frame.recovered
        and frame.first_seq
        <= lacked.get((frame.lane, frame.epoch), 0)
        < frame.first_seq + len(frame.payloads)
        for frame in request.frames
    )


def _verdicts_again(connection: Connection, site_id: int, request: Message) -> list[Event]:
    """A box that was set back is given back what its staff said, but a snapshot says nothing of the
    verdicts: without them it would believe for ever that its claims are under way.
    """
    given = given_back(connection, streams, site_id, request.note.lost)
    said = readable(each.payload for each in given)
    claims = {event.claim_id for event in said if isinstance(event, Claim)}
    told = readable(streams.outgoing.replaced(connection, site_id, Lane.EMERGENCIES))
    return [event for event in told if isinstance(event, Verdict) and event.claim_id in claims]


def _told_anew(
    connection: Connection, desk: ExchangeDesk, site: Row[*tuple[Any, ...]], standing: Standing
) -> Sequence[Event]:
    """A box that cannot simply go on where it stopped is told everything that matters today."""
    return () if standing.agrees else _everything(connection, desk, site)


def _everything(
    connection: Connection, desk: ExchangeDesk, site: Row[*tuple[Any, ...]]
) -> Sequence[Event]:
    if site.state != SiteState.ACTIVE:
        return ()
    return desk.claims.opening(connection, site.hospital_id, removing=True)


def _recovered(
    connection: Connection, desk: ExchangeDesk, site: Row[*tuple[Any, ...]], request: Message
) -> Folded:
    frames = [frame for frame in request.frames if frame.recovered]
    if not frames:
        return Folded()
    return desk.claims.recover(
        connection, site.hospital_id, events_of(replace(request, frames=tuple(frames)))
    )


def _renew(
    connection: Connection,
    desk: ExchangeDesk,
    site: Row[*tuple[Any, ...]],
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
    unsaid = _unsaid_verdicts(connection, site.id, standing) if snapshot else []
    streams.outgoing.renew(connection, site.id, epoch, now, snapshot=snapshot)
    append(connection, streams, site.id, [*anew, *unsaid], now)


def _unsaid_verdicts(connection: Connection, site_id: int, standing: Standing) -> list[Event]:
    """Verdicts that the box may not have: a snapshot takes the place of everything else, and where
    histories differ they may stand under numbers that the box believes to have.
    """
    doubtful = {at.epoch: at.seq for at in standing.diverged if at.lane == Lane.EMERGENCIES}
    said = streams.outgoing.unsaid(connection, site_id, Lane.EMERGENCIES, doubtful)
    return [event for event in readable(said) if isinstance(event, Verdict)]


def _fold(connection: Connection, claims: ClaimsDesk, hospital_id: int, event: Event) -> Folded:
    """One claim that cannot be folded must not keep the rest of the box's claims waiting, so it is
    undone by itself. When the database is what fails, all of it is tried again.

    Raises CannotApply.
    """
    try:
        try:
            with connection.begin_nested():
                return _writable(claims.fold(connection, hospital_id, event))
        except IntegrityError:
            # Somebody else may have added the same row at this moment; now it is there to be seen.
            with connection.begin_nested():
                return _writable(claims.fold(connection, hospital_id, event))
    except HavenError as error:
        raise CannotApply(str(error)) from error
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, _FAULT_OF_THE_CLAIM):
            raise
        _log.error(
            "claim set aside",
            hospital_id=hospital_id,
            claim=type(event).__name__,
            error=origin(error),
        )
        raise CannotApply(f"{type(error).__name__} while applying it.") from error


def _writable(folded: Folded) -> Folded:
    """The same. Raises InvalidInput when one of its events has no form on the wire: streams are
    written when it is too late to undo one claim alone.
    """
    for event in (*folded.answers, *(event for _, event in folded.others)):
        encode(event)
    return folded


def _set_aside(
    connection: Connection, claims: ClaimsDesk, hospital_id: int, event: Event
) -> Folded:
    """It is parked whatever happens here; what fails for the same reason fails alone."""
    try:
        with connection.begin_nested():
            return _writable(claims.set_aside(connection, hospital_id, event))
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, _FAULT_OF_THE_CLAIM):
            raise
        _log.error("nobody was told of a claim set aside", error=origin(error))
        return Folded()
