"""A gateway and its boxes in one process, on real databases, with a network that a test owns.

The gateway is the real use case of `gateway.sites`; what a claim means is a small table of its own,
which counts the effects of every claim.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
    update,
)

from edge_node import enrolment, epochs
from edge_node.acting import Actor
from edge_node.alarm import Alarm
from edge_node.box import Box
from edge_node.condition import Condition, look
from edge_node.exchange import Exchanger
from edge_node.gateway_connection import AnswerBrokeOff, GatewayRefused, GatewayUnreachable
from edge_node.identity import Identity
from edge_node.lease import Lease
from edge_node.link import Link, LinkState
from edge_node.notifier import Notifier
from edge_node.store import Store
from gateway.database.database import Database
from gateway.database.metadata import Id, metadata
from gateway.restoring.tables import restores
from gateway.sites.enrolment import EnrolmentDesk, enrol, issue_code
from gateway.sites.exchange import answer
from gateway.sites.exchange_desk import ExchangeDesk, Folded
from gateway.sites.publishing import publish
from gateway.sites.tables import streams
from shared import identifier
from shared.dispatch import DispatchState, move
from shared.emergency import Kind, Priority
from shared.errors import IllegalMove
from shared.system import System
from sync.codec import decode, encode
from sync.events import (
    AcceptDispatch,
    CannotTreat,
    Claim,
    DispatchChanged,
    DispatchDelivered,
    DispatchOffered,
    Event,
    PatientArrived,
    TreatAfterAll,
    Verdict,
)
from sync.note import USUAL_REPLY_BYTES
from sync.packing import Unreadable
from sync.sealing import NodeKeys, Refused

T = TypeVar("T")
HOSPITAL = 11

_toy = MetaData()
toy_dispatches = Table(
    "toy_dispatches",
    _toy,
    Column("id", Id, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("offer", LargeBinary, nullable=False),
)
effects = Table(
    "effects",
    _toy,
    Column("number", Integer, primary_key=True),
    Column("claim_id", Id, nullable=False),
)

_TARGETS = {
    DispatchDelivered: DispatchState.DELIVERED,
    AcceptDispatch: DispatchState.ACCEPTED,
    CannotTreat: DispatchState.CANNOT_TREAT,
    TreatAfterAll: DispatchState.ACCEPTED,
    PatientArrived: DispatchState.ARRIVED,
}

_TOLD = DispatchOffered | DispatchChanged | Verdict


class Crash(BaseException):
    """The power went. Not an Exception, so that no code can survive it."""


class Clock:
    """Time that only a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def system(self, seed: int) -> System:
        rng = Random(seed)
        return System(lambda: self.now, identifier.maker(lambda: self.now, rng), rng)


class EngineDatabase:
    """A Database on an engine; `crashes` says whether the power goes before or after a commit."""

    def __init__(self, engine: Engine, crashes: Callable[[str], bool] = lambda when: False) -> None:
        self._engine = engine
        self._crashes = crashes

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        with self._engine.begin() as connection:
            result = work(connection)
            if self._crashes("before"):
                raise Crash
        if self._crashes("after"):
            raise Crash
        return result

    def read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    def close(self) -> None:
        self._engine.dispose()


