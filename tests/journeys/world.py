"""A whole gateway in one process, with a clock that tests move and carriers that tests look
into.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Connection, delete, func, insert, select, union_all

from edge_node.dispatch import fold
from gateway.app import create_app
from gateway.bootstrap import Gateway, build_services
from gateway.box_desk import BoxDesk
from gateway.config import Config, from_environment
from gateway.database.database import Database
from gateway.delivery.sending import Carriers, send
from gateway.emergencies import claims, firing
from gateway.emergencies.tables import dispatches, emergencies, timers
from gateway.hospitals import changes, contacts
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.tables import availability, hospital_contacts, hospitals
from gateway.keys import Keys
from gateway.notifications import outbox
from gateway.notifications.outbox import MessageState
from gateway.notifications.tables import messages
from gateway.ports import Box, FoundPlace, PlaceAnswer, Places
from gateway.providers.ports import Accepted
from gateway.unit_of_work import Services
from shared import capability, identifier
from shared.dispatch import CannotTreatReason
from shared.system import System
from sync.events import (
    AcceptDispatch,
    AlarmState,
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
from sync.sealing import NodeKeys

SECRET = "a-secret-for-tests-only"
SERVICE_CODE = "*384*911#"
SAFARICOM = "63902"
VOICE_NUMBER = "+254711082000"
KEYS = Keys(bytes(32), bytes(range(32)), bytes(32), bytes(32), bytes(range(1, 33)))


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class FakeCarrier:
    """Takes texts and calls, and remembers them; `fault` is raised instead when it is set."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.calls: list[str] = []
        self.callers: list[str] = []
        # What happens while a call is being asked for.
        self.on_call: Callable[[str, str], None] = lambda to, caller: None
        self.fault: Exception | None = None

    def send_sms(self, to: str, text: str, sender: str | None) -> Accepted:
        if self.fault is not None:
            raise self.fault
        self.texts.append((to, text))
        return Accepted(message_id=f"ATXid_{len(self.texts)}", cost="KES 0.8000", segments=1)

    def call(self, to: str, caller: str) -> Accepted:
        if self.fault is not None:
            raise self.fault
        self.calls.append(to)
        self.callers.append(caller)
        self.on_call(to, caller)
        return Accepted(message_id=f"ATVId_{len(self.calls)}")


_HEARD_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class FakeBoxes:
    """The boxes that are enrolled, and what was written for each."""

    def __init__(self) -> None:
        self.enrolled: set[int] = set()
        self.unheard: set[int] = set()
        self.events: list[tuple[int, Event]] = []

    def find(self, connection: Connection, hospital_id: int) -> Box | None:
        if hospital_id not in self.enrolled:
            return None
        return Box(hospital_id, hospital_id not in self.unheard, _HEARD_AT)

    def publish(self, connection: Connection, box: Box, event: Event) -> None:
        self.events.append((box.site_id, event))

    def is_unheard(self, box: Box, now: datetime) -> bool:
        return box.audible is False


class FakePlaces:
    """A gazetteer of a few places: one without doubt, one that three places may be."""

    KNOWN = FoundPlace("Kibra, Nairobi", -1.3133, 36.7890, 800)
    OLYMPIC = (
        FoundPlace("Olympic, Nairobi", -1.3137, 36.7767, 400),
        FoundPlace("Olympic Stage, Mombasa", -4.0435, 39.6682, 400),
        FoundPlace("Olympia, Kisumu", -0.0917, 34.7680, 400),
    )

    def search(self, typed: str) -> PlaceAnswer:
        words = typed.lower()
        if "kibra" in words:
            return PlaceAnswer(True, (self.KNOWN,))
        if "thika" in words:
            return PlaceAnswer(True, (FoundPlace("Thika, Kiambu", -1.0333, 37.0690, 2500),))
        if "olymp" in words:
            return PlaceAnswer(False, self.OLYMPIC, likely=True)
        return PlaceAnswer(False, ())

    def identify(self, place: FoundPlace) -> int | None:
        return None

    def counties(self) -> list[str]:
        return ["Kisumu", "Mombasa", "Nairobi"]

    def sub_counties(self, county: str) -> list[str]:
        return ["Kibra", "Langata"] if county == "Nairobi" else []

    def wards(self, county: str, sub_county: str) -> list[FoundPlace]:
        wards = (
            FoundPlace("Laini Saba", -1.3140, 36.7890, 3000),
            FoundPlace("Sarangombe", -1.3110, 36.7830, 3000),
        )
        return list(wards) if sub_county == "Kibra" else []

    def towns(self, county: str) -> list[FoundPlace]:
        return [FoundPlace("Kisumu", -0.1022, 34.7617, 2500)] if county == "Kisumu" else []

    def refresh(self) -> None:
        pass


