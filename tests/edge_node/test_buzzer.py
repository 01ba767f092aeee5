"""The box's own buzzer: real commands, as long as somebody waits for an answer."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from edge_node.buzzer import Buzzer
from edge_node.unanswered import UnansweredPatients
from gateway.sites.tables import sites
from shared.emergency import Priority
from tests.edge_node.two_sides import Gateway, Hospital, running
from tests.faults.installation import until
from tests.sync.conftest import sqlite_engine


@dataclass
class Room:
    """A box with a buzzer that notes when it sounds."""

    gateway: Gateway
    box: Hospital
    log: Path

    def buzzer(self, command: str = "") -> Buzzer:
        noting = f"{sys.executable} -c \"open('{self.log}', 'a').write('beep\\n')\""
        patients = UnansweredPatients(self.box.store, self.box.link)
        return Buzzer(command or noting, self.box.box, patients, self.box.system.now)

    def sounds(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    def audible_at_gateway(self) -> bool | None:
        self.box.exchanges()
        query = select(sites.c.audible)
        known: bool | None = self.gateway.quiet.read(lambda c: c.execute(query).scalar_one())
        return known


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with running(sqlite_engine(), tmp_path) as (gateway, box):
        yield Room(gateway, box, tmp_path / "log")


def test_it_sounds_once_at_the_start_and_counts_as_heard(room: Room) -> None:
    buzzer = room.buzzer()
    for _ in range(3):
        buzzer.look()
    assert room.sounds() == 1
    assert room.box.alarm.audible
    assert room.audible_at_gateway() is True


@pytest.mark.parametrize("priority", [Priority.CRITICAL, Priority.HIGH])
def test_it_sounds_until_somebody_answers(room: Room, priority: Priority) -> None:
    dispatch_id = room.gateway.offers(priority=priority)
    room.box.exchanges()
    buzzer = room.buzzer()
    for _ in range(3):
        buzzer.look()
    assert room.sounds() == 3
    room.box.box.accept(dispatch_id, "AK")
    buzzer.look()
    assert room.sounds() == 3


def test_what_is_not_urgent_chimes_once(room: Room) -> None:
    buzzer = room.buzzer()
    buzzer.look()
    room.gateway.offers(priority=Priority.MEDIUM)
    room.box.exchanges()
    for _ in range(3):
        buzzer.look()
    assert room.sounds() == 2


@pytest.mark.parametrize("command", ["false", "/there/is/no/such/buzzer"])
def test_a_buzzer_that_fails_counts_as_nobody_hearing_it(room: Room, command: str) -> None:
    room.buzzer(command).look()
    assert not room.box.alarm.audible
    assert room.audible_at_gateway() is False


def test_one_that_works_again_is_believed_again(room: Room) -> None:
    command = f"test -e {room.log}"
    buzzer = room.buzzer(command)
    room.gateway.offers()
    room.box.exchanges()
    buzzer.look()
    assert room.audible_at_gateway() is False
    room.log.write_text("plugged in")
    buzzer.look()
    assert room.audible_at_gateway() is True


def test_a_tone_that_goes_on_ends_with_the_program(room: Room) -> None:
    buzzer = room.buzzer("sleep 600")
    buzzer.start()
    tone = until("it sounds", lambda: buzzer.sounding)
    buzzer.stop()
    assert tone is not None
    assert tone.poll() is not None
