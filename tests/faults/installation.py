"""A whole Haven in a folder: real programs that a test starts, kills, stops and asks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import requests
from sqlalchemy import Row, Select

from gateway import bootstrap, keys
from gateway.config import from_environment
from tests.free_ports import free_ports

PROJECT = Path(__file__).resolve().parents[2]
SERVICE_CODE = "*384*911#"
OPERATOR = "+254700000001"
SECRET = "a-secret-for-tests-of-processes"
_DEADLINE_S = 60.0
_LOOK_EVERY_S = 0.05

T = TypeVar("T")


def until(what: str, holds: Callable[[], T], within_s: float = _DEADLINE_S) -> T:
    """What `holds` gives, as soon as that is true; AssertionError after the deadline."""
    deadline_s = time.monotonic() + within_s
    while True:
        seen: object = None
        try:
            if value := holds():
                return value
        except (requests.RequestException, AssertionError) as fault:
            seen = fault
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {within_s:g} s: {what} ({seen})")
        time.sleep(_LOOK_EVERY_S)


def descendants(process_id: int) -> list[int]:
    """The ids of all processes that this one started, and that those started."""
    found = []
    for task in Path(f"/proc/{process_id}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def is_running(process_id: int) -> bool:
    """False when it has ended, also when nobody has asked yet how."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")


