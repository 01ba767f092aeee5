"""`/sync/v1/doorbell`: a box proves who it is, and is told whenever something waits for it."""

import structlog
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from sqlalchemy import Connection, select

from gateway.database.database import Database
from gateway.live.heads import Heads
from gateway.sites.tables import SiteState, sites, streams
from shared.system import System
from sync import exchange
from sync.exchange import Session
from sync.frame import packed_frames_of
from sync.sealing import NodeKeys, PublicKeys, Refused

_log = structlog.get_logger()
_CHALLENGE_BYTES = 16
_HELLO_WITHIN_S = 10
_LONGEST_HELLO_BYTES = 256
_LOOK_EVERY_S = 20.0
# What a ring carries itself; more is fetched by an exchange.
_MOST_EVENTS, _LONGEST_FRAME_BYTES = 4, 1024
# simple-websocket's own code for "policy violation" (RFC 6455, 7.4.1).
_REFUSED = 1008


def add_doorbell(
    sock: Sock, database: Database, system: System, keys: NodeKeys, heads: Heads
) -> None:
    """Registers the route."""

    def doorbell(line: Server) -> None:
        challenge = system.rng.randbytes(_CHALLENGE_BYTES)
        line.send(challenge)
        hello = line.receive(timeout=_HELLO_WITHIN_S)
        try:
            session = _open(database, keys, challenge, hello)
        except Refused:
            line.close(_REFUSED)
            return
        # The first ring says that the line works, whether or not something waits.
        told = -1
        while line.connected and not heads.closed:
            head = heads.of(session.site_id)
            if head != told:
                waiting = database.read(lambda connection: _waiting(connection, session.site_id))
                line.send(exchange.build_ring(session, challenge, head, waiting))
                told = head
            heads.wait(session.site_id, told, _LOOK_EVERY_S)

    def ring_until_closed(line: Server) -> None:
        try:
            doorbell(line)
        except ConnectionClosed:
            return

    sock.route("/sync/v1/doorbell")(ring_until_closed)


def _waiting(connection: Connection, site_id: int) -> bytes | None:
    """The frame of what the box lacks, where it is little: a new emergency then needs no exchange
    to be fetched. One that was revoked meanwhile gets nothing.
    """
    state = select(sites.c.state).where(sites.c.id == site_id)
    if connection.execute(state).scalar_one_or_none() != SiteState.ACTIVE:
        return None
    pending = streams.outgoing.pending(connection, site_id, limit=_MOST_EVENTS + 1)
    if not 0 < len(pending) <= _MOST_EVENTS:
        return None
    frame, *more = packed_frames_of(pending)
    return frame if not more and len(frame) <= _LONGEST_FRAME_BYTES else None


def _open(database: Database, keys: NodeKeys, challenge: bytes, hello: object) -> Session:
    if not isinstance(hello, bytes) or len(hello) > _LONGEST_HELLO_BYTES:
        raise Refused
    head = exchange.read_head(hello)

    def find(connection: Connection) -> PublicKeys:
        site = connection.execute(select(sites).where(sites.c.id == head.site_id)).one_or_none()
        if site is None or site.state == SiteState.REVOKED:
            raise Refused
        return PublicKeys(site.exchange_key, site.signing_key)

    session = exchange.session(keys, database.read(find), head.site_id, head.epoch)
    exchange.open_hello(session, challenge, hello)
    return session
