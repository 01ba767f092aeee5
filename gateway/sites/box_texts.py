"""What a box texts: authentic, it is taken in like what it sends over the network.

The sender's number proves nothing; the seal does. But the number of an authentic text that brings
something new is that of the box's SIM, which is how we learn it.
"""

import structlog
from sqlalchemy import Connection

from gateway.sites.exchange import find_site, take_text
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.tables import sites
from sync import exchange, sms
from sync.sealing import Direction, PublicKeys, Refused

_log = structlog.get_logger(__name__)


def receive(desk: ExchangeDesk, sender: str, text: str) -> bool:
    """Takes the text in; the same again does nothing. False when no box of ours sealed it: then it
    is whatever a person wrote.
    """
    if not sms.is_ours(text):
        return False
    try:
        label = sms.read_label(text)
        site = desk.database.read(lambda connection: find_site(connection, label.site_id))
        box = PublicKeys(site.exchange_key, site.signing_key)
        session = exchange.session(desk.keys, box, label.site_id, label.epoch)
        carried = sms.open_message(text, [session], Direction.UP, [label.epoch])
    except Refused:
        # Of a box's SIM it can only be one that was damaged on the way: that one texts again.
        known = desk.database.read(lambda connection: _is_a_sim(connection, sender))
        _log.warning("a sealed text was refused", from_a_box=known)
        return known
    new = take_text(desk, site, carried, label.epoch, sender)
    _log.info("text of a box", site=site.id, new=new)
    return True


def _is_a_sim(connection: Connection, sender: str) -> bool:
    query = sites.select().where(sites.c.sim_phone == sender)
    return connection.execute(query).first() is not None
