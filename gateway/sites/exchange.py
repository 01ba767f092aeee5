"""Answering a box: its claims are folded in one durable write, and only then acknowledged.

That write takes its locks in the order of every other command (docs/architecture.md): emergencies,
the counter of hospitals' changes, streams in ascending order of hospitals, and the box's own row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from gateway.database.database import Database
from gateway.sites.publishing import publish
from gateway.sites.tables import SiteState, sites, streams
from shared.errors import HavenError, origin
from shared.system import System
from sync import exchange
from sync.codec import encode
from sync.events import AlarmState, DispatchDelivered, Event
from sync.exchange import Message
from sync.peer import CannotApply, GatewayPeer, readable, same_history
from sync.sealing import Bearer, NodeKeys, PublicKeys, Refused

_FRESH = timedelta(minutes=2)
# How exact `last_seen_at` is: an exchange with no news writes at most this often.
_SEEN_EVERY = timedelta(seconds=60)

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

    def set_aside(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        """Hands an event that could not be folded to people."""
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
    site = desk.database.read(lambda connection: _find(connection, head.site_id))
    box = PublicKeys(site.exchange_key, site.signing_key)
    session = exchange.session(desk.keys, box, head.site_id, head.epoch)
    request = exchange.open_request(session, body, Bearer.HTTPS)
    now = desk.system.now()
    agrees = desk.database.read(
        lambda connection: same_history(connection, streams, site.id, request.note)
    )
    if _peer.has_news(request) or _is_worth_noting(site, request, now, agrees=agrees):
        desk.database.write(
            lambda connection: _take(connection, desk, site, request, head.epoch, agrees=agrees)
        )
    return desk.database.read(
        lambda connection: _peer.answer(
            connection,
            session,
            (body, request),
            desk.system.now(),
            retired=site.state == SiteState.RETIRED,
        )
    )


def _find(connection: Connection, site_id: int) -> Row[*tuple[Any, ...]]:
    site = connection.execute(select(sites).where(sites.c.id == site_id)).one_or_none()
    if site is None or site.state == SiteState.REVOKED:
        raise Refused
    return site


def _is_fresh(request: Message, now: datetime) -> bool:
    """True when the box has heard us lately, so that this cannot be an old request again."""
    heard_at = request.note.heard_at
    return heard_at is not None and abs(now - heard_at) < _FRESH


def _is_worth_noting(
    site: Row[*tuple[Any, ...]], request: Message, now: datetime, *, agrees: bool
) -> bool:
    if agrees != (site.differs_at is None):
        return True
    return _is_fresh(request, now) and (
        site.last_seen_at is None or now - site.last_seen_at >= _SEEN_EVERY
    )


def _take(
    connection: Connection,
    desk: ExchangeDesk,
    site: Row[*tuple[Any, ...]],
    request: Message,
    epoch: int,
    *,
    agrees: bool,
) -> None:
    now = desk.system.now()
    answers: list[Event] = []
    others: list[tuple[int, Event]] = []
    noted: dict[str, Any] = {"differs_at": None if agrees else site.differs_at or now}

    def act(event: Event) -> None:
        if isinstance(event, AlarmState | DispatchDelivered):
            noted["audible"] = event.audible
        try:
            folded, failure = _fold(connection, desk.claims, site.hospital_id, event), None
        except CannotApply as error:
            failure = error
            folded = _set_aside(connection, desk.claims, site.hospital_id, event)
        answers.extend(folded.answers)
        others.extend(folded.others)
        if failure is not None:
            raise failure

    desk.claims.lock(connection, site.hospital_id, readable(request))
    new = _peer.take(connection, site.id, request, now, act)
    others.sort(key=lambda other: other[0])
    later = [other for other in others if other[0] > site.hospital_id]
    for hospital_id, event in others[: len(others) - len(later)]:
        publish(connection, hospital_id, event)
    _peer.reply(connection, site.id, request, answers, now)
    for hospital_id, event in later:
        publish(connection, hospital_id, event)
    if new or _is_fresh(request, now):
        noted |= {"last_seen_at": now, "epoch": epoch}
    connection.execute(update(sites).where(sites.c.id == site.id).values(noted))


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