class Program:
    """One program of Haven in a process of its own; what it prints goes to a log."""

    def __init__(self, log: Path, words: list[str], environment: Mapping[str, str]) -> None:
        self.log = log
        self._words = [sys.executable, "-m", *words]
        self._environment = {**os.environ, "PYTHONPATH": str(PROJECT), **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        """The id of the running process."""
        assert self._process is not None, "the program was not started"
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Starts it, in a session of its own."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words,
                env=self._environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Runs it to its end with these words as well."""
        return subprocess.run(
            [*self._words, *more],
            env=self._environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=_DEADLINE_S,
            check=False,
        )

    def kill_alone(self) -> None:
        """kill -9 for this process and nothing it started, as when memory runs out."""
        assert self._process is not None, "the program was not started"
        self._process.kill()
        self._process.wait()

    def kill(self) -> None:
        """kill -9 for it and everything it started, as when the power goes."""
        if self._process is None or self._process.poll() is not None:
            # Its number may be somebody else's by now.
            return
        for process_id in [self._process.pid, *descendants(self._process.pid)]:
            try:
                os.kill(process_id, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end and gives back its exit code."""
        assert self._process is not None, "the program was not started"
        self._process.send_signal(number)
        return self._process.wait(timeout=_DEADLINE_S)

    def children(self, *words: str) -> list[int]:
        """The processes below it whose command line has all of these words, oldest first."""
        found = []
        for process_id in descendants(self.process_id):
            try:
                line = Path(f"/proc/{process_id}/cmdline").read_bytes().decode().split("\0")
            except FileNotFoundError:
                continue
            if set(words) <= set(line):
                found.append(process_id)
        return found


class Installation:
    """A gateway with its simulator of Africa's Talking, and boxes of hospitals."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        web_port, live_port, simulator_port = free_ports(3)
        self.url = f"http://127.0.0.1:{web_port}"
        self.live_url = f"http://127.0.0.1:{live_port}"
        self.simulator_url = f"http://127.0.0.1:{simulator_port}"
        self.environment = {
            "HAVEN_DATA_DIR": str(folder / "gateway"),
            "HAVEN_LISTEN": f"127.0.0.1:{web_port}",
            "HAVEN_LIVE_LISTEN": f"127.0.0.1:{live_port}",
            "HAVEN_PUBLIC_URL": self.url,
            "HAVEN_CALLBACK_SECRET": SECRET,
            "HAVEN_AT_USERNAME": "sandbox",
            "HAVEN_AT_API_KEY": "a-key-for-tests-only",
            "HAVEN_AT_SHORTCODE": "20911",
            "HAVEN_AT_BASE_URL": self.simulator_url,
            "HAVEN_AT_VOICE_URL": self.simulator_url,
            "HAVEN_OPERATOR_PHONES": OPERATOR,
            **variables,
        }
        self.programs: list[Program] = []
        self.up = self.program("up", "gateway", "up")
        self.simulator = self.program(
            "simulator", "gateway", "simulator", "--listen", f"127.0.0.1:{simulator_port}"
        )

    def program(self, name: str, *words: str, **variables: str) -> Program:
        """A program with this installation's variables, and these."""
        made = Program(self.folder / f"{name}.log", list(words), {**self.environment, **variables})
        self.programs.append(made)
        return made

    def close(self) -> None:
        """Clears every process away."""
        for program in reversed(self.programs):
            program.kill()

    def command(self, *words: str, expect: tuple[int, ...] = (0,)) -> str:
        """What `haven-gateway` prints with these words. Fails unless it exits as expected."""
        done = Program(self.folder / "command.log", ["gateway", *words], self.environment).run()
        if done.returncode not in expect:
            raise AssertionError(f"{words} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def rows(self, *words: str) -> list[dict[str, Any]]:
        """What a reporting command prints as a JSON list."""
        listed: list[dict[str, Any]] = json.loads(self.command(*words, "--json"))
        return listed

    def imports_the_demo(self) -> None:
        """A database with the demo's hospitals and places."""
        self.command("db", "upgrade")
        self.command("hospitals", "import", str(PROJECT / "deploy/demo/hospitals.csv"))
        self.command("places", "import", str(PROJECT / "deploy/demo/places.csv"))

    def starts(self) -> None:
        """The gateway and the simulator run and answer."""
        self.simulator.start()
        self.up.start()
        self.answers()

    def answers(self) -> None:
        """Waits until the gateway's processes and the simulator answer."""
        for url in (f"{self.url}/readyz", f"{self.live_url}/healthz", self.simulator_url):
            until(f"{url} answers", partial(_status, url))

    def new_box(self, hospital: str, **variables: str) -> "Box":
        """A box for this hospital, neither enrolled nor running."""
        return Box(self, hospital, **variables)

    def box(self, hospital: str, **variables: str) -> "Box":
        """A box enrolled for this hospital and running."""
        box = self.new_box(hospital, **variables)
        box.enrols()
        box.starts()
        return box

    def read(self, query: Select[Any]) -> list[Row[Any]]:
        """What this query finds in the database, beside the running gateway."""
        config = from_environment(self.environment)
        reader = bootstrap.open_reader(config, keys.load(config.secret_dir))
        rows = list(reader.read(lambda connection: connection.execute(query).all()))
        reader.close()
        return rows

    def post(self, door: str, form: Mapping[str, str]) -> requests.Response:
        """Posts a callback as Africa's Talking does."""
        return requests.post(
            f"{self.url}/callbacks/africastalking/{SECRET}/{door}", data=form, timeout=20
        )

    def logs(self) -> str:
        """The end of every log, for whoever reads a failure."""
        return "\n".join(
            f"--- {program.log.name}\n{program.log.read_text()[-1500:]}"
            for program in self.programs
            if program.log.exists()
        )


def _status(url: str) -> int:
    return requests.get(url, timeout=2).status_code


class Box:
    """The box of one hospital: a real haven-edge."""

    def __init__(self, installation: Installation, hospital: str, **variables: str) -> None:
        self.hospital = hospital
        self._installation = installation
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        name = f"box-{port}"
        own = {
            "HAVEN_EDGE_DIR": str(installation.folder / name),
            "HAVEN_EDGE_LISTEN": f"127.0.0.1:{port}",
            **variables,
        }
        self._enrol = installation.program(f"{name}-enrol", "edge_node", "enrol", **own)
        self.program = installation.program(name, "edge_node", "serve", **own)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Origin"] = self.url

    def enrols(self) -> None:
        """Proves a fresh code of its hospital to the gateway."""
        code = json.loads(self._installation.command("sites", "enrol", self.hospital, "--json"))[
            "code"
        ]
        done = self._enrol.run(self._installation.url, code)
        assert done.returncode == 0, done.stderr

    def starts(self) -> None:
        """It runs, and its doorbell is connected."""
        self.program.start()
        until("the box is connected", lambda: self.get("/api/v1/link")["doorbell"])

    def get(self, path: str) -> Any:
        """What its API answers."""
        answer = self._session.get(self.url + path, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def dispatches(self) -> list[dict[str, Any]]:
        """Everything it lists."""
        return list(self.get("/api/v1/dispatches")["dispatches"])

    def codes(self) -> list[str]:
        """The help codes of what it lists, in any order, as often as it lists them."""
        return [each["facts"]["help_code"] for each in self.dispatches() if each["facts"]]

    def says(self, dispatch_id: str, verb: str, **body: str) -> None:
        """Staff answer on the console."""
        self._session.post(
            f"{self.url}/api/v1/dispatches/{dispatch_id}/{verb}",
            json={"by": "DK", **body},
            timeout=5,
        ).raise_for_status()
