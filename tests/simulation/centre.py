"""The gateway: the real exchange, bundles and enrolment on the product's own SQLite engine."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from gateway.database.metadata import metadata as gateway_metadata
from gateway.database.sqlite import open_engine
from gateway.restoring.tables import restores
from gateway.sites import box_texts, bundles, exchange
from gateway.sites.enrolment import EnrolmentDesk, enrol, issue_code
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.publishing import publish
from gateway.sites.tables import enrolment_codes, sites, streams
from shared.dispatch import DispatchState, move
from shared.emergency import Kind, Priority
from shared.errors import IllegalMove
from sync import sms
from sync.events import DispatchChanged, DispatchOffered
from sync.exchange import Message, session
from sync.frame import Frame
from sync.note import Note, state_hash
from sync.sealing import Direction, NodeKeys, PublicKeys
from sync.stream_log import Outgoing
from tests.simulation import patients
from tests.simulation.clock import Clock
from tests.simulation.disk import Disk, Image, Statements

T = TypeVar("T")
HOSPITAL = 11
KEPT = timedelta(days=35)
_LOOKED_BACK = timedelta(hours=12)
_KEY = b"g" * 32
_statements = Statements()


def _tables() -> list[Table]:
    of_streams = [
        streams.outgoing.own,
        streams.outgoing.streams,
        streams.outgoing.events,
        streams.readers.given_up,
        streams.incoming.streams,
        streams.incoming.events,
        streams.texts.sent,
        streams.texts.heard,
        streams.texts.briefs,
    ]
    return [sites, enrolment_codes, restores, *of_streams]


class DiskDatabase:
    """See `gateway.database.database.Database`. Its disk decides when the power goes."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._engine = _statements.share(open_engine(disk.path, _KEY, writes=True))

    def write(self, work: Callable[[Connection], T], within_s: float | None = None) -> T:
        with self._engine.begin() as connection:
            result = work(connection)
            self._disk.will_commit(connection)
        self._disk.has_committed()
        return result

    def read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    def close(self) -> None:
        self._engine.dispose()


