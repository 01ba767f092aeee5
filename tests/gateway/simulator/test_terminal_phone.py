"""The terminal phone, driven through a pipe as a script does."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from rich.console import Console

from gateway.simulator.client import Phone, PhoneRefused
from gateway.simulator.terminal_phone import TerminalPhone
from tests.faults.installation import until
from tests.gateway.simulator.conftest import World, screen
from tests.gateway.simulator.loopback import SHORTCODE, VOICE_NUMBER, Loopback, loopback

ROOT = Path(__file__).parents[3]
PLAIN = {"TERM": "dumb", "NO_COLOR": "1"}
NEWLINE = "\n"
PROGRAM = "from gateway.simulator.commands import phone; phone()"


@pytest.fixture(scope="module")
def world() -> Iterator[Loopback]:
    with loopback() as started:
        yield started


def typed(url: str, number: str, *lines: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "--url", url, "--number", number],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )


pytestmark = pytest.mark.processes


def test_a_whole_emergency_through_a_pipe(world: Loopback) -> None:
    number = "+254711000301"
    world.provider.send_sms(number, "an old message", SHORTCODE)
    ran = typed(
        world.url, number, "*384*911#", "1", "2", "olympic kibra", "/inbox", "/reply 1", "/quit"
    )
    assert ran.stderr == ""
    assert ran.returncode == 0, ran.stdout
    for shown in ("1 English", "6 Snake bite", "Where is the patient?", "7K2F. Telling", "Sent to"):
        assert shown in ran.stdout
    assert "157 of 160 characters" in ran.stdout
    texts = [form["text"] for form in world.gateway.forms("ussd")]
    assert texts[-1] == "1*2*olympic kibra"


def test_waiting_for_a_message(world: Loopback) -> None:
    number = "+254711000302"
    ran = typed(world.url, number, f"/sms {number} note to myself", "/wait 60", "/reply got it")
    assert ran.returncode == 0, ran.stdout
    assert f"SMS from {number}: note to myself" in ran.stdout
    assert f"Sent to {number}." in ran.stdout


def test_a_call(world: Loopback) -> None:
    number = "+254711000303"
    world.provider.call(number, VOICE_NUMBER)
    ran = typed(world.url, number, "/pick-up", "/press 1")
    assert ran.returncode == 0, ran.stdout
    assert "Press 1 to accept" in ran.stdout
    assert ran.stdout.count("Press 1 to accept") == 1
    assert "The patient is told." in ran.stdout


def test_what_is_used_of_a_session_is_shown(world: Loopback) -> None:
    ran = typed(world.url, "+254711000308", "/session", "*384*911#", "1", "/drop", "/session")
    assert ran.returncode == 0, ran.stdout
    assert "No session yet" in ran.stdout
    session = world.gateway.forms("ussd")[-1]["sessionId"]
    assert f"session {session} · turn 1 · 0 of 180 s · 0 of 30 s to answer" in ran.stdout
    assert f"typed 1 of 80 characters · session {session} · turn 2" in ran.stdout
    assert ran.stdout.count(f"session {session} · over after 2 turns and 0 s") == 2


def test_the_next_turn_is_troubled_and_only_that(world: Loopback) -> None:
    number = "+254711000309"
    ran = typed(world.url, number, "/double", "/delay 1", "*384*911#", "1", "/lose", "2")
    assert ran.returncode == 0, ran.stdout
    assert "The next answer is held for 1 s." in ran.stdout
    assert "(Posted twice: both answers are the same.)" in ran.stdout
    assert "(The gateway's answer was lost on the way.)" in ran.stdout
    texts = [f["text"] for f in world.gateway.forms("ussd") if f["phoneNumber"] == number]
    assert texts == ["", "", "1", "1*2"]


def test_a_session_that_haven_is_not_told_the_end_of(world: Loopback) -> None:
    number = "+254711000310"
    assert typed(world.url, number, "*384*911#", "/drop untold").returncode == 0
    assert typed(world.url, number, "*384*911#", "/drop").returncode == 0
    sessions = [f["sessionId"] for f in world.gateway.forms("ussd") if f["phoneNumber"] == number]

    def told() -> list[str]:
        ends = world.gateway.forms("ussd-end")
        return [form["sessionId"] for form in ends if form["phoneNumber"] == number]

    until("the second end is told", told)
    assert told() == sessions[1:]


def test_calling_haven(world: Loopback) -> None:
    number = "+254711000311"
    ran = typed(world.url, number, "/call", "/press 1", "/missed-call")
    assert ran.returncode == 0, ran.stdout
    assert f"Calling {VOICE_NUMBER}" in ran.stdout
    assert ran.stdout.count("Voice: Haven. One patient") == 1
    assert ran.stdout.count("/press KEYS") == 1
    assert f"Plays thanks.wav{NEWLINE}" in ran.stdout
    assert "Call ended." in ran.stdout
    assert "You hung up before it was answered." in ran.stdout


def test_a_call_is_waited_for(world: Loopback) -> None:
    number = "+254711000312"
    ringing = Timer(1.0, world.provider.call, (number, VOICE_NUMBER))
    ringing.start()
    ran = typed(world.url, number, "/pick-up 60")
    ringing.join()
    assert ran.returncode == 0, ran.stdout
    assert "Press 1 to accept" in ran.stdout


def test_the_end_that_the_operator_makes_shows_by_itself_and_once() -> None:
    world = World()
    world.gateway.answers("ussd", screen("CON What?"))
    before = {**world.phone("dial", code="*384*911#")}
    world.forward(31)
    over = world.state()
    handset = Handset()
    console = Console(file=StringIO(), width=200)
    terminal = TerminalPhone(handset, Replayed([before, over, over]), console, True)
    assert terminal.run(patient_lines("wait for an answer is over", console)) == 0
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert shown.count("The operator's wait for an answer is over.") == 1
    assert "over after 1 turn and 30 s" in shown


def test_at_a_terminal_messages_and_calls_show_as_they_come(world: Loopback) -> None:
    number = "+254711000306"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "--url", world.url, "--number", number]
    shown = ""

    def wait_for(text: str) -> None:
        nonlocal shown
        deadline_s = time.monotonic() + 60
        while text not in shown:
            assert time.monotonic() < deadline_s, shown
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 65536).decode()

    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **PLAIN}
    ) as phone:
        try:
            wait_for("switch the phone off")
            world.provider.send_sms(number, "7K2F Reply 1 no transport", SHORTCODE)
            wait_for("SMS from 20911: 7K2F Reply 1 no transport")
            world.provider.call(number, VOICE_NUMBER)
            wait_for(f"{VOICE_NUMBER} is calling.")
            os.write(ours, b"/wait\n")
            wait_for("/wait is for scripts")
            os.write(ours, b"/quit\n")
            assert phone.wait(timeout=60) == 1  # for the /wait
        finally:
            phone.kill()
    os.close(ours)
    os.close(theirs)


class Handset(Phone):
    """A phone whose messages a test puts there."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "+254711000307")
        self.messages: list[dict[str, str]] = []

    def state(self, after: int | None = None, wait_s: float = 0.0) -> dict[str, Any]:
        return {
            "messages": list(self.messages),
            "version": len(self.messages),
            "screen": {"notice": ""},
            "call": None,
        }


