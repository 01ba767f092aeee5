"""On PostgreSQL an exchange and a caller's turn meet at the same rows: they never wait in a
circle.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.box_desk import BoxDesk, EnrolledBoxes
from gateway.emergencies import box_events, boxes_told, store
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.notifications.tables import messages
from gateway.sites.enrolment import EnrolmentDesk, issue_code
from gateway.sites.exchange_desk import ExchangeDesk
from gateway.sites.tables import SiteState, sites
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import CannotTreatReason, DispatchState
from shared.hospital import HospitalStatus
from sync.sealing import NodeKeys
from tests.edge_node.two_sides import Clock as BoxClock
from tests.edge_node.two_sides import Hospital, Network
from tests.gateway.postgres_only import Beside, CountingDatabase, counting_database
from tests.journeys.world import HospitalBox, World


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    with counting_database(postgres_url) as opened:
        yield opened


class RealGateway:
    """The use cases behind the exchange, with real boxes."""

    def __init__(self, world: World) -> None:
        self.services = replace(world.services, boxes=EnrolledBoxes())
        self.quiet = world.services.database
        keys = NodeKeys(b"g" * 32)
        system = self.services.system
        claims = BoxDesk(self.services, AvailabilityBoard(system))
        self.desk = ExchangeDesk(self.quiet, system, keys, claims)
        self.enrolment = EnrolmentDesk(system, keys, "", claims.opening)

    def offers(self, dispatch_ids: Sequence[int]) -> None:
        """Sends what `World` has kept to itself to the real box."""

        def work(uow: UnitOfWork) -> None:
            for dispatch_id in dispatch_ids:
                dispatch = store.dispatch(uow, dispatch_id)
                emergency = store.lock(uow, dispatch.emergency_id)
                offer = box_events.offered(uow, emergency, dispatch)
                uow.tell_hospital(dispatch.hospital_id, offer)

        self.services.write(work)

    def code(self, hospital: HospitalBox) -> str:
        desk = self.enrolment
        return self.quiet.write(
            lambda c: str(issue_code(c, desk.system, desk.keys, hospital.id, hospital.name))
        )


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", -1.31, 36.80)


@pytest.fixture
def gateway(world: World) -> RealGateway:
    return RealGateway(world)


def a_box(world: World, gateway: RealGateway, folder: Path, seed: int = 2) -> Hospital:
    clock = BoxClock()
    clock.now = world.clock.now
    return Hospital(folder, clock, Network(gateway), seed)


class Turn:
    """A command that holds the emergency, and goes on when it is told to: it counts a bed and tells
    the hospital.
    """

    def __init__(self, gateway: RealGateway, emergency_id: int) -> None:
        self._holds, self._may_go_on = threading.Event(), threading.Event()

        def work(uow: UnitOfWork) -> None:
            emergency = store.lock(uow, emergency_id)
            self._holds.set()
            assert self._may_go_on.wait(60)
            (dispatch,) = store.dispatches_of(uow.connection, emergency_id)
            uow.services.hospitals.reserve(uow.connection, dispatch.hospital_id)
            boxes_told.tell(uow, emergency, store.change_dispatch(uow, dispatch))

        self.thread = Beside(lambda: gateway.services.write(work))
        assert self._holds.wait(60)

    def goes_on(self) -> None:
        self._may_go_on.set()
        self.thread.result()


def test_claims_and_a_report_in_one_exchange_wait_for_a_turn(
    world: World,
    gateway: RealGateway,
    mbagathi: HospitalBox,
    database: CountingDatabase,
    tmp_path: Path,
) -> None:
    box = a_box(world, gateway, tmp_path / "box")
    box.enrols(gateway.code(mbagathi))
    for number in ("+254711000111", "+254711000222"):
        world.phone(number).dials().chooses("1", "2", "6").types("kibra")
    shown = [row.id for row in world.dispatches()]
    gateway.offers(shown)
    box.exchanges()
    for dispatch_id in shown:
        # Each gives a bed back, and so locks the counter of changes.
        box.box.cannot_treat(dispatch_id, "DK", CannotTreatReason.NO_BED)
    box.box.report_availability(HospitalStatus.DIVERTING, 20, 0, "DK")
    turn = Turn(gateway, world.emergencies()[-1].id)
    exchange = Beside(box.exchanges)
    exchange.waits(database)
    turn.goes_on()
    exchange.result()
    assert database.again == 0
    assert {row.state for row in world.dispatches()} == {DispatchState.CANNOT_TREAT}
    for dispatch_id in shown:
        assert box.box.dispatch(dispatch_id).claims[-1].state == "accepted"
    box.store.close()


def test_an_alarm_that_falls_silent_waits_for_a_turn(
    world: World, gateway: RealGateway, database: CountingDatabase, tmp_path: Path
) -> None:
    hospital = world.hospital("Mbagathi Hospital", -1.31, 36.80, duty_phone="+254722000001")
    box = a_box(world, gateway, tmp_path / "box")
    box.enrols(gateway.code(hospital))
    for number in ("+254711000111", "+254711000222"):
        world.phone(number).dials().chooses("1", "2", "6").types("kibra")
    first, second = (row.id for row in world.dispatches())
    gateway.offers([first, second])
    box.box.report_alarm(audible=True)
    box.exchanges()
    box.box.cannot_treat(first, "DK", CannotTreatReason.NO_BED)
    box.box.report_alarm(audible=False)
    turn = Turn(gateway, world.emergencies()[-1].id)
    exchange = Beside(box.exchanges)
    exchange.waits(database)
    turn.goes_on()
    exchange.result()
    assert database.again == 0
    calls = select(messages.c.dispatch_id).where(messages.c.channel == "voice")
    assert gateway.quiet.read(lambda c: c.execute(calls).scalars().all()) == [second]
    box.store.close()


def test_a_box_that_joins_waits_for_a_turn(
    world: World,
    gateway: RealGateway,
    mbagathi: HospitalBox,
    database: CountingDatabase,
    tmp_path: Path,
) -> None:
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    first = a_box(world, gateway, tmp_path / "first")
    first.enrols(gateway.code(mbagathi))
    code = gateway.code(mbagathi)
    second = a_box(world, gateway, tmp_path / "second", seed=3)
    turn = Turn(gateway, world.the_emergency().id)
    joining = Beside(lambda: second.enrols(code))
    joining.waits(database)
    turn.goes_on()
    joining.result()
    assert database.again == 0
    second.exchanges()
    (shown,) = second.box.dispatches()
    # What the turn wrote while the box waited is in what it starts from.
    assert shown.offer is not None
    assert shown.offer.version == 2
    states = select(sites.c.state).order_by(sites.c.id)
    assert gateway.quiet.read(lambda c: c.execute(states).scalars().all()) == [
        SiteState.RETIRED,
        SiteState.ACTIVE,
    ]
    first.store.close()
    second.store.close()
