"""`haven-gateway simulator` as a process: starts, says where, stops."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.simulator.client import Phone

ROOT = Path(__file__).parents[3]
PROGRAM = "from gateway.simulator.commands import simulator; simulator()"
SECRETS = ["--secret", "callback-secret-of-tests", "--api-key", "key"]

pytestmark = pytest.mark.processes


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("HAVEN_")
    }
    return subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_and_stops(how: signal.Signals) -> None:
    with start("--listen", "127.0.0.1:0", "--service-code", "*500#", *SECRETS) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found, process.communicate(timeout=120)
        with Phone(found[0], "+254711000111") as phone:
            phone.dials("*384*911#").sees("Connection problem")
        process.send_signal(how)
        said, complaints = process.communicate(timeout=120)
    assert process.returncode == 0
    assert said == "Stopped.\n"
    # Not even an access log: the addresses hold phone numbers.
    assert complaints == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--secret"),
        (["--listen", "8200", *SECRETS], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999", *SECRETS], "HOST:PORT"),
        (["--callback-url", "gateway", *SECRETS], "callback URL"),
        (["--service-code", "911", *SECRETS], "service code"),
        (["--secret", "", "--api-key", "key"], "must not be empty"),
    ],
)
def test_wrong_options_are_explained(arguments: list[str], said: str) -> None:
    with start(*arguments) as process:
        _, complaint = process.communicate(timeout=120)
    assert process.returncode != 0
    assert said in complaint
    assert "Traceback" not in complaint


def test_a_taken_port_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        with start("--listen", f"127.0.0.1:{port}", *SECRETS) as process:
            _, complaint = process.communicate(timeout=120)
    assert process.returncode == 1, complaint
    assert "Choose another --listen" in complaint
    assert "Traceback" not in complaint


def test_a_signal_before_the_serving_begins_ends_it_all_the_same() -> None:
    early = PROGRAM.replace(
        "simulator()",
        "import os, signal, click; said = click.echo; "
        # As soon as the address is told, before the next statement.
        "click.echo = lambda text: (said(text), os.kill(os.getpid(), signal.SIGTERM)); simulator()",
    )
    ran = subprocess.run(
        [sys.executable, "-u", "-c", early, "--listen", "127.0.0.1:0", *SECRETS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith("Stopped.\n")
