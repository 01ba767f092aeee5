"""Texting boxes what the network does not carry: critical patients at once, everything else of
lane 1 when the box has not confirmed it for a while.

It runs beside the commands that cause the events: nobody's turn waits for a seal.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gateway.database.exclusive import one_at_a_time
from gateway.notifications import outbox
from gateway.notifications.outbox import Channel
from gateway.sites.tables import SiteState, sites, streams
from gateway.unit_of_work import Services, UnitOfWork
from shared.errors import InvalidInput
from sync import exchange, sms, texting
from sync.codec import decode
from sync.exchange import Session
from sync.heard import Heard, mark_of
from sync.sealing import Direction, NodeKeys, PublicKeys
from sync.stream_log import Waiting
from sync.texting import TextRules

# A box in touch confirms within seconds.
RULES = TextRules(after=timedelta(seconds=60), urgent_at_once=True)
PURPOSE = "box"
# Validity is of hours; what is older than this is not looked at.
_LOOKED_BACK = timedelta(hours=12)
# What was heard goes along with the next event; if none comes, by itself.
_HEARD_AFTER = timedelta(seconds=30)
# From then on the network is known to be silent: what comes after waits for nothing.
_SILENT_AFTER = timedelta(minutes=3)
_URGENT, _USUAL = 1, 2


def text_boxes(services: Services, keys: NodeKeys) -> int:
    """Queues the texts that are due; how many it were. Looking costs no write."""
    now = services.system.now()
    if not services.database.read(lambda connection: _due_sites(connection, now)):
        return 0
    return services.write(lambda uow: _text_all(uow, keys))


def _due_sites(connection: Connection, now: datetime) -> list[Row[Any]]:
    """The boxes for which something is to be texted."""
    query = select(sites).where(
        sites.c.state == SiteState.ACTIVE,
        sites.c.sim_phone.is_not(None),
        sites.c.epoch.is_not(None),
    )
    found = connection.execute(query.order_by(sites.c.id)).all()
    if not found:
        return []
    waiting = set(streams.texts.readers_waiting(connection))
    return [
        site
        for site in found
        if _owes_heard(site, now) or (site.id in waiting and _due(connection, site, now))
    ]


def _due(connection: Connection, site: Row[Any], now: datetime) -> Sequence[Waiting]:
    waiting = streams.texts.waiting(connection, site.id, now - _LOOKED_BACK)
    return texting.due(waiting, now, RULES, silent=_is_silent(site, now))


def _is_silent(site: Row[Any], now: datetime) -> bool:
    """True when the network carries nothing to or from this box: it has been silent for long, or
    has texted since.
    """
    seen: datetime = site.last_seen_at or site.enrolled_at
    return now - seen > _SILENT_AFTER or (site.texted_at is not None and site.texted_at > seen)


def _owes_heard(site: Row[Any], now: datetime) -> bool:
    """True when the box has texted something and was not told that it was heard. In touch over the
    network it is told by that.
    """
    return (
        site.texted_at is not None
        and now - site.texted_at >= _HEARD_AFTER
        and (site.told_heard_at is None or site.told_heard_at < site.texted_at)
        and (site.last_seen_at is None or site.last_seen_at < site.texted_at)
    )


def _text_all(uow: UnitOfWork, keys: NodeKeys) -> int:
    one_at_a_time(uow.connection, "text boxes")
    return sum(_text(uow, keys, site) for site in _due_sites(uow.connection, uow.now))


def _text(uow: UnitOfWork, keys: NodeKeys, site: Row[Any]) -> int:
    """Queues what is due for one box."""
    box = PublicKeys(site.exchange_key, site.signing_key)
    session = exchange.session(keys, box, site.id, site.epoch)
    heard = _heard(uow.connection, site)
    count, told = 0, False
    for each in _due(uow.connection, site, uow.now):
        try:
            text = _build(uow.connection, session, site, each, None if told else heard)
        except InvalidInput:
            # Counted as sent, or it would be tried every second; it goes another way.
            streams.texts.note_sent(uow.connection, site.id, each.position, uow.now)
            continue
        event = decode(each.payload)
        urgent = texting.urgency(event) == 0
        _enqueue(uow, site, text, urgent, texting.valid_until(event))
        streams.texts.note_sent(uow.connection, site.id, each.position, uow.now)
        told = told or sms.says_heard(text)
        count += 1
    if not told and heard is not None and _owes_heard(site, uow.now):
        text = sms.build_heard(session, Direction.DOWN, heard)
        _enqueue(uow, site, text, False, uow.now + _SILENT_AFTER)
        count, told = count + 1, True
    if told:
        uow.connection.execute(
            update(sites).where(sites.c.id == site.id).values(told_heard_at=uow.now)
        )
    return count


def _heard(connection: Connection, site: Row[Any]) -> Heard | None:
    if site.texted_epoch is None:
        return None
    return streams.texts.heard_of(connection, site.id, site.texted_epoch)


def _build(
    connection: Connection, session: Session, site: Row[Any], each: Waiting, heard: Heard | None
) -> str:
    epoch = each.position.epoch
    known = streams.readers.believed(connection, site.id)
    has_some = any(each.epoch == epoch for each in known)
    has_heard = streams.texts.heard_by(connection, site.id, epoch) != Heard(mark_of(epoch))
    return sms.build_event(
        session,
        Direction.DOWN,
        each.position,
        each.payload,
        reader_knows_epoch=has_some or has_heard,
        heard=heard,
    )


def _enqueue(
    uow: UnitOfWork, site: Row[Any], text: str, urgent: bool, valid_until: datetime
) -> None:
    outbox.enqueue(
        uow,
        channel=Channel.SMS,
        recipient=site.sim_phone,
        text=text,
        purpose=PURPOSE,
        urgency=_URGENT if urgent else _USUAL,
        valid_until=valid_until,
    )
