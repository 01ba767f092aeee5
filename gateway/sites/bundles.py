"""Bundles at the gateway: files that a person carries to and from boxes that no network reaches."""

from sqlalchemy import Connection, Row

from gateway.sites.exchange import find_site, take_message
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.tables import streams
from sync import bundle, exchange
from sync.exchange import Session
from sync.frame import packed_frames_of
from sync.note import Note, state_hash
from sync.sealing import Direction, PublicKeys, Refused

_MOST_EVENTS = 1_000_000


def write_bundle(desk: ExchangeDesk, site_id: int, *, everything: bool) -> tuple[bytes, int]:
    """What box `site_id` is not known to have, and with `everything` also what it has confirmed, as
    far as it is kept: the file, and how many events are in it. Exporting changes nothing. Raises
    Refused for a box that is not known or was revoked.
    """

    def read(connection: Connection) -> tuple[bytes, int]:
        site = find_site(connection, site_id)
        has = streams.incoming.acknowledgements(connection, site_id, None)
        pending = streams.outgoing.pending(
            connection,
            site_id,
            streams.readers.nothing(connection, site_id) if everything else (),
            _MOST_EVENTS,
        )
        note = Note(
            clock=desk.system.now(),
            state_hash=state_hash(has),
            acknowledgements=tuple(has),
            complete=True,
        )
        session = _session(desk, site, site.epoch or 1)
        content = bundle.build(session, Direction.DOWN, note, packed_frames_of(pending))
        return content, len(pending)

    return desk.database.read(read)


def take_bundle(desk: ExchangeDesk, content: bytes) -> tuple[int, int]:
    """Takes a box's bundle: the box, and how many events were new. Taken again it changes nothing.
    Raises Refused for one that no box of this gateway made.
    """
    label = bundle.read_label(content)
    if label.direction is not Direction.UP:
        raise Refused("This bundle is for a box, not for the gateway: haven-edge bundle import.")
    site = desk.database.read(lambda connection: find_site(connection, label.site_id))
    session = _session(desk, site, label.epoch)
    message = bundle.open_bundle(session, Direction.UP, content)
    return site.id, take_message(desk, site, message)


def _session(desk: ExchangeDesk, site: Row[tuple[object, ...]], epoch: int) -> Session:
    box = PublicKeys(site.exchange_key, site.signing_key)
    return exchange.session(desk.keys, box, site.id, epoch)