class Replayed(Phone):
    """A phone that goes through these states, and then stays away."""

    def __init__(self, states: list[dict[str, Any]]) -> None:
        super().__init__("http://127.0.0.1:1", "+254711000307")
        self._states = iter(states)

    def state(self, after: int | None = None, wait_s: float = 0.0) -> dict[str, Any]:
        try:
            return next(self._states)
        except StopIteration:
            raise PhoneRefused("The phone is away.") from None


def patient_lines(wanted: str, console: Console) -> Iterator[str]:
    """Nothing typed until that is shown."""
    assert isinstance(console.file, StringIO)
    shown = console.file
    until(f"{wanted!r} is shown", lambda: wanted in shown.getvalue())
    yield "/quit"


class Greeted(Console):
    """A console on which the first line brings a message at once."""

    def __init__(self, handset: Handset) -> None:
        super().__init__(file=StringIO())
        self._handset = handset

    def print(self, *shown: Any, **how: Any) -> None:
        super().print(*shown, **how)
        message = {"id": "1", "direction": "received", "other": "20911", "text": "7K2F saved"}
        self._handset.messages = [message]


def test_a_message_that_comes_with_the_greeting_is_new() -> None:
    handset = Handset()
    console = Greeted(handset)
    assert TerminalPhone(handset, handset, console, False).run(["/wait 1"], "Hello") == 0
    assert isinstance(console.file, StringIO)
    assert "SMS from 20911: 7K2F saved" in console.file.getvalue()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1", "dial the code first"),
        ("/wait 0", "No message came within 0 s."),
        ("/wait soon", "how many seconds"),
        ("/delay", "how long to hold it"),
        ("/pick-up soon", "how long to wait for a call"),
        ("/reply hello", "No message has come"),
        ("/sms", "A message has 1 to"),
        ("/dance", "There is no /dance"),
        ("/drop", "no session"),
        ("/pick-up", "No call rings"),
        ("*1", "dial the code first"),
    ],
)
def test_a_line_that_fails_says_why_and_sets_the_exit_code(
    world: Loopback, line: str, said: str
) -> None:
    ran = typed(world.url, "+254711000304", line)
    assert ran.returncode == 1
    assert said in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("url", "number", "said"),
    [
        ("http://127.0.0.1:1", "+254711000305", "There is no simulator"),
        ("", "12", "phone"),
    ],
)
def test_a_phone_that_cannot_be_switched_on(
    world: Loopback, url: str, number: str, said: str
) -> None:
    ran = typed(url or world.url, number, "/inbox")
    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
