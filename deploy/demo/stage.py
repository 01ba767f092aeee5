"""Sets the demo up in a folder and starts its processes, the way an operator would: by commands
only.
"""

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.cable import Cable
from deploy.demo.modem import DemoModem

PROJECT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 30.0
# The two hospitals of the demo that have a box; the others are reached by SMS and phone.
BOXES = ("Kenyatta National Hospital", "The Nairobi Hospital")


class DemoFailed(Exception):
    """The demo cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Addresses:
    """Where everything listens: one range of ports, so that two demos can run side by side."""

    base_port: int

    @property
    def front(self) -> str:
        return f"http://127.0.0.1:{self.base_port}"

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.base_port + 1}"

    @property
    def live_port(self) -> int:
        return self.base_port + 2

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.base_port + 3}"

    @property
    def cable_ports(self) -> dict[int, int]:
        """Where the hospitals' internet ends in this machine, and what is behind it."""
        return {self.base_port + 4: self.base_port + 1, self.base_port + 5: self.live_port}

    @property
    def gateway_by_cable(self) -> str:
        """The gateway as the hospitals reach it."""
        return f"http://127.0.0.1:{self.base_port + 4}"

    def box(self, number: int) -> str:
        return f"http://127.0.0.1:{self.base_port + 10 + number}"

    def ports(self) -> list[int]:
        return [*range(self.base_port, self.base_port + 6)] + [
            self.base_port + 10 + number for number in range(len(BOXES))
        ]