@dataclass
class World:
    """Everything a story needs."""

    clock: Clock
    services: Services
    carrier: FakeCarrier
    boxes: FakeBoxes
    desk: BoxDesk
    gateway: Gateway
    sessions: int = 0
    hospital_ids: dict[str, int] = field(default_factory=dict)

    @cached_property
    def client(self) -> FlaskClient:
        """Of the web application, which is made when the story first needs it."""
        return create_app(self.gateway).test_client()

    def phone(self, number: str = "+254711000111") -> "Phone":
        return Phone(self, number)

    def hospital(
        self,
        name: str,
        lat: float,
        lon: float,
        needs: tuple[str, ...] = ("emergency_24h", "theatre", "blood", "oxygen"),
        *,
        box: bool = True,
        duty_phone: str | None = None,
        level: int = 5,
        lacks: tuple[str, ...] = (),
        open_24h: bool | None = True,
    ) -> "HospitalBox":
        """A hospital in the register, with an enrolled box unless `box` is false."""

        def add(connection: Connection) -> int:
            hospital_id: int = connection.execute(
                insert(hospitals).returning(hospitals.c.id),
                {
                    "source": "test",
                    "source_id": name,
                    "name": name,
                    "official_name": name,
                    "level": level,
                    "owner": "",
                    "county": "Nairobi",
                    "sub_county": "",
                    "ward": "",
                    "lat": lat,
                    "lon": lon,
                    "has": int(capability.mask(needs)),
                    "lacks": int(capability.mask(lacks)),
                    "beds": 100,
                    "open_24h": open_24h,
                    "status": "normal",
                    "reachable": box or duty_phone is not None,
                },
            ).scalar_one()
            connection.execute(
                insert(availability),
                {
                    "hospital_id": hospital_id,
                    "status": "normal",
                    "staffed_beds": 20,
                    "free_beds": 10,
                    "assigned_since": 0,
                    "reported_at": self.clock.now,
                    "stock_has": 0,
                    "stock_lacks": 0,
                    "source": "test",
                    "version": 0,
                },
            )
            if duty_phone is not None:
                contacts.put_first(connection, hospital_id, duty_phone)
                contacts.answered(connection, duty_phone, self.clock.now)
            (number,) = changes.take_numbers(connection)
            token = self.services.system.new_id()
            changes.record(connection, [changes.Change(number, token, hospital_id)])
            return hospital_id

        hospital_id = self.services.database.write(add)
        self.hospital_ids[name] = hospital_id
        if box:
            self.boxes.enrolled.add(hospital_id)
        return HospitalBox(self, hospital_id, name)

    def forget_duty_phone(self, hospital: "HospitalBox") -> None:
        """The number is no longer that hospital's duty phone."""
        theirs = delete(hospital_contacts).where(hospital_contacts.c.hospital_id == hospital.id)
        self.services.database.write(lambda c: c.execute(theirs))

    def forward(self, seconds: float) -> None:
        """Time passes: what becomes due is done, at the next full second, and what is to be sent is
        sent.
        """
        until = self.clock.now + timedelta(seconds=seconds)
        while self.clock.now < until:
            waits = self._next_due() - self.clock.now
            seconds = max(1, -(-waits // _SECOND))
            self.clock.now += min(until - self.clock.now, seconds * _SECOND)
            self.settle()

    def _next_due(self) -> datetime:
        """When something is due next, as far as is known now."""
        now, queued = self.clock.now, messages.c.state == MessageState.QUEUED.value
        coming = union_all(
            select(timers.c.due_at).where(timers.c.due_at > now),
            select(messages.c.due_at).where(queued, messages.c.due_at > now),
            select(messages.c.lease_until).where(queued, messages.c.lease_until > now),
        ).subquery()
        earliest = select(func.min(coming.c.due_at))
        found = self.services.database.read(lambda c: c.execute(earliest).scalar())
        return found or now + timedelta(days=3650)

    def settle(self) -> None:
        """Fires what is due now and sends what is in the outbox."""
        while firing.fire_due(self.services):
            pass
        carriers = Carriers(self.carrier, self.carrier, "40404", VOICE_NUMBER)
        for _ in range(100):
            claimed = self.services.write(lambda uow: outbox.claim(uow, 10))
            if not claimed:
                return
            for message in claimed:
                send(self.services, carriers, message)
        raise AssertionError("the outbox does not empty")

    def post(self, door: str, form: Mapping[str, str]) -> tuple[int, str]:
        """What the gateway answers to a callback."""
        answer = self.client.post(f"/callbacks/africastalking/{SECRET}/{door}", data=form)
        return answer.status_code, answer.get_data(as_text=True)

    def emergencies(self) -> list[Any]:
        """All emergencies, oldest first."""
        query = select(emergencies).order_by(emergencies.c.id)
        return list(self.services.database.read(lambda c: c.execute(query).all()))

    def dispatches(self) -> list[Any]:
        """All dispatches, in the order of asking."""
        query = select(dispatches).order_by(dispatches.c.emergency_id, dispatches.c.position)
        return list(self.services.database.read(lambda c: c.execute(query).all()))

    def the_emergency(self) -> Any:
        """The only emergency."""
        (only,) = self.emergencies()
        return only


class Phone:
    """A feature phone that dials, chooses and reads."""

    def __init__(self, world: World, number: str) -> None:
        self.world = world
        self.number = number
        self.session = ""
        self.history: list[str] = []
        self.screen = ""

    def dials(self, code: str = SERVICE_CODE) -> "Phone":
        self.world.sessions += 1
        self.session = f"ATUid_{self.world.sessions}"
        extra = code.removeprefix(SERVICE_CODE.rstrip("#")).strip("*#")
        self.history = extra.split("*") if extra else []
        return self._turn()

    def chooses(self, *keys: str) -> "Phone":
        for key in keys:
            assert self.screen.startswith("CON "), f"the session has ended: {self.screen}"
            self.history.append(key)
            self._turn()
        return self

    types = chooses

    def sees(self, *words: str) -> "Phone":
        for word in words:
            assert word in self.screen, self.screen
        return self

    def again(self) -> str:
        """The same turn posted once more; what comes back."""
        return self._post()

    def drops(self) -> "Phone":
        """The network says that the session is over."""
        self.world.post(
            "ussd-end",
            {"sessionId": self.session, "phoneNumber": self.number, "status": "Incomplete"},
        )
        self.world.settle()
        return self

    def texts(self, words: str) -> "Phone":
        self.world.sessions += 1
        form = {
            "id": f"in-{self.world.sessions}",
            "from": self.number,
            "to": "40404",
            "text": words,
            "date": "2026-11-23 09:00:00",
        }
        status, _ = self.world.post("sms", form)
        assert status == 200
        self.world.settle()
        return self

    def inbox(self) -> list[str]:
        return [text for to, text in self.world.carrier.texts if to == self.number]

    def reads(self, *words: str) -> "Phone":
        """The latest text has these words."""
        inbox = self.inbox()
        assert inbox, "no text has come"
        for word in words:
            assert word in inbox[-1], inbox
        return self

    def _turn(self) -> "Phone":
        self.screen = self._post()
        self.world.settle()
        return self

    def _post(self) -> str:
        status, body = self.world.post(
            "ussd",
            {
                "sessionId": self.session,
                "phoneNumber": self.number,
                "networkCode": SAFARICOM,
                "serviceCode": SERVICE_CODE,
                "text": "*".join(self.history),
            },
        )
        assert status == 200
        assert body.startswith(("CON ", "END ")), body
        return body


class HospitalBox:
    """What a hospital's staff see and say, without the wire in between."""

    def __init__(self, world: World, hospital_id: int, name: str) -> None:
        self.world = world
        self.id = hospital_id
        self.name = name

    def offers(self) -> list[DispatchOffered]:
        return [
            event
            for hospital_id, event in self.world.boxes.events
            if hospital_id == self.id and isinstance(event, DispatchOffered)
        ]

    def changes(self) -> list[DispatchChanged]:
        return [
            event
            for hospital_id, event in self.world.boxes.events
            if hospital_id == self.id and isinstance(event, DispatchChanged)
        ]

    def knows(self) -> DispatchOffered:
        """The latest patient as the box knows them now."""
        offer = self.offers()[-1]
        about = [each for each in self.changes() if each.dispatch_id == offer.dispatch_id]
        known = fold(offer, about).offer
        assert known is not None
        return known

    def rings(self, *, audible: bool = True) -> DispatchOffered:
        """The box got an offer, and says that it rings, and whether anybody can hear it."""
        offers = self.offers()
        assert offers, f"{self.name} does not ring"
        self._claim(DispatchDelivered, audible=audible)
        return offers[-1]

    def says_its_alarm(self, *, audible: bool) -> None:
        """The box says whether it can be heard."""
        (self.world.boxes.unheard.discard if audible else self.world.boxes.unheard.add)(self.id)
        said = AlarmState(at=self.world.clock.now, audible=audible)
        self.world.services.database.write(lambda c: self.world.desk.fold(c, self.id, said))
        self.world.settle()

    def is_silent(self) -> "HospitalBox":
        assert not self.offers(), f"{self.name} rings"
        return self

    def accepts(self) -> Verdict:
        return self._claim(AcceptDispatch)

    def cannot_treat(self, reason: CannotTreatReason = CannotTreatReason.NO_BED) -> Verdict:
        return self._claim(CannotTreat, reason=reason)

    def can_treat_after_all(self) -> Verdict:
        return self._claim(TreatAfterAll)

    def reports_arrival(self) -> Verdict:
        return self._claim(PatientArrived)

    def _claim(self, kind: type[Claim], **details: Any) -> Verdict:
        claim = kind(
            at=self.world.clock.now,
            claim_id=self.world.services.system.new_id(),
            dispatch_id=self.offers()[-1].dispatch_id,
            **details,
        )
        verdict = self.world.services.write(lambda uow: claims.fold(uow, self.id, claim))
        self.world.settle()
        return verdict


def config_for(folder: Path, **more: str) -> Config:
    """A configuration that names no real account."""
    return from_environment(
        {
            "HAVEN_DATA_DIR": str(folder),
            "HAVEN_CALLBACK_SECRET": SECRET,
            "HAVEN_AT_USERNAME": "sandbox",
            "HAVEN_AT_API_KEY": "no-key",
            "HAVEN_AT_SHORTCODE": "40404",
            "HAVEN_OPERATOR_PHONES": "+254700000001",
            "HAVEN_VOICE_NUMBER": VOICE_NUMBER,
            **more,
        }
    )


def build_world(
    database: Database, folder: Path, places: Places | None = None, **variables: str
) -> World:
    """A gateway with no hospital yet, and `FakePlaces` unless other ones are given."""
    clock = Clock()
    rng = Random(7)
    system = System(now=clock, new_id=identifier.maker(clock, rng), rng=rng)
    boxes = FakeBoxes()
    services = build_services(
        config_for(folder, **variables),
        system,
        database,
        KEYS,
        boxes=boxes,
        places=places or FakePlaces(),
    )
    desk = BoxDesk(services, AvailabilityBoard(system))
    gateway = Gateway(services, KEYS, NodeKeys(KEYS.boxes), desk)
    return World(clock, services, FakeCarrier(), boxes, desk, gateway)
