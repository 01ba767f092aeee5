"""Bundles at the box: files that a person carries where no network reaches."""

from sqlalchemy import Connection

from edge_node import claims, reports
from edge_node import link as link_module
from edge_node.acting import Actor
from edge_node.identity import Site
from edge_node.store import Store
from edge_node.tables import streams
from shared.system import System
from sync import bundle, exchange, peer
from sync.exchange import Session
from sync.frame import packed_frames_of
from sync.note import Note, state_hash
from sync.sealing import Direction, NodeKeys, Refused

BEARER = "file"
_MOST_EVENTS = 1_000_000


def write_bundle(store: Store, system: System, keys: NodeKeys, site: Site) -> tuple[bytes, int]:
    """What this box has for the gateway and does not know to be there: the file, and how many
    events are in it. Exporting changes nothing.
    """

    def read(connection: Connection) -> tuple[bytes, int]:
        has = streams.incoming.acknowledgements(connection, peer.GATEWAY, None)
        pending = streams.outgoing.pending(connection, peer.GATEWAY, limit=_MOST_EVENTS)
        note = Note(
            clock=system.now(),
            state_hash=state_hash(has),
            acknowledgements=tuple(has),
            complete=True,
        )
        # A box that has never been started has no epoch of its own yet.
        epoch = streams.outgoing.epoch(connection) or 1
        session = _session(keys, site, epoch)
        content = bundle.build(session, Direction.UP, note, packed_frames_of(pending))
        return content, len(pending)

    return store.read(read)


def take_bundle(store: Store, keys: NodeKeys, site: Site, actor: Actor, content: bytes) -> int:
    """Takes a bundle of the gateway, frame by frame; how many events were new. Taken again it
    brings nothing. Raises Refused for one that is not for this box.
    """
    label = bundle.read_label(content)
    if label.direction is not Direction.DOWN:
        raise Refused("This bundle is for the gateway, not for a box: haven-gateway bundle import.")
    if label.site_id != site.site_id:
        raise Refused(f"This bundle is for box {label.site_id}; this is box {site.site_id}.")
    session = _session(keys, site, label.epoch)
    message = bundle.open_bundle(session, Direction.DOWN, content)
    link = actor.heard(message.note.clock, BEARER)
    new = 0
    for frame in message.frames:
        new += store.write(
            lambda connection, frame=frame: actor.take_frame(  # type: ignore[misc]
                connection, frame, message.note.clock
            )
        )

    def note(connection: Connection) -> None:
        for each in message.note.acknowledgements:
            streams.readers.acknowledge(connection, peer.GATEWAY, each)
        claims.mark_sent(connection, message.note.acknowledgements)
        reports.mark_sent(connection, message.note.acknowledgements)
        link_module.store(connection, link)

    store.write(note)
    return new


def _session(keys: NodeKeys, site: Site, epoch: int) -> Session:
    return exchange.session(keys, site.gateway, site.site_id, epoch)
