"""One exchange of the box with its gateway: send what waits, store what comes, ring at once."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from edge_node import claims, reports, retention
from edge_node import link as link_module
from edge_node.acting import Actor
from edge_node.gateway_clock import GatewayClock
from edge_node.gateway_connection import AnswerBrokeOff, GatewayConnection
from edge_node.identity import Site
from edge_node.lease import Lease
from edge_node.link import Link
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import streams
from shared.system import System
from sync import exchange, peer
from sync.box_peer import BoxPeer, Prepared
from sync.exchange import Message
from sync.note import USUAL_REPLY_BYTES
from sync.sealing import NodeKeys, Refused

EXCHANGE_PATH = "/sync/v1/exchange"
BEARER = "https"
# The link's row is for the next start only; this keeps the disk's write count low.
_STORE_LINK_EVERY = timedelta(minutes=5)
_FORGETS_EVERY = timedelta(days=1)
_CLOCK_STEP = timedelta(seconds=2)
_NO_TIME = timedelta()
_LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an exchange brought. `more` means that something is still to be fetched or sent."""

    received: int
    more: bool


class Exchanger:
    """Carries out exchanges. Several threads may do so at the same time. `reply_bytes` is how long
    an answer of the gateway may be; `lease` is renewed by the answers, and `gateway_clock` is told
    what they say.
    """

    def __init__(
        self,
        store: Store,
        system: System,
        keys: NodeKeys,
        site: Site,
        connection: GatewayConnection,
        link: Link,
        notifier: Notifier,
        actor: Actor,
        lease: Lease,
        reply_bytes: int = USUAL_REPLY_BYTES,
        gateway_clock: GatewayClock | None = None,
    ) -> None:
        self._store = store
        self._system = system
        self._connection = connection
        self._link = link
        self._notifier = notifier
        self._actor = actor
        self._lease = lease
        self._reply_bytes = reply_bytes
        self._gateway_clock = gateway_clock or GatewayClock()
        self._stored_at: datetime | None = None
        self._forgot_at: datetime | None = None
        self._peer = BoxPeer(
            streams, lambda epoch: exchange.session(keys, site.gateway, site.site_id, epoch)
        )

    def run(self) -> Outcome:
        """One exchange.

        Raises GatewayUnreachable, GatewayRefused or Refused; nothing is lost then, and what was
        sent in vain is sent again.
        """
        return self._exchange(self._connection, self._reply_bytes)

    def send(self, beside: GatewayConnection) -> Outcome:
        """Sends what waits on a connection of its own, and takes no events: an answer of the staff
        must not wait until a long download has come through. Raises as `run` does.
        """
        return self._exchange(beside, 0)

    def _exchange(self, way: GatewayConnection, reply_bytes: int) -> Outcome:
        now, heard_at = self._system.now(), self._link.state.heard_at
        asked_s = self._lease.asked()
        prepared = self._store.read(
            lambda connection: self._peer.request(connection, now, heard_at, reply_bytes)
        )
        try:
            body = way.post(EXCHANGE_PATH, prepared.body)
        except AnswerBrokeOff as error:
            self._take_what_came(prepared, error.content)
            raise
        message = self._peer.open(prepared, body)
        self._take_note(message, prepared)
        # It answers this very request, so that nobody can have kept it for later.
        if not message.note.retired:
            self._lease.renew(asked_s, message.note.lease_h)
        received = 0
        for frame in message.frames:
            received += self._store.write(
                lambda connection, frame=frame: self._actor.take_frame(  # type: ignore[misc]
                    connection, frame
                )
            )
            self._notifier.changed()
        waits = self._store.read(
            lambda connection: streams.outgoing.pending(connection, peer.GATEWAY, limit=1)
        )
        self._forget_old()
        # Without progress there is no hurry: a gateway that confirms nothing is not asked in a
        # loop.
        progress = bool(received or message.note.acknowledgements)
        asked = self._peer.has_more_to_say and not prepared.complete
        more = progress and (message.note.more or bool(waits) or self._peer.has_more_to_say)
        return Outcome(received, more=more or asked)

    def _take_what_came(self, prepared: Prepared, content: bytes) -> None:
        """Of an answer that broke off the frames that are whole: on a bad line there may never be a
        whole answer. Its note counts for nothing; it speaks of more than came.
        """
        with suppress(Refused):
            message = self._peer.open(prepared, content, broken_off=True)
            for frame in message.frames:
                if not frame.recovered:
                    self._store.write(
                        lambda connection, frame=frame: self._actor.take_frame(  # type: ignore[misc]
                            connection, frame, message.note.clock
                        )
                    )
                    self._notifier.changed()

    def _forget_old(self) -> None:
        """Once a day of the gateway's clock, which is heard by now: the box's own may be wrong."""
        gateway_now = self._link.state.heard_at
        if gateway_now is None or (
            self._forgot_at is not None and gateway_now - self._forgot_at < _FORGETS_EVERY
        ):
            return
        self._store.write(lambda connection: retention.forget_old(connection, gateway_now))
        self._forgot_at = gateway_now

    def _take_note(self, message: Message, prepared: Prepared) -> None:
        note = message.note
        self._gateway_clock.hear(note.clock)
        now, sent_at = self._system.now(), prepared.sent_at
        # The gateway read its clock somewhere between our sending and our receiving, unless ours
        # was set meanwhile.
        took = now - sent_at
        offset = note.clock - (sent_at + took / 2 if _NO_TIME <= took <= _LONGEST else now)
        before = self._link.state
        standing = self._store.read(lambda connection: self._peer.learn(connection, prepared, note))
        seen = self._link.update(
            connected=True,
            problem="",
            last_exchange_at=now,
            heard_at=note.clock,
            last_heard_at=note.clock,
            bearer=BEARER,
            offset=offset,
            differs=note.differs or bool(standing.diverged),
            retired=note.retired,
        )
        stale = self._stored_at is None or abs(now - self._stored_at) >= _STORE_LINK_EVERY
        stepped = before.offset is None or abs(before.offset - offset) > _CLOCK_STEP
        if seen or stale or stepped or note.acknowledgements or note.complete:

            def work(connection: Connection) -> int:
                self._peer.take_note(connection, prepared, message)
                link_module.store(connection, self._link.state)
                said = note.acknowledgements
                return claims.mark_sent(connection, said) + reports.mark_sent(connection, said)

            seen = bool(self._store.write(work)) or seen
            self._stored_at = now
        if seen:
            self._notifier.changed()
