"""What an event of the gateway does to this box, whatever bearer brought it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from edge_node import claims, dispatches, duty_phones, reports
from edge_node.dispatch import ClaimKind
from edge_node.link import Link, LinkState
from edge_node.tables import streams
from shared.system import System
from sync import peer
from sync.events import (
    Claim,
    DispatchChanged,
    DispatchDelivered,
    DispatchOffered,
    DispatchRemoved,
    DutyPhonesSet,
    Event,
    Report,
    ReportTaken,
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

    def heard(self, gateway_clock: datetime, bearer: str) -> LinkState:
        """Notes what the gateway's clock was in a message that may be old; how things stand now."""
        before = self._link.state
        self._link.update(
            heard_at=max(gateway_clock, before.heard_at or gateway_clock),
            last_heard_at=max(gateway_clock, before.last_heard_at or gateway_clock),
            last_exchange_at=self._system.now(),
            bearer=bearer,
        )
        return self._link.state

    def take_frame(self, connection: Connection, frame: Frame) -> int:
        """Takes a frame; how many of its events were new. It is acknowledged once this is
        durable.
        """
        # History is kept by the gateway's clock: our own may be years behind.
        now = self._system.now()
        now = self._link.gateway_now(now) or now
        if frame.recovered:
            own = peer.take_back(connection, streams, peer.GATEWAY, frame, now)
            for at, event in own:
                if isinstance(event, Claim):
                    claims.restore(connection, event, at)
                if isinstance(event, Report):
                    reports.restore(connection, event, at)
            return len(own)
        return peer.receive_frame(
            connection, streams, peer.GATEWAY, frame, now, lambda event: self.act(connection, event)
        )

    def retry_parked(self, connection: Connection) -> int:
        """Acts on what an earlier version of this program could not read; how many events it
        were.
        """
        return peer.retry_parked(
            connection, streams, peer.GATEWAY, lambda event: self.act(connection, event)
        )

    def act(self, connection: Connection, event: Event) -> None:
        """Acts on one event that is new. Raises CannotApply for one that is not for boxes."""
        now = self._system.now()
        # An event is as old as its gateway's clock when nobody knows better.
        gateway_now = self._link.gateway_now(now) or event.at
        match event:
            case DispatchOffered():
                if dispatches.take_offer(connection, event, now, gateway_now):
                    self._say_delivered(connection, event, now)
            case DispatchChanged():
                dispatches.take_change(connection, event, now, gateway_now)
            case Verdict():
                dispatches.take_verdict(connection, event, now, gateway_now)
            case DispatchRemoved():
                dispatches.remove(connection, event)
            case ReportTaken():
                reports.take_answer(connection, event)
            case DutyPhonesSet():
                duty_phones.store(connection, event)
            case _:
                raise CannotApply(
                    f"A {type(event).__name__} is not for boxes of this version: update it."
                )

    def _say_delivered(self, connection: Connection, offer: DispatchOffered, now: datetime) -> None:
        claim = DispatchDelivered(
            at=now,
            claim_id=self._system.new_id(),
            dispatch_id=offer.dispatch_id,
            audible=self._audible(),
        )
        gateway_now = self._link.gateway_now(now)
        claims.store(connection, ClaimKind.DELIVERED, claim, "", now, gateway_now)
