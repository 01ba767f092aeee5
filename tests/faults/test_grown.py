"""The grown shape under load: two web processes, two workers and one live process on one real
PostgreSQL, and what is left of it does the work of what is killed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path

import pytest
import requests
from sqlalchemy import Connection, func, insert, select

from gateway import bootstrap, keys
from gateway.alarms.tables import alarms
from gateway.config import from_environment
from gateway.emergencies.tables import dispatches, emergencies, timers
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.hospitals.tables import availability, hospitals
from gateway.machine import real_system
from gateway.sites.tables import SiteState, sites, streams
from shared.emergency import ENDED, EmergencyState
from shared.hospital import HospitalStatus
from sync.codec import decode
from sync.events import DispatchOffered
from tests.faults.callers import Callers, everything_is_sent_once, nothing_is_lost
from tests.faults.installation import SECRET, Installation, until
from tests.free_ports import free_ports

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]
_BOXED = "Kenyatta National Hospital"
# For so many, sent to the ten hospitals that are near and capable.
_FREE_BEDS = 8
_COUNTED = "Patients whom Haven sent since then: "
_PHONES = 6
_AT_ONCE, _BEFORE, _ALL = 24, 12, 30


class Grown(Installation):
    """Web processes and workers that nobody starts anew; callers reach either web process."""

    def __init__(self, folder: Path, postgres_url: str) -> None:
        super().__init__(folder, HAVEN_DATABASE_URL=postgres_url)
        (port,) = free_ports(1)
        self._webs = cycle([self.url, f"http://127.0.0.1:{port}"])
        self.web = self.program("web-1", "gateway", "serve")
        self.other_web = self.program("web-2", "gateway", "serve", HAVEN_LISTEN=f"127.0.0.1:{port}")
        self.live = self.program("live", "gateway", "live")
        self.worker = self.program("worker-1", "gateway", "worker")
        self.other_worker = self.program("worker-2", "gateway", "worker")

    def starts(self) -> None:
        for program in (
            self.simulator,
            self.web,
            self.other_web,
            self.live,
            self.worker,
            self.other_worker,
        ):
            program.start()
        self.answers()
        until("the other web process answers", lambda: self.post("ussd-end", {}).status_code)

    def post(self, door: str, form: Mapping[str, str]) -> requests.Response:
        def at(web: str) -> requests.Response:
            url = f"{web}/callbacks/africastalking/{SECRET}/{door}"
            return requests.post(url, data=form, timeout=20)

        try:
            return at(next(self._webs))
        except requests.ConnectionError:
            # As whatever stands before them does: the other one is asked.
            return at(next(self._webs))

    def prepares(self) -> None:
        """Every hospital has said how many beds it has, and has a box in the register."""
        config = from_environment(self.environment)
        database = bootstrap.open_database(config, keys.load(config.secret_dir))
        system = real_system()
        board = AvailabilityBoard(system)

        def work(connection: Connection) -> None:
            streams.outgoing.begin_epoch(connection, 77)
            for row in connection.execute(select(hospitals.c.id, hospitals.c.name)).all():
                report = AvailabilityReport(
                    HospitalStatus.NORMAL, system.now(), "test", 20, _FREE_BEDS
                )
                board.report(connection, row.id, report)
                if row.name != _BOXED:
                    site = {
                        "hospital_id": row.id,
                        "name": "casualty",
                        "exchange_key": bytes(32),
                        "signing_key": bytes(32),
                        "state": SiteState.ACTIVE,
                        "enrolled_at": system.now(),
                    }
                    connection.execute(insert(sites), site)

        database.write(work)
        database.close()


@pytest.fixture
def grown(tmp_path: Path, postgres_url: str, empty_postgres: None) -> Iterator[Grown]:
    made = Grown(tmp_path, postgres_url)
    made.command("keys", "init")
    made.imports_the_demo()
    made.prepares()
    yield made
    made.close()
    # Shown only when the test has failed.
    print(made.logs())


def every_dispatch_is_offered_once(grown: Grown) -> None:
    """Its event stands once in the stream of its hospital's box."""
    events = grown.read(
        select(sites.c.hospital_id, streams.outgoing.events.c.payload).join(
            streams.outgoing.events, streams.outgoing.events.c.reader == sites.c.id
        )
    )
    offered: Counter[tuple[int, int]] = Counter()
    for row in events:
        event = decode(row.payload)
        if isinstance(event, DispatchOffered):
            offered[row.hospital_id, event.dispatch_id] += 1
    rows = grown.read(select(dispatches.c.hospital_id, dispatches.c.id))
    assert offered == Counter({(row.hospital_id, row.id): 1 for row in rows})


def every_bed_is_reserved_once(grown: Grown) -> None:
    """Each patient who was sent to a hospital was counted before the next one was sent there, as
    the reasons that staff read tell.
    """
    seen: dict[int, list[int]] = {}
    for row in grown.read(select(dispatches.c.hospital_id, dispatches.c.explanation)):
        counts = [line for line in row.explanation if line.startswith(_COUNTED)]
        seen.setdefault(row.hospital_id, []).append(
            int(counts[0].removeprefix(_COUNTED).rstrip(".")) if counts else 0
        )
    assert len(seen) > 1
    for counted in seen.values():
        assert sorted(counted) == list(range(len(counted)))


def beds_are_counted(grown: Grown) -> None:
    """What is counted towards a hospital are the patients who are sent there, and no more than it
    has beds where it is to treat them: there are beds enough for all.
    """
    reserved = (
        select(func.count())
        .where(dispatches.c.hospital_id == availability.c.hospital_id, dispatches.c.reserved)
        .scalar_subquery()
    )
    rows = grown.read(select(availability.c.assigned_since, reserved.label("reserved")))
    assert [row.assigned_since for row in rows] == [row.reserved for row in rows]
    for row in grown.read(select(dispatches.c.explanation)):
        treats = row.explanation[0].startswith("Can treat")
        assert not (treats and any(line.startswith("Full") for line in row.explanation))


def nobody_is_forgotten(grown: Grown) -> None:
    """What has not ended has a moment at which something happens, or people who know of it."""
    has_timer = select(timers.c.kind).where(timers.c.emergency_id == emergencies.c.id).exists()
    has_alarm = (
        select(alarms.c.id)
        .where(alarms.c.emergency_id == emergencies.c.id, alarms.c.solved_at.is_(None))
        .exists()
    )
    rows = grown.read(select(emergencies.c.state, (has_timer | has_alarm).label("kept")))
    assert rows
    assert all(row.kept for row in rows if EmergencyState(row.state) not in ENDED)


def test_two_of_everything_do_the_work_once_and_one_of_each_is_enough(grown: Grown) -> None:
    grown.starts()
    box = grown.box(_BOXED, HAVEN_EDGE_EXCHANGE_EVERY_S="2")

    callers = Callers(grown, phones=_PHONES)
    callers.start()
    callers.wait_for(_AT_ONCE)
    callers.stop()
    # At once, before anybody's time to answer is over and a bed is given back.
    every_bed_is_reserved_once(grown)
    everything_is_sent_once(grown, exactly=True)
    every_dispatch_is_offered_once(grown)
    beds_are_counted(grown)
    nobody_is_forgotten(grown)

    more = Callers(grown, phones=_PHONES, first=1001)
    more.start()
    more.wait_for(_BEFORE)
    grown.other_web.kill()
    grown.worker.kill()
    more.wait_for(_ALL)
    more.stop()
    nothing_is_lost(grown, callers.answered + more.answered, box)
    every_dispatch_is_offered_once(grown)
    beds_are_counted(grown)
    nobody_is_forgotten(grown)