@dataclass
class Stage:
    """A running demo: its folder, its addresses, its processes."""

    folder: Path
    addresses: Addresses
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    modems: list[DemoModem] = field(default_factory=list)
    cable: Cable | None = None

    def __enter__(self) -> "Stage":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """Every variable of the demo's gateway and simulator; made once, kept in the folder."""
        kept = self.folder / "environment.json"
        if not kept.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            made = {
                "HAVEN_CALLBACK_SECRET": secrets.token_urlsafe(24),
                "HAVEN_AT_API_KEY": secrets.token_urlsafe(24),
            }
            kept.touch(mode=0o600)
            kept.write_text(json.dumps(made))
        at = self.addresses
        return {
            **os.environ,
            **json.loads(kept.read_text()),
            "PYTHONPATH": str(PROJECT),
            "HAVEN_DATA_DIR": str(self.folder / "gateway"),
            "HAVEN_LISTEN": at.gateway.removeprefix("http://"),
            "HAVEN_LIVE_LISTEN": f"127.0.0.1:{at.live_port}",
            "HAVEN_PUBLIC_URL": at.gateway,
            "HAVEN_LIVE_PUBLIC_URL": f"ws://127.0.0.1:{at.base_port + 5}",
            "HAVEN_AT_USERNAME": "sandbox",
            "HAVEN_AT_SHORTCODE": "20911",
            "HAVEN_AT_BASE_URL": at.simulator,
            "HAVEN_AT_VOICE_URL": at.simulator,
            "HAVEN_OPERATOR_PHONES": "+254700000001",
            "HAVEN_VOICE_NUMBER": "+254711082000",
            "HAVEN_PROMPTS_DIR": str(self.folder / "prompts"),
        }

    def box_environment(self, number: int) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "HAVEN_EDGE_DIR": str(self.folder / f"box-{number + 1}"),
            "HAVEN_EDGE_LISTEN": self.addresses.box(number).removeprefix("http://"),
            "HAVEN_EDGE_FRAME_ANCESTORS": self.addresses.front,
            "HAVEN_EDGE_SMS_SPOOL": str(self._modem_folder(number)),
        }

    def _modem_folder(self, number: int) -> Path:
        return self.folder / f"modem-{number + 1}"

    def start(self) -> None:
        """Sets up what is missing and starts everything; returns when all of it answers."""
        self._require_free_ports()
        environment = self.environment()
        self._write_operators_command(environment)
        self.command("hospitals", "import", str(PROJECT / "deploy/demo/hospitals.csv"), ok=(0, 3))
        self.command("places", "import", str(PROJECT / "deploy/demo/places.csv"), ok=(0, 3))
        self.cable = Cable(self.addresses.cable_ports)
        simulator = self.addresses.simulator.removeprefix("http://")
        self._spawn("gateway", ["gateway", "up"], environment)
        self._spawn("simulator", ["gateway", "simulator", "--listen", simulator], environment)
        self._wait("gateway", f"{self.addresses.gateway}/readyz")
        self._wait("gateway", f"http://127.0.0.1:{self.addresses.live_port}/healthz")
        self._wait("simulator", f"{self.addresses.simulator}/")
        with ThreadPoolExecutor() as pool:
            prompts = pool.submit(self._record_prompts)
            list(pool.map(self.add_box, BOXES, range(len(BOXES))))
            prompts.result()

    def _record_prompts(self) -> None:
        # Without espeak-ng the phone shows the words of a call instead.
        if shutil.which("espeak-ng"):
            self.command("menus", "record", ok=(0, 1))

    def add_box(self, hospital: str, number: int) -> str:
        """Enrols box `number` for this hospital (its name or id) and starts it; its address."""
        self._enrol(number, hospital)
        sim = f"+25473300000{number + 1}"
        modem = DemoModem(self._modem_folder(number), self.addresses.simulator, sim)
        self.modems.append(modem)
        modem.start()
        name = f"box-{number + 1}"
        self._spawn(name, ["edge_node", "serve"], self.box_environment(number))
        url = self.addresses.box(number)
        self._wait(name, f"{url}/healthz")
        return url

    def stop(self) -> None:
        """Stops every process in order, by force only when it does not stop by itself."""
        for modem in self.modems:
            modem.stop()
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_WITHIN_S
        for process in self.processes.values():
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.cable is not None:
            self.cable.close()

    def dead(self) -> str | None:
        """The name of a process that has ended by itself."""
        return next((n for n, p in self.processes.items() if p.poll() is not None), None)

    @property
    def operators_command(self) -> Path:
        """`haven-gateway` on the demo's own data: for whoever plays the operator."""
        return self.folder / "haven-gateway"

    def _write_operators_command(self, environment: dict[str, str]) -> None:
        lines = [
            f"export {name}={shlex.quote(value)}"
            for name, value in sorted(environment.items())
            if name.startswith("HAVEN_") or name == "PYTHONPATH"
        ]
        lines.append(f'exec {shlex.quote(sys.executable)} -m gateway "$@"')
        # It holds secrets: for its owner alone.
        self.operators_command.touch(mode=0o700)
        self.operators_command.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")

    def _enrol(self, number: int, hospital: str) -> None:
        if (self.folder / f"box-{number + 1}" / "enrolled").exists():
            return
        code = json.loads(self.command("sites", "enrol", hospital, "--json"))["code"]
        self._run(
            [
                "edge_node",
                "enrol",
                self.addresses.gateway_by_cable,
                code,
                "--name",
                f"{hospital}, casualty",
            ],
            self.box_environment(number),
        )
        (self.folder / f"box-{number + 1}" / "enrolled").touch()

    def command(self, *words: str, ok: tuple[int, ...] = (0,)) -> str:
        """Runs a command of `haven-gateway` beside the running gateway; what it printed.

        Raises DemoFailed when its exit code is not one of `ok`.
        """
        return self._run(["gateway", *words], self.environment(), ok)

    def _run(
        self, module_and_words: list[str], environment: dict[str, str], ok: tuple[int, ...] = (0,)
    ) -> str:
        done = subprocess.run(  # noqa: S603 - our own interpreter and modules
            [sys.executable, "-m", *module_and_words],
            env=environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in ok:
            raise DemoFailed(
                f"{' '.join(module_and_words[:3])} failed:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def _spawn(self, name: str, module_and_words: list[str], environment: dict[str, str]) -> None:
        logs = self.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", *module_and_words],
                env=environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait(self, name: str, url: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                raise DemoFailed(f"{name} ended by itself: see {self.folder}/logs/{name}.log")
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own address
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise DemoFailed(f"{name} does not answer at {url}: see {self.folder}/logs/{name}.log")

    def _require_free_ports(self) -> None:
        for port in self.addresses.ports():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    raise DemoFailed(
                        f"Port {port} is in use: stop what uses it, or choose another range with "
                        "HAVEN_DEMO_PORT=9000 make demo."
                    ) from None
