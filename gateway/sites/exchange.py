"""Answering a box: its claims are folded in one durable write, and only then acknowledged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from gateway.database.database import Database
from gateway.sites.tables import SiteState, sites, streams
from shared.errors import HavenError, origin
from shared.system import System
from sync import exchange
from sync.events import AlarmState, DispatchDelivered, Event
from sync.exchange import Message
from sync.peer import CannotApply, GatewayPeer, same_history
from sync.sealing import Bearer, NodeKeys, PublicKeys, Refused

# Applies a claim of this hospital to the state tables, and gives what its box is to be told.
Fold = Callable[[Connection, int, Event], Sequence[Event]]

_FRESH = timedelta(minutes=2)
# How exact `last_seen_at` is: an exchange with no news writes at most this often.
_SEEN_EVERY = timedelta(seconds=60)

_log = structlog.get_logger()
_peer = GatewayPeer(streams)


@dataclass(frozen=True, slots=True)
class ExchangeDesk:
    """What answering needs."""

    database: Database
    system: System
    keys: NodeKeys
    fold: Fold


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

    def fold(event: Event) -> Sequence[Event]:
        if isinstance(event, AlarmState | DispatchDelivered):
            connection.execute(
                update(sites).where(sites.c.id == site.id).values(audible=event.audible)
            )
        return _fold_or_park(connection, desk.fold, site.hospital_id, event)

    new = _peer.take(connection, site.id, request, now, fold)
    noted: dict[str, Any] = {"differs_at": None if agrees else site.differs_at or now}
    if new or _is_fresh(request, now):
        noted |= {"last_seen_at": now, "epoch": epoch}
    connection.execute(update(sites).where(sites.c.id == site.id).values(noted))


def _fold_or_park(
    connection: Connection, fold: Fold, hospital_id: int, event: Event
) -> Sequence[Event]:
    """One claim that cannot be folded must not keep the rest of the box's claims waiting, so it
    is undone by itself and parked. When the database is what fails, all of it is tried again.
    """
    try:
        with connection.begin_nested():
            return fold(connection, hospital_id, event)
    except HavenError as error:
        raise CannotApply(str(error)) from error
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError):
            raise
        _log.error(
            "claim parked",
            hospital_id=hospital_id,
            claim=type(event).__name__,
            error=origin(error),
        )
        raise CannotApply(f"{type(error).__name__} while applying it.") from error