class Gateway:
    """The gateway, with one hospital."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        crashing: Database | None = None,
        system: System | None = None,
        keys: bytes = b"g" * 32,
    ) -> None:
        database.write(metadata.create_all)
        database.write(_toy.drop_all)
        database.write(_toy.create_all)
        self.clock = clock
        self.system = system or clock.system(1)
        self.keys = NodeKeys(keys)
        self.quiet = database  # for what a test arranges: it does not crash
        self.alarms: list[str] = []
        self.completed: list[Event] = []
        self.desk = ExchangeDesk(crashing or database, self.system, self.keys, self)
        self.enrolment = EnrolmentDesk(self.system, self.keys, "", self.opening, "40404")

    def issues_code(self, hospital_id: int = HOSPITAL) -> str:
        return self.quiet.write(
            lambda connection: str(
                issue_code(connection, self.system, self.keys, hospital_id, "Kibra Hospital")
            )
        )

    def offers(
        self,
        note: str = "",
        valid: timedelta = timedelta(hours=4),
        priority: Priority = Priority.CRITICAL,
    ) -> int:
        """A dispatch for the hospital; its id."""
        now, dispatch_id = self.system.now(), self.system.new_id()
        offer = DispatchOffered(
            at=now,
            dispatch_id=dispatch_id,
            emergency_id=self.system.new_id(),
            version=1,
            help_code="7K2F",
            answer_code="4831",
            kind=Kind.BLEEDING,
            priority=priority,
            needs=1,
            raised_at=now,
            answer_by=now + timedelta(seconds=45),
            valid_until=now + valid,
            note=note,
        )

        def work(connection: Connection) -> None:
            self._add(connection, offer)
            assert publish(connection, HOSPITAL, offer)

        self.quiet.write(work)
        return dispatch_id

    def knows(self, offers: Sequence[DispatchOffered]) -> None:
        """Publishes these offers, which were made elsewhere."""

        def work(connection: Connection) -> None:
            for offer in offers:
                self._add(connection, offer)
                assert publish(connection, HOSPITAL, offer)

        self.quiet.write(work)

    def learns(self, dispatch_id: int, **facts: Any) -> None:
        """More is known of a patient."""

        def work(connection: Connection) -> None:
            of_patient = toy_dispatches.c.id == dispatch_id
            row = connection.execute(select(toy_dispatches).where(of_patient)).one()
            version, offer = row.version + 1, decode(row.offer)
            assert isinstance(offer, DispatchOffered)
            packed = encode(replace(offer, version=version, **facts))
            connection.execute(
                update(toy_dispatches).where(of_patient).values(version=version, offer=packed)
            )
            change = DispatchChanged(
                at=self.system.now(),
                dispatch_id=dispatch_id,
                version=version,
                state=DispatchState(row.state),
                **facts,
            )
            assert publish(connection, HOSPITAL, change)

        self.quiet.write(work)

    def publishes(self, event: Event) -> bool:
        return self.quiet.write(lambda connection: publish(connection, HOSPITAL, event))

    def state_of(self, dispatch_id: int) -> DispatchState:
        query = select(toy_dispatches.c.state).where(toy_dispatches.c.id == dispatch_id)
        return DispatchState(self.quiet.read(lambda c: c.execute(query).scalar_one()))

    def notices_its_restore(self) -> None:
        """As `gateway.restoring` does."""
        noticed = restores.insert().values(
            id=self.system.new_id(), noticed_at=self.clock.now, newest_before=1, newest_found=0
        )

        def work(connection: Connection) -> None:
            connection.execute(noticed)
            streams.outgoing.begin_epoch(connection, 4711)

        self.quiet.write(work)

    def effects(self) -> list[int]:
        """The ids of the claims that had an effect, once for every time."""
        query = select(effects.c.claim_id)
        return list(self.quiet.read(lambda connection: connection.execute(query).scalars().all()))

    def opening(
        self, connection: Connection, hospital_id: int, *, removing: bool = False
    ) -> list[Event]:
        """What matters: every dispatch as it stands. This toy keeps no facts but the first."""
        rows = connection.execute(select(toy_dispatches).order_by(toy_dispatches.c.id))
        events: list[Event] = []
        for row in rows:
            offer = decode(row.offer)
            assert isinstance(offer, DispatchOffered)
            standing = DispatchChanged(
                at=self.system.now(),
                dispatch_id=row.id,
                version=row.version,
                state=DispatchState(row.state),
            )
            events += [offer, standing]
        return events if removing else []

    def recover(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> Folded:
        for event in sorted(
            (event for event in events if isinstance(event, _TOLD)), key=lambda each: each.version
        ):
            state = event.state if not isinstance(event, DispatchOffered) else "offered"
            row = connection.execute(
                select(toy_dispatches).where(toy_dispatches.c.id == event.dispatch_id)
            ).one_or_none()
            if row is None and isinstance(event, DispatchOffered):
                self._add(connection, event)
            elif row is not None and event.version > row.version:
                connection.execute(
                    update(toy_dispatches)
                    .where(toy_dispatches.c.id == event.dispatch_id)
                    .values(state=state, version=event.version)
                )
        return Folded()

    def histories_differ(self, connection: Connection, hospital_id: int, *, lost: bool) -> None:
        self.alarms.append("lost" if lost else "diverged")

    def _add(self, connection: Connection, offer: DispatchOffered) -> None:
        connection.execute(
            toy_dispatches.insert().values(
                id=offer.dispatch_id, state="offered", version=1, offer=encode(offer)
            )
        )

    def lock(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> None:
        pass

    def complete(self, connection: Connection, hospital_id: int, event: Event) -> None:
        self.completed.append(event)

    def set_aside(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        if not isinstance(event, Claim):
            return Folded()
        query = select(toy_dispatches.c.state).where(toy_dispatches.c.id == event.dispatch_id)
        verdict = Verdict(
            at=self.system.now(),
            claim_id=event.claim_id,
            dispatch_id=event.dispatch_id,
            accepted=False,
            state=DispatchState(connection.execute(query).scalar_one()),
            version=1,
            reason="set aside",
        )
        return Folded([verdict])

    def is_known(self, connection: Connection, hospital_id: int, claim: Claim) -> bool:
        query = select(toy_dispatches.c.id).where(toy_dispatches.c.id == claim.dispatch_id)
        return connection.execute(query).first() is not None

    def fold(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        if not isinstance(event, Claim):
            return Folded()
        connection.execute(effects.insert().values(claim_id=event.claim_id))
        row = connection.execute(
            select(toy_dispatches).where(toy_dispatches.c.id == event.dispatch_id)
        ).one()
        state, version, accepted, reason = DispatchState(row.state), row.version, True, ""
        try:
            state, version = move(state, _TARGETS[type(event)]), version + 1
        except IllegalMove as error:
            accepted, reason = False, str(error)
        connection.execute(
            update(toy_dispatches)
            .where(toy_dispatches.c.id == event.dispatch_id)
            .values(state=state, version=version)
        )
        verdict = Verdict(
            at=self.system.now(),
            claim_id=event.claim_id,
            dispatch_id=event.dispatch_id,
            accepted=accepted,
            state=state,
            version=version,
            reason=reason,
        )
        return Folded([verdict])


class Answering(Protocol):
    """What a box meets at the other end."""

    quiet: Database
    desk: ExchangeDesk
    enrolment: EnrolmentDesk


class Network:
    """The way between the two: what it does to a request and its answer, a test decides."""

    def __init__(self, gateway: Answering) -> None:
        self._gateway = gateway
        self.requests: list[bytes] = []
        self.answers: list[bytes] = []
        self.cut = False
        # After so many bytes an answer breaks off.
        self.breaks_after: int | None = None

    def post(self, path: str, body: bytes) -> bytes:
        self.requests.append(body)
        if self.cut:
            raise GatewayUnreachable("The cable is out.")
        content = self.deliver(path, body)
        self.answers.append(content)
        if self.breaks_after is not None and len(content) > self.breaks_after:
            raise AnswerBrokeOff("It broke off.", content[: self.breaks_after])
        return content

    def deliver(self, path: str, body: bytes) -> bytes:
        """What the gateway makes of these bytes."""
        if path == enrolment.ENROL_PATH:
            answered = self._gateway.quiet.write(
                lambda connection: enrol(connection, self._gateway.enrolment, body)
            )
            if answered is None:
                raise GatewayRefused("refused")
            return answered
        try:
            return answer(self._gateway.desk, body)
        except (Refused, Unreadable):
            raise GatewayRefused("refused") from None


class Hospital:
    """A hospital's box, on a folder of its own; `restarts` makes a new program on the same disk."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        network: Network,
        seed: int = 2,
        reply_bytes: int = USUAL_REPLY_BYTES,
    ) -> None:
        self.folder = folder
        self._reply_bytes = reply_bytes
        self.system = clock.system(seed)
        self.network = network
        self.identity = Identity(folder)
        # How long the program has run: only a test makes it longer.
        self.running_s = 0.0
        self.starts()

    def starts(self) -> None:
        self.store = Store(self.folder / "store.sqlite", self.identity.store_key())
        self.store.write(lambda connection: epochs.begin(connection, self.system))
        self._exchanger: Exchanger | None = None
        self.link = Link(LinkState(enrolled=True))
        self.notifier, self.alarm = Notifier(), Alarm(self.system.now)
        self.lease = Lease(self.store, self.link, self.notifier, lambda: self.running_s)
        self.box = Box(
            self.store,
            self.system,
            self.alarm,
            self.notifier,
            lambda: None,
            self.lease,
            self.link.gateway_now,
        )

    def runs(self, seconds: float) -> None:
        """The program runs on, whatever any clock shows; it looks at its lease as its thread
        does.
        """
        until_s = self.running_s + seconds
        while self.running_s < until_s:
            self.running_s = min(until_s, self.running_s + 30)
            self.lease.look()

    def condition(self) -> Condition:
        return look(self.store, self.link.state, self.lease.state, self.alarm.audible)

    def restarts(self) -> None:
        self.store.close()
        self.starts()

    def enrols(self, code: str) -> None:
        enrolment.enrol(
            self.identity, self.system, self.network, "https://gateway.test", code, "Casualty"
        )

    @property
    def exchanger(self) -> Exchanger:
        """The program's one exchanger, which knows what the gateway has been told."""
        if self._exchanger is None:
            self._exchanger = Exchanger(
                self.store,
                self.system,
                self.identity.node_keys(),
                self.identity.site(),
                self.network,
                self.link,
                self.notifier,
                Actor(self.system, self.link, lambda: self.alarm.audible),
                self.lease,
                self._reply_bytes,
            )
        return self._exchanger

    def exchanges(self) -> int:
        """Exchanges until nothing waits; how many it took."""
        exchanger, count = self.exchanger, 1
        while exchanger.run().more:
            count += 1
            assert count < 500, "the exchange never comes to rest"
        return count


@contextmanager
def running(
    engine: Engine, folder: Path, reply_bytes: int = USUAL_REPLY_BYTES
) -> Iterator[tuple[Gateway, Hospital]]:
    """A gateway and one enrolled box, which takes so many bytes in an answer."""
    clock = Clock()
    gateway = Gateway(EngineDatabase(engine), clock)
    hospital = Hospital(folder / "box", clock, Network(gateway), reply_bytes=reply_bytes)
    hospital.enrols(gateway.issues_code())
    yield gateway, hospital
    hospital.store.close()
