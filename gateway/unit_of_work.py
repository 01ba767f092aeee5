"""One command: its transaction, its moment, and the services it may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, func, select

from gateway import audit
from gateway.bell import Bell
from gateway.config import Config
from gateway.database.database import Database
from gateway.keys import PhoneVault
from gateway.medical.vault import ProfileVault
from gateway.pick_queue import Pick, PickQueue
from gateway.ports import Box, Boxes, Hospitals, Places
from gateway.traffic import Traffic
from gateway.travel.road_times import RoadTimes
from shared.system import System
from shared.triage import TriageRules
from sync.codec import lane_of
from sync.events import Event
from ussd_menus.menus import Menus

T = TypeVar("T")

# Workers listen to this on PostgreSQL.
WAKE_CHANNEL = "haven_outbox"


@dataclass(frozen=True)
class Services:
    """All that a use case works with; built once, in `gateway.bootstrap`."""

    config: Config
    system: System
    database: Database
    menus: Menus
    rules: TriageRules
    vault: PhoneVault
    profiles: ProfileVault
    hospitals: Hospitals
    places: Places
    boxes: Boxes
    # Rung when a committed transaction left something to send, so that senders need not wait a
    # second.
    sender_bell: Bell = field(default_factory=Bell)
    # Callers whose turn is being answered.
    traffic: Traffic = field(default_factory=Traffic)
    # What callers picked of the places that were offered, waiting to be counted.
    picks: PickQueue = field(default_factory=PickQueue)
    # Times by road; None when no routing engine is set up.
    roads: RoadTimes | None = None
    # How long somebody waits for what they ask for; None: until it is done.
    write_within_s: float | None = None

    def write(self, command: Callable[["UnitOfWork"], T]) -> T:
        """Carries the command out: all of it durable, or, if it raises, nothing. Raises NotInTime
        after `write_within_s`, and the command may still be carried out.
        """
        written: list[UnitOfWork] = []

        def work(connection: Connection) -> T:
            uow = UnitOfWork(connection, self, self.system.now())
            written.append(uow)
            result = command(uow)
            uow.finish()
            return result

        result = self.database.write(work, self.write_within_s)
        self.picks.add(written[-1].picks)
        if written[-1].queued_messages:
            self.sender_bell.ring(written[-1].queued_messages)
        return result

    def within(
        self, connection: Connection, command: Callable[["UnitOfWork"], T]
    ) -> tuple[T, list[tuple[int, Event]]]:
        """Carries the command out inside a transaction that is somebody else's.

        Gives its result, and (hospital, event) for each box that has to be told: the transaction's
        owner does so, last of all and in ascending order of hospitals.
        """
        uow = UnitOfWork(connection, self, self.system.now())
        result = command(uow)
        uow.wake_workers()
        return result, uow.events


def _order(told: tuple[int, Event]) -> tuple[int, int]:
    hospital_id, event = told
    return hospital_id, lane_of(event)


class UnitOfWork:
    """What one command holds while it runs. Nothing outbound happens inside it."""

    __slots__ = (
        "before",
        "boxes",
        "connection",
        "events",
        "hushed",
        "locked",
        "now",
        "phones",
        "picks",
        "queued_messages",
        "services",
        "system",
    )

    def __init__(self, connection: Connection, services: Services, now: datetime) -> None:
        self.connection = connection
        self.services = services
        self.system = services.system
        self.now = now
        self.queued_messages = 0
        # Emergencies that this command has locked, as they stand: nobody else can change them.
        self.locked: dict[int, Row[Any]] = {}
        # A number that this command sends nothing to: it answers by itself.
        self.hushed = ""
        # Callers' numbers by their ids; they never change.
        self.phones: dict[int, str] = {}
        # Emergencies and dispatches as they were before this command first changed them, by id.
        self.before: dict[int, Row[Any]] = {}
        # Boxes (None: the hospital has none) that this command has looked up while nobody can
        # enrol another one before it is over.
        self.boxes: dict[int, Box | None] = {}
        # What callers meant by what they typed, to be counted once this is committed.
        self.picks: list[Pick] = []
        # Who is to be told what when everything else is written.
        self.events: list[tuple[int, Event]] = []

    def audit(self, actor: str, action: str, subject: str) -> None:
        """Adds an entry to the audit trail. `actor` is a role and an id, such as "caller:…", and
        `subject` what it was done to, such as "emergency:…"; never any content.
        """
        entry_id = self.system.new_id()
        audit.record(self.connection, entry_id, self.now, actor, action, subject)

    def is_unheard(self, hospital_id: int) -> bool:
        """True when the hospital has a box that, as far as is known, nobody can hear."""
        box = self._box_of(hospital_id)
        return box is not None and self.services.boxes.is_unheard(box, self.now)

    def has_box(self, hospital_id: int) -> bool:
        """True when the hospital has a box of its own."""
        return self._box_of(hospital_id) is not None

    def tell_hospital(self, hospital_id: int, event: Event) -> None:
        """Has the hospital's box told, if it has one, when everything else is written."""
        self.events.append((hospital_id, event))

    def attempt(self, part: Callable[[], T]) -> T:
        """Carries out a part of the command. If it raises, nothing of that part stays, and the rest
        of the command can go on, on PostgreSQL too.
        """
        events, picks, queued_messages = len(self.events), len(self.picks), self.queued_messages
        try:
            with self.connection.begin_nested():
                return part()
        except BaseException:
            del self.events[events:], self.picks[picks:]
            self.queued_messages = queued_messages
            # What was locked or changed in there is as before.
            self.locked.clear()
            self.boxes.clear()
            raise

    def finish(self) -> None:
        """Writes the events into the boxes' streams, last and in ascending order of hospitals and
        lanes: the streams' counters stay locked until the commit, so every transaction takes them
        alike.
        """
        for hospital_id, event in sorted(self.events, key=_order):
            box = self._box_of(hospital_id)
            if box is not None:
                self.services.boxes.publish(self.connection, box, event)
        self.events.clear()
        self.wake_workers()

    def wake_workers(self) -> None:
        """Has the senders look at what this command queued."""
        if self.queued_messages and self.connection.dialect.name == "postgresql":
            # Reaches the worker processes when this commits; on SQLite the senders are next door.
            self.connection.execute(select(func.pg_notify(WAKE_CHANNEL, "")))

    def _box_of(self, hospital_id: int) -> Box | None:
        if hospital_id in self.boxes:
            return self.boxes[hospital_id]
        return self.services.boxes.find(self.connection, hospital_id)

    def text(self, language: str, name: str, words: Mapping[str, str]) -> str:
        """A catalogue text with the emergency number and the service code filled in as well."""
        config = self.services.config
        return self.services.menus.catalogue(language).text(
            name, {"number": config.emergency_numbers[0], "service": config.ussd_code, **words}
        )
