"""How long it takes from the caller's last key until the hospital's box rings, and how much of that
the way from the gateway's commit to the box's store takes.
"""

import tempfile
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

from tests.bench import country, turns
from tests.bench.load import run
from tests.faults.installation import SECRET, Box, Installation

EMERGENCIES = 200
_SILENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Ringing:
    """The 50th and the 99th percentile of each, in seconds. `commit_to_box` lies between the
    caller's answer, which follows the commit, and the hint to a page at the hospital, which follows
    the commit of the box's store.
    """

    key_to_ring: tuple[float, float]
    commit_to_box: tuple[float, float]


def measure() -> Ringing:
    """Over real gateway, live and haven-edge processes on loopback.

    Raises AssertionError when an emergency does not ring.
    """
    with tempfile.TemporaryDirectory(prefix="haven-bench-") as folder:
        installation = Installation(Path(folder))
        country.fill(installation)
        try:
            installation.starts()
            box = installation.box(country.NEAR)
            url = f"{installation.url}/callbacks/africastalking/{SECRET}/ussd"
            console = Console(box)
            # One caller after another: what counts is the way, not a queue.
            took, delivered = [], []
            for number in range(1, EMERGENCIES + 1):
                run(url, [turns.until_the_last_key(number)], 1)
                began = time.perf_counter()
                run(url, [turns.the_last_key(number)], 1)
                committed = time.perf_counter()
                rang = console.rings(number)
                took.append(rang - began)
                delivered.append(max(rang - committed, 0.0))
            console.close()
        finally:
            installation.close()
    return Ringing(_percentiles(took), _percentiles(delivered))


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[98]


class Console:
    """A page that is open at the hospital: told by the box whenever something has changed."""

    def __init__(self, box: Box) -> None:
        self._box = box
        parts = urlsplit(box.url)
        self._line = HTTPConnection(str(parts.hostname), parts.port, timeout=_SILENT_S)
        self._line.request("GET", "/events")
        self._hints = self._line.getresponse()

    def rings(self, count: int) -> float:
        """The moment of the hint after which that many dispatches ring. Raises TimeoutError."""
        while True:
            line = self._hints.readline()
            moment = time.perf_counter()
            if not line:
                raise RuntimeError("the box closed the stream of its hints")
            if line.startswith(b"data:"):
                ringing = [each for each in self._box.dispatches() if each["rings"]]
                if len(ringing) >= count:
                    return moment

    def close(self) -> None:
        """Closes the page."""
        self._line.close()
