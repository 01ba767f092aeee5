"""Many boxes on doorbells at one live process and one web process, all ringing at once."""

import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import quantiles

import requests
from sqlalchemy import Connection, insert

from gateway import bootstrap, keys
from gateway.config import from_environment
from gateway.database.database import Database
from gateway.database.sqlite import SqliteDatabase
from gateway.machine import real_system
from gateway.sites.publishing import publish
from gateway.sites.tables import SiteState, sites
from shared.system import System
from sync.events import DispatchOffered
from sync.sealing import NodeKeys
from tests.bench import country
from tests.bench.corpus import emergencies
from tests.bench.light_box import keys_of
from tests.faults.installation import PROJECT, Installation, Program, until

SIZES = (10, 100, 1000)
_ROUNDS = 3
_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Rung:
    """So many boxes: exchanges a second while all of them confirm something new at once, the time
    from the commit until half of them, and nearly all, have it, which the ring itself brings; what
    the live process grew by for each.
    """

    boxes: int
    exchanges_per_second: float
    median_s: float
    p99_s: float
    live_kilobytes_each: float


def measure() -> list[Rung]:
    """One measurement for each of `SIZES`, over real processes on loopback."""
    with tempfile.TemporaryDirectory(prefix="haven-bench-") as folder:
        installation = Installation(Path(folder))
        country.fill(installation)
        config = from_environment(installation.environment)
        loaded = keys.load(config.secret_dir)
        database, system = bootstrap.open_database(config, loaded), real_system()
        site_ids = _enrol(database, system, max(SIZES))
        database.close()
        web = installation.program("web", "gateway", "serve")
        try:
            web.start()
            until("the web process answers", lambda: installation.post("ussd", {}).status_code)
            # A second writer beside the web process: what the boxes are told has to come from
            # somewhere, and no caller's turn tells a thousand hospitals at once.
            database = SqliteDatabase(config.sqlite_path, loaded.database)
            try:
                return [
                    _rung(installation, database, NodeKeys(loaded.boxes), site_ids[:size])
                    for size in SIZES
                ]
            finally:
                database.close()
        finally:
            installation.close()


def _enrol(database: Database, system: System, count: int) -> list[int]:
    """Boxes of the first hospitals, as an enrolment leaves them."""
    site_ids = [system.new_id() for _ in range(count)]

    def write(connection: Connection) -> None:
        for hospital, site_id in enumerate(site_ids, start=1):
            public = keys_of(hospital).public
            values = {
                "id": site_id,
                "hospital_id": hospital,
                "name": "light",
                "exchange_key": public.exchange,
                "signing_key": public.signing,
                "state": SiteState.ACTIVE,
                "enrolled_at": system.now(),
            }
            connection.execute(insert(sites).values(values))

    database.write(write)
    return site_ids


def _rung(
    installation: Installation, database: SqliteDatabase, gateway: NodeKeys, site_ids: list[int]
) -> Rung:
    count = len(site_ids)
    live = installation.program(f"live-{count}", "gateway", "live")
    live.start()
    until("the live process answers", lambda: _is_up(installation))
    before = _resident_bytes(live)
    with _boxes(installation, gateway, site_ids) as boxes:
        _line(boxes)
        each = (_resident_bytes(live) - before) / count
        seconds, waits = 0.0, []
        for round_number in range(_ROUNDS):
            offer = emergencies(_ROUNDS)[round_number]

            database.write(partial(_tell, hospitals=count, offer=offer))
            began = time.perf_counter()
            arrived = json.loads(_line(boxes))
            seconds += time.perf_counter() - began
            waits += [moment - began for moment in arrived]
    live.stop()
    cuts = quantiles(waits, n=100, method="inclusive")
    return Rung(count, count * _ROUNDS / seconds, cuts[49], cuts[98], each / 1000)


def _tell(connection: Connection, hospitals: int, offer: DispatchOffered) -> None:
    for hospital in range(1, hospitals + 1):
        publish(connection, hospital, offer)


def _is_up(installation: Installation) -> bool:
    return requests.get(f"{installation.live_url}/healthz", timeout=2).status_code == 200


def _resident_bytes(program: Program) -> int:
    status = Path(f"/proc/{program.process_id}/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(kilobytes) * 1024


@contextmanager
def _boxes(
    installation: Installation, gateway: NodeKeys, site_ids: list[int]
) -> Iterator[subprocess.Popen[str]]:
    public = gateway.public
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.bench.light_boxes",
            installation.url,
            installation.live_url.replace("http", "ws") + "/sync/v1/doorbell",
            public.exchange.hex() + public.signing.hex(),
        ],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        with process.stdin as sites_file:
            for number, site_id in enumerate(site_ids, start=1):
                sites_file.write(f"{number} {site_id}\n")
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _line(boxes: subprocess.Popen[str]) -> str:
    """The next line that the boxes print. Raises TimeoutError."""
    assert boxes.stdout is not None
    if not select.select([boxes.stdout], [], [], _WITHIN_S)[0]:
        raise TimeoutError("the boxes have not got what they were told")
    line = boxes.stdout.readline()
    if not line:
        raise RuntimeError("the boxes have ended")
    return line
