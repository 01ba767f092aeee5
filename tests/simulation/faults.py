"""Faults of the product, planted one at a time: small ways in which sync could be wrong, each of
which loses or doubles something sooner or later.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, update

import edge_node.retention
import gateway.sites.exchange
import gateway.sites.histories
import sync.box_peer
import sync.gateway_peer
from edge_node import claims as box_claims
from edge_node import store as box_store
from edge_node.acting import Actor
from edge_node.box import Box
from edge_node.dispatch import Claim, ClaimKind, ClaimState
from edge_node.store import Store
from edge_node.tables import claims, streams
from gateway.database.sqlite import open_engine
from gateway.sites.exchange_desk import Folded
from sync import exchange, peer
from sync.events import Event, Verdict
from sync.frame import Frame
from sync.gateway_peer import GatewayPeer
from sync.stream_log import Position, Received
from sync.stream_log.incoming import IncomingStreams
from sync.stream_log.outgoing import OutgoingStreams
from sync.stream_log.readers import Readers
from sync.stream_log.values import next_hash

Plant = Callable[[pytest.MonkeyPatch], None]


def _hurried(engine: Engine) -> Engine:
    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


def box_does_not_wait_for_its_disk(patch: pytest.MonkeyPatch) -> None:
    """A missing fsync: commits of the box that a power cut takes back."""
    before = box_store._engine
    patch.setattr(box_store, "_engine", lambda *args, **kwargs: _hurried(before(*args, **kwargs)))


def gateway_does_not_wait_for_its_disk(patch: pytest.MonkeyPatch) -> None:
    """The same at the gateway."""

    def hurried(*args: Any, **kwargs: Any) -> Engine:
        return _hurried(open_engine(*args, **kwargs))

    patch.setattr("tests.simulation.centre.open_engine", hurried)


def box_acknowledges_before_it_acts(patch: pytest.MonkeyPatch) -> None:
    """Events are stored in one transaction, and acted on in the next."""
    act, write = Actor.act, Store.write
    waiting: list[tuple[Actor, Event, datetime | None]] = []

    def put_off(
        self: Actor, connection: Connection, event: Event, written_at: datetime | None = None
    ) -> None:
        waiting.append((self, event, written_at))

    def act_later(self: Store, work: Callable[[Connection], Any]) -> Any:
        waiting.clear()
        result = write(self, work)
        for actor, event_, written_at in list(waiting):
            write(
                self,
                lambda connection, actor=actor, event_=event_, at=written_at: act(  # type: ignore[misc]
                    actor, connection, event_, at
                ),
            )
        return result

    patch.setattr(Actor, "act", put_off)
    patch.setattr(Store, "write", act_later)


def box_keeps_its_epoch(patch: pytest.MonkeyPatch) -> None:
    """A start goes on in the epoch that is there, also on a disk that was put back."""
    begin = OutgoingStreams.begin_epoch

    def keep(self: OutgoingStreams, connection: Connection, epoch: int) -> None:
        if self is not streams.outgoing or self.epoch(connection) is None:
            begin(self, connection, epoch)

    patch.setattr(OutgoingStreams, "begin_epoch", keep)


def cursor_passes_over_gaps(patch: pytest.MonkeyPatch) -> None:
    """The cursor is the highest number that has arrived."""

    def advance(
        self: IncomingStreams, connection: Connection, stream: Any, at: Position, payload: bytes
    ) -> None:
        highest = max(stream.highest, at.seq)
        table = self.streams
        connection.execute(
            update(table)
            .where(
                table.c.writer == stream.writer,
                table.c.lane == stream.lane,
                table.c.epoch == stream.epoch,
            )
            .values(
                cursor=highest,
                highest=highest,
                running_hash=next_hash(stream.running_hash, payload),
            )
        )

    patch.setattr(IncomingStreams, "_advance", advance)


def duplicates_act_again(patch: pytest.MonkeyPatch) -> None:
    """What has arrived already is acted on once more."""

    def receive_frame(
        connection: Connection,
        log: Any,
        writer: int,
        frame: Frame,
        now: datetime,
        act: Callable[[Event], None],
        complete: Callable[[Event], None],
    ) -> int:
        for at, payload in peer._numbered(frame):
            log.incoming.receive(connection, writer, at, payload, now)
            peer._attempt(payload, act)
        return len(frame.payloads)

    for module in (peer, sync.gateway_peer):
        patch.setattr(module, "receive_frame", receive_frame)


def claims_are_sent_at_once(patch: pytest.MonkeyPatch) -> None:
    """A claim is marked as sent after any exchange, whatever the gateway says it has."""

    def mark_sent(connection: Connection, said: object) -> int:
        waiting = claims.c.state == ClaimState.WAITING
        return connection.execute(
            update(claims).where(waiting).values(state=ClaimState.SENT)
        ).rowcount

    patch.setattr(box_claims, "mark_sent", mark_sent)


def some_verdicts_are_not_said(patch: pytest.MonkeyPatch) -> None:
    """Every other verdict is dropped."""
    append = peer.append

    def some(
        connection: Connection, log: Any, reader: int, events: Any, now: datetime
    ) -> list[Position]:
        said = [each for each in events if not (isinstance(each, Verdict) and each.claim_id % 2)]
        return append(connection, log, reader, said, now)

    patch.setattr(sync.gateway_peer, "append", some)


def number_is_taken_beside_the_change(patch: pytest.MonkeyPatch) -> None:
    """An answer is stored in one transaction and put on its stream in another."""

    def claim(
        self: Box,
        kind: ClaimKind,
        dispatch_id: int,
        detail: str,
        make: Any,
        shown_version: int = 0,
    ) -> Claim:
        now = self._system.now()
        made = make(self._system.new_id(), now, 0)
        store = self._store

        def add(connection: Connection) -> None:
            connection.execute(
                claims.insert().values(
                    id=made.claim_id,
                    dispatch_id=dispatch_id,
                    kind=kind,
                    by=made.by,
                    detail=detail,
                    at=now,
                    state=ClaimState.WAITING,
                    why="",
                    epoch=streams.outgoing.epoch(connection),
                    seq=0,
                )
            )

        store.write(add)
        store.write(lambda c: peer.append(c, streams, peer.GATEWAY, [made], now))
        return store.read(lambda c: box_claims.one(c, made.claim_id))

    patch.setattr(Box, "_claim", claim)


def history_is_forgotten_early(patch: pytest.MonkeyPatch) -> None:
    """A box keeps what it could give back for a day."""
    patch.setattr(edge_node.retention, "KEPT", timedelta(days=1))


def answers_are_bound_to_nothing(patch: pytest.MonkeyPatch) -> None:
    """Any answer of the gateway opens as the answer to any request."""
    patch.setattr(exchange, "digest", lambda request_body: b"")


def conflicts_are_overwritten(patch: pytest.MonkeyPatch) -> None:
    """Another content under a number that is taken replaces what stood there."""
    receive = IncomingStreams.receive

    def overwrite(
        self: IncomingStreams,
        connection: Connection,
        writer: int,
        at: Position,
        payload: bytes,
        now: datetime,
    ) -> Received:
        received = receive(self, connection, writer, at, payload, now)
        if received is not Received.CONFLICT:
            return received
        table = self.events
        connection.execute(
            update(table)
            .where(
                table.c.writer == writer,
                table.c.lane == at.lane,
                table.c.epoch == at.epoch,
                table.c.seq == at.seq,
            )
            .values(payload=payload, conflicts=0)
        )
        return Received.NEW

    patch.setattr(IncomingStreams, "receive", overwrite)


def what_is_given_back_is_not_folded(patch: pytest.MonkeyPatch) -> None:
    """The gateway takes back its events, and makes nothing of them."""
    patch.setattr(gateway.sites.histories, "recovered", lambda *args: Folded())


def bundles_lower_acknowledgements(patch: pytest.MonkeyPatch) -> None:
    """What an old bundle says is believed like a fresh account."""
    reply = GatewayPeer.reply

    def believe(self: GatewayPeer, *args: Any, fresh: bool) -> None:
        reply(self, *args, fresh=True)

    patch.setattr(GatewayPeer, "reply", believe)
    patch.setattr(gateway.sites.exchange, "replace", _left_as_it_is)


def _left_as_it_is(message: Any, **changes: Any) -> Any:
    changes.pop("complete", None)
    return replace(message, **changes)


def late_patients_ring(patch: pytest.MonkeyPatch) -> None:
    """The box takes its own clock for the gateway's."""
    patch.setattr(Actor, "_gateway_now", lambda self, now, *args: now)


def differences_are_overlooked(patch: pytest.MonkeyPatch) -> None:
    """The state hash is not looked at."""
    for module in (sync.box_peer, sync.gateway_peer, gateway.sites.exchange):
        patch.setattr(module, "same_history", lambda *args: True)


def what_came_ahead_is_not_asked_back(patch: pytest.MonkeyPatch) -> None:
    """A gateway that was put back looks at cursors only."""
    patch.setattr(Readers, "_never_written", lambda *args: set())
