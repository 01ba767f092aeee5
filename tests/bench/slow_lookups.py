"""Twenty callers at once whose places take long to look up: does each get their own answer, and how
long do others wait meanwhile?

The web process is the real one, but for its gazetteer, which is slow. `python -m
tests.bench.slow_lookups` serves it on the configuration in the environment.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests
from granian import Granian
from granian.constants import Interfaces

from gateway import bootstrap, logs
from gateway.app import create_app
from gateway.config import from_environment
from gateway.machine import real_system
from gateway.ports import FoundPlace, PlaceAnswer
from tests.bench import turns
from tests.bench.load import Visit, run, run_steadily
from tests.faults.installation import SECRET, Installation, until

CALLERS = 20
LOOK_UP_S = 0.2
_ROUNDS = 5
_BESIDE_PER_SECOND = 50
_BESIDE_SESSIONS = 40


@dataclass(frozen=True, slots=True)
class Waited:
    """How it went. Times are in seconds."""

    wrong: int
    longest_look_up_s: float
    beside_p99_s: float


def measure() -> Waited:
    """Rounds of twenty look-ups at once, then other callers' turns beside endless look-ups."""
    with _gateway() as url:
        numbers = _Numbers()
        wrong: list[str] = []
        took = [
            seconds
            for _ in range(_ROUNDS)
            for seconds in run_steadily(
                url, [_looked_up(numbers.take(), wrong) for _ in range(CALLERS)], 1e6
            )
        ]
        stopping = threading.Event()

        def endless() -> Iterator[Visit]:
            while not stopping.is_set():
                yield _looked_up(numbers.take(), wrong)

        others = threading.Thread(target=run, args=(url, endless(), CALLERS))
        others.start()
        first = numbers.take(_BESIDE_SESSIONS)
        beside = run_steadily(
            url,
            [
                _menu_turn(first + session, history)
                for history in turns.MENU_HISTORIES
                for session in range(_BESIDE_SESSIONS)
            ],
            _BESIDE_PER_SECOND,
        )
        stopping.set()
        others.join()
        slowest_s = quantiles(beside, n=100, method="inclusive")[98]
        return Waited(len(wrong), max(took), slowest_s)


class _Numbers:
    """Callers' numbers, each given once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 1

    def take(self, count: int = 1) -> int:
        """The first of so many."""
        with self._lock:
            first, self._next = self._next, self._next + count
            return first


def _looked_up(number: int, wrong: list[str]) -> Visit:
    """A caller types a place that nobody else types; `wrong` gets an answer that is not theirs."""
    answer = yield turns.form(number, f"1*2*2*estate{number}")
    if f"1 estate{number} North" not in answer:
        wrong.append(answer)


def _menu_turn(number: int, history: str) -> Visit:
    yield turns.form(number, history)


class _SlowPlaces:
    """Knows every place, slowly. See `gateway.ports.Places`."""

    def search(self, typed: str) -> PlaceAnswer:
        time.sleep(LOOK_UP_S)
        hits = [FoundPlace(f"{typed} {side}", -1.3, 36.8, 800) for side in ("North", "South")]
        return PlaceAnswer(False, tuple(hits), likely=True)

    def identify(self, place: FoundPlace) -> int | None:
        return None

    def counties(self) -> Sequence[str]:
        return ()

    def sub_counties(self, county: str) -> Sequence[str]:
        return ()

    def wards(self, county: str, sub_county: str) -> Sequence[FoundPlace]:
        return ()

    def towns(self, county: str) -> Sequence[FoundPlace]:
        return ()

    def refresh(self) -> None:
        """Nothing changes."""


@contextmanager
def _gateway() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="haven-bench-") as folder:
        installation = Installation(Path(folder))
        web = Installation.program(installation, "web", "tests.bench.slow_lookups")
        try:
            web.start()
            until("it answers", lambda: requests.get(f"{installation.url}/readyz", timeout=5).ok)
            yield f"{installation.url}/callbacks/africastalking/{SECRET}/ussd"
        finally:
            installation.close()


def load() -> Callable[..., Any]:
    """The application with the slow gazetteer."""
    logs.configure()
    opened = bootstrap.open_gateway(from_environment(os.environ), real_system())
    services = replace(opened.services, places=_SlowPlaces())
    return create_app(replace(opened, services=services))


if __name__ == "__main__":
    config = from_environment(os.environ)
    Granian(
        "tests.bench.slow_lookups:load",
        factory=True,
        address=config.listen.host,
        port=config.listen.port,
        interface=Interfaces.WSGI,
        blocking_threads=config.threads,
    ).serve()
