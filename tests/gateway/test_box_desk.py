"""What a box reports of its hospital, against what the gateway has sent there meanwhile."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, select, update

from gateway.box_desk import BoxDesk, EnrolledBoxes
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.tables import availability
from gateway.sites.publishing import publish
from gateway.sites.tables import SiteState, sites, streams
from shared.dispatch import CannotTreatReason
from shared.hospital import HospitalStatus
from sync.events import (
    AvailabilityReported,
    DispatchOffered,
    DispatchRemoved,
    DutyPhonesSet,
)
from tests.journeys.world import HospitalBox, World


@pytest.fixture
def desk(world: World) -> BoxDesk:
    return BoxDesk(world.services, AvailabilityBoard(world.services.system))


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    """A hospital with a real box in the register of boxes."""
    hospital = world.hospital("Mbagathi Hospital", -1.31, 36.80)

    def enrol(connection: Connection) -> None:
        streams.outgoing.begin_epoch(connection, 77)
        connection.execute(
            sites.insert(),
            {
                "id": 5,
                "hospital_id": hospital.id,
                "name": "casualty",
                "exchange_key": bytes(32),
                "signing_key": bytes(32),
                "state": SiteState.ACTIVE,
                "enrolled_at": world.clock.now,
            },
        )

    world.services.database.write(enrol)
    return hospital


def patients(world: World, hospital: HospitalBox, count: int) -> list[int]:
    """So many patients are sent; the ids of their dispatches, oldest first."""
    for number in range(count):
        world.phone(f"+25471100010{number}").dials().chooses("1", "2", "6").types("kibra")
    for offer in hospital.offers():
        world.services.database.write(partial(publish, hospital_id=hospital.id, event=offer))
    return sorted(offer.dispatch_id for offer in hospital.offers())


def counts(world: World, hospital: HospitalBox) -> tuple[int | None, int]:
    query = select(availability.c.free_beds, availability.c.assigned_since).where(
        availability.c.hospital_id == hospital.id
    )
    row = world.services.database.read(lambda c: c.execute(query).one())
    return row.free_beds, row.assigned_since


@pytest.mark.parametrize(("seen", "assigned_since"), [(0, 3), (1, 2), (2, 1), (3, 0)])
def test_only_patients_that_the_reporter_had_not_seen_are_subtracted(
    world: World, desk: BoxDesk, mbagathi: HospitalBox, seen: int, assigned_since: int
) -> None:
    ids = patients(world, mbagathi, 3)
    report = AvailabilityReported(
        at=world.clock.now,
        status=HospitalStatus.NORMAL,
        staffed_beds=20,
        free_beds=6,
        last_dispatch_seen=ids[seen - 1] if seen else 0,
    )
    world.services.database.write(lambda c: desk.fold(c, mbagathi.id, report))
    assert counts(world, mbagathi) == (6, assigned_since)


def test_a_patient_who_was_given_back_is_not_subtracted(
    world: World, desk: BoxDesk, mbagathi: HospitalBox
) -> None:
    patients(world, mbagathi, 1)
    assert counts(world, mbagathi) == (10, 1)
    mbagathi.cannot_treat(CannotTreatReason.NO_STAFF)
    assert counts(world, mbagathi) == (10, 0)
    report = AvailabilityReported(
        at=world.clock.now, status=HospitalStatus.NORMAL, staffed_beds=20, free_beds=6
    )
    world.services.database.write(lambda c: desk.fold(c, mbagathi.id, report))
    assert counts(world, mbagathi) == (6, 0)


def test_a_box_that_joins_starts_from_the_patients_who_concern_its_hospital(
    world: World, desk: BoxDesk
) -> None:
    kenyatta = world.hospital("Kenyatta Hospital", -1.301, 36.807, box=False)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    phone.sees("Not yet informed")
    opening = world.services.database.write(lambda c: desk.opening(c, kenyatta.id))
    offer, _ = opening
    assert isinstance(offer, DispatchOffered)
    assert offer.help_code == world.the_emergency().help_code
    # From now on callers are told that this hospital is informed.
    world.phone("+254711000999").dials().chooses("1", "2", "6").types("kibra").sees("Telling")


@pytest.mark.parametrize(
    ("audible", "seen_min_ago", "unheard"),
    [
        (None, 0, False),
        (True, 1, False),
        (False, 0, True),
        (True, 6, True),
        (None, None, True),  # it was enrolled, and has never spoken
    ],
)
def test_what_is_known_of_a_boxs_alarm(
    world: World,
    mbagathi: HospitalBox,
    audible: bool | None,
    seen_min_ago: int | None,
    unheard: bool,
) -> None:
    now = world.clock.now + timedelta(minutes=10)
    seen = None if seen_min_ago is None else now - timedelta(minutes=seen_min_ago)
    said = update(sites).values(audible=audible, last_seen_at=seen)
    world.services.database.write(lambda c: c.execute(said))
    boxes = EnrolledBoxes()

    def asked(hospital_id: int) -> bool:
        box = world.services.database.read(lambda c: boxes.find(c, hospital_id))
        return box is not None and boxes.is_unheard(box, now)

    assert asked(mbagathi.id) is unheard
    assert not asked(mbagathi.id + 1)  # no box


def test_a_claim_about_another_hospitals_patient_is_refused(
    world: World, mbagathi: HospitalBox
) -> None:
    other = world.hospital("Thika Hospital", -1.0333, 37.0690)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    mbagathi.rings()
    world.boxes.events.append((other.id, mbagathi.offers()[-1]))
    verdict = other.accepts()
    assert not verdict.accepted
    assert verdict.reason == "There is no such dispatch."
    assert mbagathi.accepts().accepted


def test_a_patient_leaves_the_boxes_that_were_replaced_too(
    world: World, mbagathi: HospitalBox
) -> None:
    now = world.clock.now
    long_ago = now - timedelta(days=36)
    retired = {
        "hospital_id": mbagathi.id,
        "name": "old",
        "exchange_key": bytes(32),
        "signing_key": bytes(32),
        "enrolled_at": long_ago,
    }

    def add(connection: Connection) -> None:
        for site_id, state, seen_at in (
            (3, SiteState.RETIRED, now),
            (2, SiteState.RETIRED, long_ago),
            (4, SiteState.REVOKED, now),
        ):
            row = retired | {"id": site_id, "state": state, "last_seen_at": seen_at}
            connection.execute(sites.insert(), row)

    write = world.services.database.write
    write(add)
    for event in (
        DispatchRemoved(at=now, dispatch_id=8),
        DutyPhonesSet(at=now, phones=(), hours=()),
    ):
        write(partial(publish, hospital_id=mbagathi.id, event=event))

    def told(connection: Connection) -> dict[int, int]:
        return {
            site_id: len(streams.outgoing.pending(connection, site_id)) for site_id in (2, 3, 4, 5)
        }

    # The first event of a stream says where it begins.
    assert world.services.database.read(told) == {2: 0, 3: 2, 4: 0, 5: 3}
