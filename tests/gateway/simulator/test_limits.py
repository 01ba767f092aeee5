"""The simulator stays within its memory, and phones used at once do not mix."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from gateway.simulator.agenda import Agenda
from gateway.simulator.client import Phone
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.handset import Handsets, ShortMessage
from gateway.simulator.journal import Journal
from shared.errors import InvalidInput
from tests.gateway.simulator.conftest import World
from tests.gateway.simulator.loopback import loopback

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_phone_unused_the_longest_is_forgotten() -> None:
    handsets = Handsets("KE")
    first = handsets.with_number("+254711000000")
    for number in range(1, 2000):
        handsets.with_number(f"+25471100{number:04d}")
    assert handsets.with_number("+254711000000") is first
    second = handsets.with_number("+254711000001")
    handsets.with_number("+254711009999")
    handsets.with_number("+254711009998")
    assert len(handsets.in_use()) == 2000
    assert handsets.with_number("+254711000001") is second
    assert handsets.with_number("+254711000002").version == 0


def test_a_phone_keeps_its_last_messages() -> None:
    handset = Handsets("KE").with_number("+254711000000")
    for number in range(300):
        handset.take_message(ShortMessage(str(number), "received", "20911", "text", ""))
    assert [message.id for message in handset.messages] == [str(n) for n in range(100, 300)]


def test_the_journal_keeps_its_last_entries() -> None:
    journal = Journal(lambda: NOON)
    for number in range(1500):
        journal.write("event", number=number)
    assert [entry["number"] for entry in journal.after(0)] == list(range(501, 1501))


def test_a_full_agenda_gives_up_what_is_furthest_off() -> None:
    agenda = Agenda(lambda: NOON)
    done: list[str] = []
    agenda.after(60, lambda: done.append("late"))
    for _ in range(49_999):
        agenda.after(0, lambda: None)
    agenda.after(0, lambda: done.append("now"))
    assert agenda.run_due() == 50_000
    assert done == ["now"]


def test_a_job_that_fails_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    agenda = Agenda(lambda: NOON)
    done: list[int] = []
    agenda.after(0, lambda: 1 // 0)
    agenda.after(0, lambda: done.append(1))
    agenda.run_due()
    assert done == [1]
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_too_many_faults_are_refused(world: World) -> None:
    answer = world.http.post("/control/faults", json=[{"channel": "sms"}] * 201)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query", ["after=x", "after=0&wait_s=nan", "after=9&wait_s=-1", "wait_s=x"]
)
def test_a_poll_that_means_nothing_answers_at_once(world: World, query: str) -> None:
    assert world.http.get(f"/phone/254711000111/api/state?{query}").status_code == 200


def test_a_request_that_is_too_long_is_refused(world: World) -> None:
    assert world.send(message="x" * 70_000).status_code == 413


@pytest.mark.parametrize(
    "changed",
    [
        {"callback_url": "gateway.example"},
        {"callback_url": "ftp://gateway.example"},
        {"service_code": "*384*911"},
        {"service_code": "*a#"},
        {"service_code": "##"},
        {"secret": ""},
        {"api_key": ""},
    ],
)
def test_a_wrong_configuration_is_explained(changed: dict[str, str]) -> None:
    given = {"callback_url": "http://gateway.example", "secret": "s", "api_key": "k", **changed}
    with pytest.raises(InvalidInput):
        SimulatorConfig(**given)  # type: ignore[arg-type]  # only texts are changed here


def test_secrets_are_not_shown() -> None:
    shown = repr(SimulatorConfig("http://gateway.example", "hush-secret", "hush-key"))
    assert "hush" not in shown


def test_many_phones_at_once_do_not_mix() -> None:
    with loopback() as world:

        def story(number: int) -> str:
            with Phone(world.url, f"+2547110005{number:02d}") as phone:
                phone.dials("*384*911#").chooses("1").chooses("2").types(f"place {number}")
                phone.sees("7K2F").sends_sms(phone.number, f"note {number}")
                phone.receives_sms(containing=f"note {number}")
                return phone.number

        with ThreadPoolExecutor(12) as people:
            numbers = set(people.map(story, range(24)))
        ends = {
            form["phoneNumber"]: form["text"]
            for form in world.gateway.forms("ussd")
            if "place" in form["text"]
        }
    assert len(numbers) == 24
    assert ends == {f"+2547110005{n:02d}": f"1*2*place {n}" for n in range(24)}
