"""What an event of the gateway does to this box, whatever bearer brought it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from edge_node import claims, dispatches
from edge_node.dispatch import ClaimKind
from edge_node.link import Link
from edge_node.tables import streams
from shared.system import System
from sync import peer
from sync.events import (
    Claim,
    DispatchChanged,
    DispatchDelivered,
    DispatchOffered,
    Event,
    Lane,
    Verdict,
)
from sync.frame import Frame
from sync.peer import CannotApply


class Actor:
    """Acts on events inside the transaction that stores them. `audible` tells whether anybody can
    hear the box ring.
    """

    def __init__(self, system: System, link: Link, audible: Callable[[], bool]) -> None:
        self._system = system
        self._link = link
        self._audible = audible

    def take_frame(
        self, connection: Connection, frame: Frame, written_at: datetime | None = None
    ) -> int:
        """Takes a frame; how many of its events were new. It is acknowledged once this is
        durable. `written_at` is the gateway's clock when it wrote a frame that was carried here.
        """
        now = self._system.now()
        if frame.recovered:
            return self._take_back(connection, frame, now)
        return peer.receive_frame(
            connection,
            streams,
            peer.GATEWAY,
            frame,
            now,
            lambda event: self.act(connection, event, written_at),
        )

    def _take_back(self, connection: Connection, frame: Frame, now: datetime) -> int:
        own = peer.take_back(connection, streams, peer.GATEWAY, frame, now)
        restored = set()
        for at, event in own:
            if isinstance(event, Claim):
                claims.restore(connection, event, at)
                restored.add(event.claim_id)
        if restored:
            # The gateway has told the verdicts of these claims again, before they were back.
            kept = streams.incoming.kept(connection, peer.GATEWAY, Lane.EMERGENCIES)
            for verdict in peer.readable(kept):
                if isinstance(verdict, Verdict) and verdict.claim_id in restored:
                    claims.take_verdict(connection, verdict, now)
        return len(own)

    def retry_parked(self, connection: Connection) -> int:
        """Acts on what an earlier version of this program could not read; how many events it
        were.
        """
        return peer.retry_parked(
            connection, streams, peer.GATEWAY, lambda event: self.act(connection, event)
        )

    def act(self, connection: Connection, event: Event, written_at: datetime | None = None) -> None:
        """Acts on one event that is new. Raises CannotApply for one that is not for boxes."""
        now = self._system.now()
        gateway_now = self._gateway_now(now, written_at)
        match event:
            case DispatchOffered():
                if dispatches.take_offer(connection, event, now, gateway_now):
                    self._say_delivered(connection, event, now)
            case DispatchChanged():
                dispatches.take_change(connection, event, now, gateway_now)
            case Verdict():
                dispatches.take_verdict(connection, event, now, gateway_now)
            case _:
                raise CannotApply(
                    f"A {type(event).__name__} is not for boxes of this version: update it."
                )

    def _gateway_now(self, now: datetime, written_at: datetime | None) -> datetime:
        """As well as it can be known. A clock that was never compared with the gateway's must not
        silence anybody.
        """
        offset = self._link.state.offset
        if written_at is None:
            return now + (offset or timedelta())
        return written_at if offset is None else max(written_at, now + offset)

    def _say_delivered(self, connection: Connection, offer: DispatchOffered, now: datetime) -> None:
        claim = DispatchDelivered(
            at=now,
            claim_id=self._system.new_id(),
            dispatch_id=offer.dispatch_id,
            audible=self._audible(),
        )
        claims.store(connection, ClaimKind.DELIVERED, claim, "", now)
