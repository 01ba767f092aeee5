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
from typing import Any

import pytest
from rich.console import Console

from gateway.simulator.client import Phone
from gateway.simulator.terminal_phone import TerminalPhone
from tests.gateway.simulator.loopback import SHORTCODE, VOICE_NUMBER, Loopback, loopback

ROOT = Path(__file__).parents[3]
PLAIN = {"TERM": "dumb", "NO_COLOR": "1"}
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
    assert "150 of 160 characters" in ran.stdout
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
        return {"messages": list(self.messages), "version": len(self.messages)}


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
