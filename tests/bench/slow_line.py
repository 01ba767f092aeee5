"""A thousand emergencies to a fresh box over 50 kbit/s, 600 ms and 10 % loss, beside a plain poll
of JSON on the same line in the same run. It needs root: the line is made of network namespaces.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import requests

from edge_node.machine import real_system
from shared.identifier import to_text
from tests.bench.corpus import emergencies
from tests.edge_node.test_processes import World
from tests.faults.installation import PROJECT, until
from tests.link.wire import NEAR, Wire

EMERGENCIES = 1000
_LOSS = 0.1
_SEEDS = (1, 2, 3)
_POLL_PORT = 8070
_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class SlowLine:
    """Seconds until all of them are there, medians over the seeds of the line's losses."""

    box_s: float
    poll_s: float


def measure() -> SlowLine:
    """Raises what `Wire` raises where the line cannot be made."""
    took = [_measure(seed) for seed in _SEEDS]
    return SlowLine(median(box for box, _ in took), median(poll for _, poll in took))


def _measure(seed: int) -> tuple[float, float]:
    wire = Wire(seed)
    try:
        with tempfile.TemporaryDirectory(prefix="haven-bench-") as folder:
            box_s = _box(wire, Path(folder))
        return box_s, _poll(wire)
    finally:
        wire.close()


def _box(wire: Wire, folder: Path) -> float:
    """From the start of the box's first exchange until its store has the last one."""
    world = wire.near.run(partial(World, folder, 3600, host=NEAR))
    try:
        code = world.gateway.issues_code()
        enrolled = wire.far.run(world.edge.run, "enrol", world.url, code)
        if enrolled.returncode:
            raise RuntimeError(enrolled.stderr)
        # A box forgets what is old: these are of the last days.
        offers = emergencies(EMERGENCIES, start=real_system().now() - timedelta(days=4))
        world.gateway.knows(offers)
        wire.loses(_LOSS)
        last = offers[-1]
        before = wire.carried()
        wire.far.run(world.box.starts)
        until("the first packet", lambda: wire.carried() > before, _WITHIN_S)
        began = time.perf_counter()
        until("the last is there", lambda: wire.far.run(_has, world, last.dispatch_id), _WITHIN_S)
        return time.perf_counter() - began
    finally:
        world.close()


def _has(world: World, dispatch_id: int) -> bool:
    found = requests.get(f"{world.box_url}/api/v1/dispatches/{to_text(dispatch_id)}", timeout=5)
    return found.status_code == 200


def _poll(wire: Wire) -> float:
    """The same by the plain poll, which says by itself how long it took."""
    words = [sys.executable, "-m", "tests.bench.plain_poll"]
    serve = [*words, "serve", NEAR, str(_POLL_PORT), str(EMERGENCIES)]
    server = wire.near.run(partial(subprocess.Popen, serve, cwd=PROJECT))
    try:
        url = f"http://{NEAR}:{_POLL_PORT}"
        until("it serves", lambda: wire.near.run(partial(requests.get, f"{url}/=0", timeout=5)))
        fetch = partial(
            subprocess.run,
            [*words, "fetch", url],
            cwd=PROJECT,
            check=True,
            capture_output=True,
            timeout=_WITHIN_S,
        )
        said = json.loads(wire.far.run(fetch).stdout)
        if said["events"] != EMERGENCIES:
            raise AssertionError(f"only {said['events']} came")
        return float(said["seconds"])
    finally:
        server.kill()
        server.wait()
