"""The grown shape: PostgreSQL, a web process and a worker of their own, and the whole story on
them.
"""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from deploy.demo.check import tell
from deploy.demo.stage import Stage
from gateway.simulator.client import Phone
from tests.faults.installation import descendants, until
from tests.journeys.free_addresses import free_addresses

pytestmark = pytest.mark.processes


@pytest.fixture
def stage(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    empty_postgres: None,
) -> Iterator[Stage]:
    """The demo, with its gateway on PostgreSQL."""
    monkeypatch.setenv("HAVEN_DATABASE_URL", postgres_url)
    made = Stage(tmp_path_factory.mktemp("grown"), free_addresses())
    made.command("keys", "init")
    with made as started:
        yield started


def worker_of(stage: Stage) -> int:
    """The process id of the worker that `up` keeps alive."""
    for process_id in descendants(stage.processes["gateway"].pid):
        shown = subprocess.run(
            ["ps", "-o", "args=", "-p", str(process_id)],
            capture_output=True,
            text=True,
            check=False,
        )
        if shown.stdout.strip().endswith("gateway worker"):
            return process_id
    raise AssertionError("there is no worker")


def test_the_whole_story_and_a_worker_that_is_killed(stage: Stage) -> None:
    tell(stage)

    killed = worker_of(stage)
    os.kill(killed, signal.SIGKILL)
    with Phone(stage.addresses.simulator, "+254722000444") as phone:
        phone.dials("*384*911#").chooses("1").chooses("2")
        code = phone.screen[:4]
        phone.chooses("2").types("kibera")
        if "Which one?" in phone.screen:
            phone.chooses("1")
        phone.sees(code, "Press hard on the wound").session_is_over()
        # Nobody was there to send it; the worker that `up` starts anew does.
        phone.receives_sms(code, within_s=40)
    assert until("up starts another worker", lambda: worker_of(stage)) != killed
