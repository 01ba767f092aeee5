"""Answering a box: its claims are folded in one durable write, and only then acknowledged.

That write takes its locks in the order of every other command (docs/architecture.md): emergencies,
the counter of hospitals' changes, streams in ascending order of hospitals, and the box's own row.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gateway.restoring.tables import newest_restore
from gateway.sites import folding, histories, sim_card
from gateway.sites.exchange_desk import ExchangeDesk, Folded
from gateway.sites.publishing import publish
from gateway.sites.tables import SiteState, sites, streams
from sync import exchange
from sync.codec import lane_of
from sync.events import (
    AlarmState,
    Claim,
    DispatchDelivered,
    Event,
    SimReported,
)
from sync.exchange import Message
from sync.gateway_peer import GatewayPeer
from sync.note import Note, state_hash
from sync.peer import (
    CannotApply,
    events_of,
    readable,
    receive_text,
    retry_parked,
    same_history,
)
from sync.sealing import Bearer, PublicKeys, Refused
from sync.sms import Carried
from sync.stream_log import Standing

_FRESH = timedelta(minutes=2)
# How exact `last_seen_at` is: an exchange with no news writes at most this often.
_SEEN_EVERY = timedelta(seconds=60)
_LONGEST_PHONE = 20
_MAY_BE_GIVEN_BACK = "Haven was set back to an older copy: this waits until the box has told more."

_peer = GatewayPeer(streams)


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
            lease_h=desk.lease_h,
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
    nothing = Message(Note(clock=desk.system.now(), state_hash=state_hash([])), ())
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
    nothing = Message(Note(clock=desk.system.now(), state_hash=state_hash([])), ())
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


def _is_unheard(connection: Connection, site: Row[*tuple[Any, ...]]) -> bool:
    """True for a box that has not been heard since the database was set back."""
    restored_at = newest_restore(connection)
    return restored_at is not None and (
        site.last_seen_at is None or site.last_seen_at <= restored_at
    )


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

    may_give_back = site.differs_at is not None or _is_unheard(connection, site)

    def act(event: Event) -> None:
        if (
            may_give_back
            and not answerable
            and isinstance(event, Claim)
            and not desk.claims.is_known(connection, site.hospital_id, event)
        ):
            raise CannotApply(_MAY_BE_GIVEN_BACK)
        if isinstance(event, AlarmState | DispatchDelivered):
            noted["audible"] = event.audible
        if isinstance(event, SimReported):
            noted.update(sim_card.columns(event, now))
        try:
            folded, failure = folding.fold(connection, desk.claims, site.hospital_id, event), None
        except CannotApply as error:
            failure = error
            folded = folding.set_aside(connection, desk.claims, site.hospital_id, event)
        answers.extend(folded.answers)
        others.extend(folded.others)
        if failure is not None:
            raise failure

    def complete(event: Event) -> None:
        desk.claims.complete(connection, site.hospital_id, event)

    about = events_of(request) if text is None else readable([text[0].payload])
    if may_give_back:
        parked = streams.incoming.parked(connection, site.id)
        about += readable(each.payload for each in parked)
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
        noted |= histories.noted_standing(connection, desk, site, standing, now)
        waits = histories.still_gives_back(standing, noted["differs_at"], request, now)
    if standing.lost and not waits:
        # It has had its time. Claims must not wait for what nobody can give back.
        histories.give_up(connection, site.id, request, standing)
        standing = Standing(diverged=standing.diverged + standing.lost)
    recovered = histories.recovered(connection, desk, site, request) if fresh else Folded()
    answers.extend(recovered.answers)
    others.extend(recovered.others)
    # What we wrote after a restore, before we knew, may bear versions that the box had already
    # heard of: it has passed over them. And what it gave back may have been a snapshot, which took
    # the place of streams that stand here as they were before it.
    is_mended = fresh and request.note.complete and standing.agrees and site.differs_at is not None
    anew: Sequence[Event] = ()
    # After the rest, so that whoever is known again is told too.
    if is_mended or not (waits or standing.agrees):
        anew = histories.everything(connection, desk, site)
    if fresh and request.note.lost:
        answers.extend(histories.verdicts_again(connection, site.id, request))
    new = 0
    # While the box gives back what we lost, its claims wait: they are about patients whom we know
    # again only after that.
    if not waits:
        # What waited for a box that was to give something back waits no longer.
        retries = retries or (fresh and may_give_back)
        retried = retry_parked(connection, streams, site.id, act) if retries else 0
        new = retried + _peer.take(connection, site.id, request, now, act, complete, fresh=fresh)
    if text is not None:
        carried, sender = text
        if receive_text(connection, streams, site.id, carried, now, act, complete):
            new += 1
            noted |= {"texted_at": now, "texted_epoch": epoch, "epoch": epoch}
        if new or site.sim_phone is None:
            noted["sim_phone"] = sender[:_LONGEST_PHONE]
    others.sort(key=lambda other: (other[0], lane_of(other[1])))
    before = [other for other in others if other[0] < site.hospital_id]
    for hospital_id, event in before:
        publish(connection, hospital_id, event)
    if is_mended or not standing.agrees:
        histories.renew(connection, desk, site, request, standing, anew, now, snapshot=not waits)
    _peer.reply(connection, site.id, request, answers, now, fresh=fresh)
    for hospital_id, event in others[len(before) :]:
        publish(connection, hospital_id, event)
    if fresh or (new and answerable):
        noted |= {"epoch": epoch}
        # What is held since a restore waits for the box itself, not for an old request of it whose
        # events are new again, and where its history differs for a whole account.
        if request.note.complete or not waits:
            noted |= {"last_seen_at": now} if fresh or not may_give_back else {}
    if noted:
        connection.execute(update(sites).where(sites.c.id == site.id).values(noted))
    return new
