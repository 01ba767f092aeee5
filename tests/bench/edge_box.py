"""What the box's program takes of a small computer: the seconds from its start to the first answer
of its console, and the most memory that it ever held, with a thousand patients in its store.

Both are of this machine; a Raspberry Pi 4 is slower by a factor of about three, and needs no more
memory.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.bench.corpus import emergencies
from tests.edge_node.two_sides import running
from tests.free_ports import free_ports
from tests.sync.conftest import sqlite_engine

_PATIENTS = 1000
_READS = 50
_DEADLINE_S = 60


@dataclass(frozen=True, slots=True)
class EdgeBox:
    """The median of several starts, and the most memory of any."""

    start_s: float
    memory_mb: float


def measure(starts: int = 3) -> EdgeBox:
    """Starts the program on a store with a thousand patients, and reads its console."""
    offers = emergencies(_PATIENTS)
    with tempfile.TemporaryDirectory() as folder:
        with running(sqlite_engine(), Path(folder)) as (gateway, hospital):
            gateway.clock.now = offers[-1].at
            gateway.knows(offers)
            hospital.exchanges()
        taken = sorted(_start(Path(folder) / "box") for _ in range(starts))
    return EdgeBox(taken[len(taken) // 2][0], max(memory_mb for _, memory_mb in taken))


def _start(folder: Path) -> tuple[float, float]:
    (port,) = free_ports(1)
    environment = os.environ | {
        "HAVEN_EDGE_DIR": str(folder),
        "HAVEN_EDGE_LISTEN": f"127.0.0.1:{port}",
    }
    began = time.perf_counter()
    program = subprocess.Popen(
        [sys.executable, "-m", "edge_node", "serve"], env=environment, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}/api/v1/console"
    try:
        answer = _first_answer(url, began)
        took_s = time.perf_counter() - began
        if len(answer["dispatches"]) < 200:
            raise AssertionError("the box does not show its patients")
        for _ in range(_READS):
            requests.get(url, timeout=5).raise_for_status()
        return took_s, _peak_mb(program.pid)
    finally:
        program.terminate()
        program.wait(timeout=_DEADLINE_S)


def _first_answer(url: str, began: float) -> dict[str, list[object]]:
    while time.perf_counter() - began < _DEADLINE_S:
        try:
            answer: dict[str, list[object]] = requests.get(url, timeout=5).json()
            return answer
        except requests.ConnectionError:
            time.sleep(0.01)
    raise AssertionError("the box does not start")


def _peak_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    box = measure()
    print(f"{box.start_s:.2f} s to the first answer, {box.memory_mb:.0f} MB at most")