class Centre:
    """The gateway's program on its disk, again and again."""

    def __init__(self, disk: Disk, clock: Clock, rng: Random) -> None:
        self.disk = disk
        self._clock = clock
        self._rng = rng
        self.system = clock.system(rng)
        self.keys = NodeKeys(_KEY)
        self._forgot_at = clock.now
        is_new = not disk.path.exists()
        self.database = DiskDatabase(disk)
        if is_new:
            self.database.write(lambda c: gateway_metadata.create_all(c, tables=_tables()))
            self.database.write(patients.metadata.create_all)
        self._opens()

    def _opens(self) -> None:
        self.patients = patients.Patients(self.system)
        self.desk = ExchangeDesk(self.database, self.system, self.keys, self.patients)
        self.enrolment = EnrolmentDesk(self.system, self.keys, "", self.patients.opening, "")

    def power_returns(self) -> None:
        left = self.disk.after_power_cut()
        self.starts_on(left)

    def starts_on(self, image: Image) -> None:
        self.database.close()
        self.disk.put(image)
        self.database = DiskDatabase(self.disk)
        self._opens()

    def notices_its_restore(self) -> None:
        """As `gateway.restoring` does when the mark outside the database is higher."""
        epoch = self._rng.randrange(1, 1 << 32)
        noticed = restores.insert().values(
            id=self.system.new_id(), noticed_at=self.system.now(), newest_before=1, newest_found=0
        )

        def work(connection: Connection) -> None:
            connection.execute(noticed)
            streams.outgoing.begin_epoch(connection, epoch)

        self.database.write(work)

    def answers(self, body: bytes) -> bytes:
        return exchange.answer(self.desk, body)

    def enrols(self, body: bytes) -> bytes | None:
        return self.database.write(lambda connection: enrol(connection, self.enrolment, body))

    def code(self) -> str:
        return self.database.write(
            lambda connection: str(
                issue_code(connection, self.system, self.keys, HOSPITAL, "Kibra Hospital")
            )
        )

    def bundle(self, site_id: int, *, everything: bool) -> bytes:
        return bundles.write_bundle(self.desk, site_id, everything=everything)[0]

    def takes_bundle(self, content: bytes) -> None:
        bundles.take_bundle(self.desk, content)

    def waiting(self, site_id: int) -> list[Outgoing]:
        """What the box is not known to have."""
        return self.database.read(lambda c: streams.outgoing.pending(c, site_id))

    def takes_frame(self, site_id: int, frame: Frame) -> None:
        """By a bearer that cannot be answered at once."""
        site = self.database.read(lambda connection: exchange.find_site(connection, site_id))
        note = Note(clock=self.system.now(), state_hash=state_hash([]))
        exchange.take_message(self.desk, site, Message(note, (frame,)))

    def text(self, site_id: int, rng: Random) -> str | None:
        """A short message to the box with one event that waits, as the gateway seals it."""

        def build(connection: Connection) -> str | None:
            site = exchange.find_site(connection, site_id)
            waiting = streams.texts.waiting(connection, site_id, self._clock.now - _LOOKED_BACK)
            if not waiting or site.epoch is None:
                return None
            chosen = rng.choice(waiting)
            box = PublicKeys(site.exchange_key, site.signing_key)
            return sms.build_event(
                session(self.keys, box, site_id, site.epoch),
                Direction.DOWN,
                chosen.position,
                chosen.payload,
                reader_knows_epoch=False,
                heard=streams.texts.heard_of(connection, site_id, site.epoch),
            )

        return self.database.read(build)

    def takes_text(self, text: str) -> None:
        box_texts.receive(self.desk, "+254700000001", text)

    def offers(self, note: str, valid: timedelta) -> DispatchOffered:
        """A patient for the hospital, and the news of them, in one transaction."""
        now = self.system.now()
        offer = DispatchOffered(
            at=now,
            dispatch_id=self.system.new_id(),
            emergency_id=self.system.new_id(),
            version=1,
            help_code="7K2F",
            answer_code="4831",
            kind=Kind.BLEEDING,
            priority=Priority.HIGH,
            needs=1,
            raised_at=now,
            answer_by=now + timedelta(seconds=90),
            valid_until=now + valid,
            note=note,
        )

        def work(connection: Connection) -> None:
            patients.add(connection, offer)
            publish(connection, HOSPITAL, offer)

        self.database.write(work)
        return offer

    def learns(self, dispatch_id: int, note: str, priority: Priority) -> None:
        """More is known of a patient."""
        self._changes(dispatch_id, None, note=note, priority=priority.value)

    def moves(self, dispatch_id: int, to: DispatchState) -> None:
        """The patient moves on without the hospital, where that is possible."""
        self._changes(dispatch_id, to)

    def _changes(self, dispatch_id: int, to: DispatchState | None, **facts: Any) -> None:
        def work(connection: Connection) -> None:
            row = patients.find(connection, dispatch_id)
            if row is None:
                return
            state = DispatchState(row.state)
            try:
                state = move(state, to) if to is not None else state
            except IllegalMove:
                return
            values = {**facts, "state": state.value, "version": row.version + 1}
            patients.set_values(connection, dispatch_id, **values)
            change = DispatchChanged(
                at=self.system.now(),
                dispatch_id=dispatch_id,
                version=row.version + 1,
                state=state,
                note=facts.get("note"),
                priority=Priority(facts["priority"]) if "priority" in facts else None,
            )
            publish(connection, HOSPITAL, change)

        self.database.write(work)

    def forgets(self) -> None:
        """The daily job, when a day is over."""
        if self._clock.now - self._forgot_at < timedelta(days=1):
            return
        before = self._clock.now - KEPT
        self.database.write(lambda connection: streams.incoming.forget(connection, before))
        self.database.write(lambda connection: streams.readers.forget(connection, before))
        self._forgot_at = self._clock.now

    def site_differs(self, site_id: int) -> bool:
        query = select(sites.c.differs_at).where(sites.c.id == site_id)
        return self.database.read(lambda c: c.execute(query).scalar_one()) is not None
