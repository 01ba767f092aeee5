"""A hospital's casualty with its box on a socket, and a gateway that does what a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import update

from edge_node.gateway_connection import GatewayUnreachable
from edge_node.machine import real_system
from edge_node.web.app import create_app
from gateway.simulator.server import bind
from shared import identifier
from shared.capability import Capability
from shared.dispatch import DispatchState
from shared.emergency import Kind, Priority, Transport
from shared.identifier import to_text
from shared.system import System
from sync.events import DispatchChanged, DispatchOffered, SummaryShared, SummaryWithdrawn
from tests.edge_node.two_sides import (
    Clock,
    EngineDatabase,
    Gateway,
    Hospital,
    Network,
    toy_dispatches,
)
from tests.sync.conftest import sqlite_engine


class RunningClock(Clock):
    """The real time, moved by `forward`: a page counts seconds by itself."""

    def __init__(self) -> None:
        self._real = real_system()
        self.now = self._real.now()
        self._ahead = timedelta()

    def forward(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def system(self, seed: int) -> System:
        rng = Random(seed)

        def now() -> Any:
            return self._real.now() + self._ahead

        return System(now, identifier.maker(now, rng), rng)


def _id(card: str) -> int:
    return identifier.from_text(card.removeprefix("#dispatch-"))


class Ward:
    """What happens around the console."""

    def __init__(self, url: str, clock: Clock, gateway: Gateway, hospital: Hospital) -> None:
        self.url = url
        self.clock = clock
        self.gateway = gateway
        self.hospital = hospital

    def is_asked(self, *, offered_s_ago: float = 3, valid_h: float = 4, **facts: Any) -> str:
        """A patient, who has reached the box; the id of the card."""
        now = self.gateway.system.now()
        at = now - timedelta(seconds=offered_s_ago)
        answer_s = 90 if facts.get("priority", Priority.CRITICAL) is Priority.CRITICAL else 240
        usual: dict[str, Any] = {
            "at": at,
            "dispatch_id": self.gateway.system.new_id(),
            "emergency_id": self.gateway.system.new_id(),
            "version": 1,
            "help_code": "7K2F",
            "answer_code": "4831",
            "kind": Kind.BLEEDING,
            "priority": Priority.CRITICAL,
            "needs": Capability.EMERGENCY_24H | Capability.THEATRE | Capability.BLOOD,
            "raised_at": at,
            "answer_by": at + timedelta(seconds=answer_s),
            "valid_until": at + timedelta(hours=valid_h),
            "place_text": "olympic kibra",
            "place_name": "Kibra, Nairobi",
            "lat": -1.3127,
            "lon": 36.7823,
            "radius_m": 800,
            "travel_min": 25,
            "distance_m": 8400,
            "caller_phone": "+254711000111",
            "signs": ("bleeding", "injury"),
            "rule_id": "bleeding-injury",
            "ruleset": "2026-11-1",
        }
        offer = DispatchOffered(**(usual | facts))
        self.gateway.knows([offer])
        self.exchanges()
        return f"#dispatch-{to_text(offer.dispatch_id)}"

    def hears(self, card: str, state: DispatchState, **facts: Any) -> None:
        """The gateway moves a dispatch, and the box learns of it."""
        self._publishes(card, state, facts)
        self.exchanges()

    def hears_more(self, card: str, **facts: Any) -> None:
        """More is known of the patient; the dispatch stands as it did."""
        self.hears(card, self.gateway.state_of(_id(card)), **facts)

    def is_superseded(self, card: str) -> None:
        """Another hospital accepts; the box hears of it at the next exchange."""
        reason = {"reason": "another hospital accepted first"}
        self._publishes(card, DispatchState.SUPERSEDED, reason)

    def _publishes(self, card: str, state: DispatchState, facts: dict[str, Any]) -> None:
        row = toy_dispatches.c.id == _id(card)
        moved = (
            update(toy_dispatches)
            .where(row)
            .values(state=state, version=toy_dispatches.c.version + 1)
            .returning(toy_dispatches.c.version)
        )
        version = self.gateway.quiet.write(lambda c: c.execute(moved).scalar_one())
        self.gateway.publishes(
            DispatchChanged(
                at=self.gateway.system.now(),
                dispatch_id=_id(card),
                version=version,
                state=state,
                **facts,
            )
        )

    def hears_transport(self, card: str, answer: Transport) -> None:
        self.hears_more(card, transport=answer)

    def shares(self, card: str, blood_type: str, allergies: str) -> None:
        """The patient shares what they state about themselves, and the box has it."""
        shared = SummaryShared(
            at=self.gateway.system.now(),
            dispatch_id=_id(card),
            blood_type=blood_type,
            allergies=allergies,
        )
        self.gateway.publishes(shared)
        self.exchanges()

    def withdraws(self, card: str) -> None:
        """The same is taken back."""
        at = self.gateway.system.now()
        self.gateway.publishes(SummaryWithdrawn(at=at, dispatch_id=_id(card)))
        self.exchanges()

    def exchanges(self) -> None:
        """The box and its gateway talk until nothing waits."""
        self.hospital.exchanges()

    def loses_the_link(self) -> None:
        self.hospital.network.cut = True
        try:
            self.hospital.exchanges()
        except GatewayUnreachable as error:
            self.hospital.link.update(connected=False, doorbell=False, problem=str(error))
            self.hospital.notifier.changed()

    def finds_the_link(self) -> None:
        self.hospital.network.cut = False
        self.exchanges()


@contextmanager
def open_ward(folder: Path, frame_ancestors: tuple[str, ...] = ()) -> Iterator[Ward]:
    """A gateway, an enrolled box and its web server on a free port."""
    engine = sqlite_engine()
    clock = RunningClock()
    gateway = Gateway(EngineDatabase(engine), clock)
    hospital = Hospital(folder / "box", clock, Network(gateway))
    hospital.enrols(gateway.issues_code())
    hospital.exchanges()
    app = create_app(
        hospital.box,
        hospital.condition,
        frozenset(),
        hospital.identity.site().hospital_name,
        frame_ancestors,
    )
    server = bind(app, "127.0.0.1", 0)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    yield Ward(f"http://127.0.0.1:{server.port}", clock, gateway, hospital)
    hospital.notifier.close()
    server.shutdown()
    serving.join()
    server.server_close()
    hospital.store.close()
    engine.dispose()
