"""What an event of the gateway does to this box, whatever bearer brought it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from edge_node import claims, dispatches, duty_phones, reports, summaries
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
    Lane,
    Report,
    ReportTaken,
    SummaryShared,
    SummaryWithdrawn,
    Verdict,
)
from sync.frame import Frame
from sync.peer import Act, CannotApply
from sync.sms import Carried


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

    def take_frame(
        self, connection: Connection, frame: Frame, written_at: datetime | None = None
    ) -> int:
        """Takes a frame; how many of its events were new. It is acknowledged once this is
        durable. `written_at` is the gateway's clock when it wrote a frame that was carried here.
        """
        # History is kept by the gateway's clock: our own may be years behind.
        now = self._system.now()
        now = self._link.gateway_now(now) or now
        if frame.recovered:
            return self._take_back(connection, frame, now)
        act, complete = self._on(connection, written_at)
        return peer.receive_frame(connection, streams, peer.GATEWAY, frame, now, act, complete)

    def take_text(self, connection: Connection, carried: Carried) -> bool:
        """Takes what an SMS of the gateway brought; whether its event was new."""
        now = self._system.now()
        act, complete = self._on(connection)
        return peer.receive_text(connection, streams, peer.GATEWAY, carried, now, act, complete)

    def _on(self, connection: Connection, written_at: datetime | None = None) -> tuple[Act, Act]:
        return (
            lambda event: self.act(connection, event, written_at),
            lambda event: complete(connection, event),
        )

    def _take_back(self, connection: Connection, frame: Frame, now: datetime) -> int:
        own = peer.take_back(connection, streams, peer.GATEWAY, frame, now)
        restored = set()
        for at, event in own:
            if isinstance(event, Claim):
                claims.restore(connection, event, at)
                restored.add(event.claim_id)
            if isinstance(event, Report):
                reports.restore(connection, event, at)
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
        return peer.retry_parked(connection, streams, peer.GATEWAY, self._on(connection)[0])

    def act(self, connection: Connection, event: Event, written_at: datetime | None = None) -> None:
        """Acts on one event that is new. Raises CannotApply for one that is not for boxes."""
        now = self._system.now()
        gateway_now = self._gateway_now(now, event, written_at)
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
            case SummaryShared() | SummaryWithdrawn():
                summaries.take(connection, event)
            case _:
                raise CannotApply(
                    f"A {type(event).__name__} is not for boxes of this version: update it."
                )

    def _gateway_now(self, now: datetime, event: Event, written_at: datetime | None) -> datetime:
        """As well as it can be known; an event is as old as its gateway's clock when nobody knows
        better. A clock that was never compared with the gateway's must not silence anybody.
        """
        known = [each for each in (self._link.gateway_now(now), written_at) if each is not None]
        return max(known, default=event.at)

    def _say_delivered(self, connection: Connection, offer: DispatchOffered, now: datetime) -> None:
        claim = DispatchDelivered(
            at=now,
            claim_id=self._system.new_id(),
            dispatch_id=offer.dispatch_id,
            audible=self._audible(),
        )
        claims.store(connection, ClaimKind.DELIVERED, claim, "", now)


def complete(connection: Connection, event: Event) -> None:
    """Takes in what a text in brief left out of an event. It rings for nothing: that was done."""
    match event:
        case DispatchOffered():
            dispatches.complete_offer(connection, event)
        case DispatchChanged():
            dispatches.complete_change(connection, event)
        case Verdict():
            claims.complete_verdict(connection, event)
            dispatches.complete_change(connection, dispatches.standing(event), full=False)
