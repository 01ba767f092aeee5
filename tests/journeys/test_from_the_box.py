"""A real box and the real gateway: what staff report is taken in, and they read so; what concerns
their hospital is on their box.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from edge_node import duty_phones
from edge_node.dispatch import ClaimState
from edge_node.tables import streams as box_streams
from gateway.database.database import Database
from gateway.hospitals import contacts
from gateway.hospitals.contacts import NewContact
from gateway.hospitals.tables import availability
from gateway.sites.commands import listed
from gateway.sites.enrolment import EnrolmentDesk, issue_code
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.tables import streams
from shared.capability import Capability
from shared.emergency import EmergencyState, Kind, Priority
from shared.hospital import HospitalStatus
from sync import peer
from sync.events import SimReported
from sync.sealing import NodeKeys
from tests.edge_node.two_sides import Clock, Hospital, Network
from tests.journeys.world import HospitalBox, World


@dataclass
class Counter:
    """Where boxes ask: what `Network` meets."""

    quiet: Database
    desk: ExchangeDesk
    enrolment: EnrolmentDesk


@dataclass
class Ward:
    hospital: HospitalBox
    box: Hospital


@pytest.fixture
def thika(world: World, tmp_path: Path) -> Iterator[Ward]:
    """A hospital with a duty phone and a box of its own, which was enrolled just now."""
    services = world.services
    hospital = world.hospital("Thika Hospital", -1.0333, 37.0690)
    keys = NodeKeys(b"g" * 32)
    counter = Counter(
        services.database,
        ExchangeDesk(services.database, services.system, keys, world.desk),
        EnrolmentDesk(services.system, keys, "", world.desk.opening),
    )
    services.database.write(lambda c: streams.outgoing.begin_epoch(c, 77))
    services.database.write(
        lambda c: contacts.add(c, hospital.id, NewContact("+254722000001", duty="mon-fri"))
    )
    code = services.database.write(
        lambda c: str(issue_code(c, services.system, keys, hospital.id, hospital.name))
    )
    clock = Clock()
    clock.now = world.clock.now
    box = Hospital(tmp_path / "box", clock, Network(counter))
    box.enrols(code)
    box.exchanges()
    yield Ward(hospital, box)
    box.store.close()


def test_reports_are_taken_in_and_staff_read_so(world: World, thika: Ward) -> None:
    world.hospital("Mbagathi Hospital", -1.31, 36.80)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.the_emergency().help_code
    box = thika.box.box
    box.report_availability(HospitalStatus.ADVISORY, 12, 3, "AK")
    box.report_stock(Capability.BLOOD, Capability.OXYGEN, "AK")
    box.write_note("The road is flooded", "AK")
    walk_in = box.register_walk_in(Kind.BLEEDING, Priority.CRITICAL, "AK", code).id
    thika.box.exchanges()
    assert {report.state for report in box.reports()} == {ClaimState.ACCEPTED}
    (why,) = {report.why for report in box.reports() if report.id == walk_in}
    assert why == f"{code} was expected at Mbagathi Hospital: it knows now"
    query = select(availability).where(availability.c.hospital_id == thika.hospital.id)
    row = world.services.database.read(lambda c: c.execute(query).one())
    assert (row.status, row.free_beds, row.assigned_since) == ("advisory", 3, 1)
    assert (row.stock_has, row.stock_lacks) == (Capability.BLOOD, Capability.OXYGEN)
    assert world.the_emergency().state == EmergencyState.ARRIVED
    assert thika.box.condition().all_at_gateway


def test_a_box_starts_with_its_duty_phones(thika: Ward) -> None:
    assert thika.box.store.read(duty_phones.stored) == [("+254722000001", "mon-fri")]


def test_the_sim_of_a_box_is_shown_beside_it(world: World, thika: Ward) -> None:
    (site,) = world.services.database.read(listed)
    assert site["sim"] is None
    now = thika.box.system.now()
    said = SimReported(at=now, working=False, credit_cents=1250, sent_today=3, problem="no network")
    thika.box.store.write(lambda c: peer.append(c, box_streams, peer.GATEWAY, [said], now))
    thika.box.exchanges()
    (site,) = world.services.database.read(listed)
    assert site["sim"] == {
        "working": False,
        "credit_cents": 1250,
        "sent_today": 3,
        "problem": "no network",
        "reported_at": world.clock.now.isoformat(),
    }
