"""How many USSD turns a second the web process answers, against a bare Flask view under gunicorn.

Both have one process and the same client, and are measured in turns within the same minute: what
counts is the ratio, which depends little on the machine.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import requests
from sqlalchemy import select

from gateway.emergencies.tables import dispatches
from gateway.sites.tables import streams
from tests.bench import country
from tests.bench.load import Load, Visit, run
from tests.faults.installation import PROJECT, SECRET, SERVICE_CODE, Installation, until
from tests.free_ports import free_ports

# Callers at once, of either: with fewer, no server is at the end of what it can do.
_CONNECTIONS = 20
_THREADS = 16
_ROUNDS = 5
_MENU_SESSIONS = 300
_RAISED = 240
_BARE_SESSIONS = 600
# Language, back, language, back, language: every turn shows the next menu of a stored session.
MENU_HISTORIES = ("", "1", "1*0", "1*0*1", "1*0*1*0")
# English, heavy bleeding, from an injury; what follows are the place, and which of those it is.
_UNTIL_THE_PLACE = ("", "1", "1*2", "1*2*2")
SESSION_TURNS = len(_UNTIL_THE_PLACE) + 2


def menu_turn() -> float:
    """Menu turns a second, as a share of the bare view's."""
    with bare() as bare_url, gateway() as (_, url):
        numbers = count(1)

        def measure() -> Load:
            return run(url, [menus(next(numbers)) for _ in range(_MENU_SESSIONS)], _CONNECTIONS)

        return _ratio(bare_url, measure)


def raise_turn() -> float:
    """Turns a second that raise an emergency, as a share of the bare view's.

    Raises AssertionError unless every one of them told the hospital's box.
    """
    with bare() as bare_url, gateway() as (installation, url):
        numbers = count(1)
        raised = []

        def measure() -> Load:
            sessions = [next(numbers) for _ in range(_RAISED)]
            raised.extend(sessions)
            run(url, [until_the_last_key(number) for number in sessions], _CONNECTIONS)
            return run(url, [the_last_key(number) for number in sessions], _CONNECTIONS)

        ratio = _ratio(bare_url, measure)
        events = streams.outgoing.events
        asked = len(installation.read(select(dispatches.c.id)))
        # The stream's first event says where it begins.
        told = len(installation.read(select(events.c.seq).where(events.c.lane == 1))) - 1
        if not len(raised) == asked == told:
            raise AssertionError(f"{len(raised)} raised, {asked} dispatches, {told} box events")
        return ratio


def _ratio(bare_url: str, measure: Callable[[], Load]) -> float:
    ratios = []
    for _ in range(_ROUNDS):
        view = run(bare_url, [menus(number) for number in range(_BARE_SESSIONS)], _CONNECTIONS)
        ratios.append(measure().per_second / view.per_second)
    return median(ratios)


def menus(number: int) -> Visit:
    """Turns of one session, each of which shows the next menu."""
    for history in MENU_HISTORIES:
        yield form(number, history)


def session(number: int) -> list[Visit]:
    """Every turn of a session that raises an emergency, a visit each."""
    before = [single(number, history) for history in _UNTIL_THE_PLACE]
    return [*before, until_the_last_key(number), the_last_key(number)]


def single(number: int, history: str) -> Visit:
    """This turn alone."""
    yield form(number, history)


def until_the_last_key(number: int) -> Visit:
    """Heavy bleeding after an injury; a place is typed, and choices of it are shown."""
    answer = yield form(number, f"1*2*2*{country.TYPED}")
    if f"1 {country.MEANT}" not in answer:
        raise AssertionError(f"this turn should have shown places: {answer}")


def the_last_key(number: int) -> Visit:
    """Chooses the first place, which raises the emergency."""
    answer = yield form(number, f"1*2*2*{country.TYPED}*1")
    if "Telling" not in answer:
        raise AssertionError(f"this turn should have raised an emergency: {answer}")


def form(number: int, text: str) -> dict[str, str]:
    """What the operator posts for this caller's session."""
    return {
        "sessionId": f"ATUid_{number:032x}",
        "phoneNumber": f"+2547{number:08d}",
        "networkCode": "63902",
        "serviceCode": SERVICE_CODE,
        "text": text,
    }


@contextmanager
def gateway() -> Iterator[tuple[Installation, str]]:
    """The web process alone, on a country's database; gives the address of its USSD callback."""
    with tempfile.TemporaryDirectory(prefix="haven-bench-") as folder:
        (port,) = free_ports(1)
        address = f"127.0.0.1:{port}"
        installation = Installation(
            Path(folder),
            HAVEN_AT_BASE_URL=f"http://{address}",
            HAVEN_AT_VOICE_URL=f"http://{address}",
        )
        carrier = installation.program("carrier", "tests.bench.carrier", address)
        country.fill(installation)
        web = installation.program("web", "gateway", "serve")
        box = installation.new_box(country.NEAR)
        try:
            carrier.start()
            web.start()
            until("it answers", lambda: requests.get(f"{installation.url}/readyz", timeout=5).ok)
            box.enrols()
            yield installation, f"{installation.url}/callbacks/africastalking/{SECRET}/ussd"
            web.stop()
        finally:
            installation.close()


@contextmanager
def bare() -> Iterator[str]:
    """The bare view's process; gives its address."""
    (port,) = free_ports(1)
    words = [sys.executable, "-m", "gunicorn", "tests.bench.bare:app", "--log-level", "error"]
    words += ["--worker-class", "gthread", "--workers", "1", "--threads", str(_THREADS)]
    words += ["--keep-alive", "60", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(words, cwd=PROJECT)
    url = f"http://127.0.0.1:{port}/ussd"
    try:
        until("the bare view answers", lambda: requests.get(url, timeout=5).status_code)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)
