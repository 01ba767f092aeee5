"""Which hospitals count as informed: only those with a channel that has proved itself."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, insert, select

from gateway.hospitals import reachability
from gateway.hospitals.hospital_record import HospitalRecord, hospital_store
from gateway.hospitals.tables import hospital_contacts, hospitals
from gateway.sites.commands import revoke
from gateway.sites.tables import SiteState, sites, streams
from shared.errors import NotFound
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
DUTY = "+254722000001"


def box(world: World, hospital: HospitalBox, number: int, state: SiteState) -> int:
    """A box in the register of boxes; its number."""
    values = {
        "id": number,
        "hospital_id": hospital.id,
        "name": "casualty",
        "exchange_key": bytes(32),
        "signing_key": bytes(32),
        "state": state,
        "enrolled_at": world.clock.now,
    }
    world.services.database.write(lambda c: c.execute(insert(sites), values))
    world.services.database.write(lambda c: streams.outgoing.begin_epoch(c, 77))
    return number


def reachable(world: World) -> bool:
    """As a caller learns it."""
    read = world.services.database.read
    stored = bool(read(lambda c: c.execute(select(hospitals.c.reachable)).scalar_one()))
    caller = world.phone(f"+2547110001{len(world.emergencies()):02d}")
    screen = caller.dials().chooses("1", "2", "6").types("kibra").screen
    assert ("Telling" in screen) == stored
    return stored


def revokes(world: World, site: int) -> bool:
    return world.services.database.write(lambda c: revoke(c, world.services.system, site))


def test_a_hospital_whose_last_box_is_revoked_is_not_informed(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    site = box(world, hospital, 5, SiteState.ACTIVE)
    assert not revokes(world, site)
    assert not reachable(world)


def test_a_hospital_that_has_a_new_box_stays_informed(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    old = box(world, hospital, 5, SiteState.RETIRED)
    box(world, hospital, 6, SiteState.ACTIVE)
    assert revokes(world, old)
    assert reachable(world)


def test_a_duty_phone_that_has_answered_keeps_its_hospital_informed(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    assert revokes(world, box(world, hospital, 5, SiteState.ACTIVE))
    assert reachable(world)


def test_a_duty_phone_that_never_answered_does_not(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    site = box(world, hospital, 5, SiteState.ACTIVE)
    unproved = hospital_contacts.update().values(ok_at=None)
    world.services.database.write(lambda c: c.execute(unproved))
    assert not revokes(world, site)
    assert not reachable(world)
    (dispatch,) = world.dispatches()
    world.phone(DUTY).texts(f"NO {dispatch.answer_code}")
    proved = select(hospitals.c.reachable, hospital_contacts.c.ok_at).join_from(
        hospitals, hospital_contacts
    )
    row = world.services.database.read(lambda c: c.execute(proved).one())
    assert tuple(row) == (True, world.clock.now)


@pytest.mark.parametrize("has_box", [True, False])
def test_a_duty_phone_with_a_new_number_has_yet_to_answer(world: World, has_box: bool) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    if has_box:
        box(world, hospital, 5, SiteState.ACTIVE)

    def imports(connection: Connection, number: str | None) -> None:
        row = connection.execute(select(hospitals)).mappings().one()
        known = {
            name: row[name]
            for name in HospitalRecord.__dataclass_fields__
            if name in row and name != "duty_phone"
        }
        position = (row["lat"], row["lon"])
        record = HospitalRecord(**known, position=position, closed=False, duty_phone=number)
        hospital_store(world.services.system)(connection, [record], False)

    number: str | None
    for number, still in ((None, True), (DUTY, True), ("+254722000009", has_box)):
        world.services.database.write(partial(imports, number=number))
        assert reachable(world) == still


def test_when_it_last_answered_is_written_down_twice_a_day_at_most(world: World) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    began = world.clock.now
    system = world.services.system
    write = world.services.database.write
    at = select(hospital_contacts.c.ok_at)
    for hours, expected in ((11, began), (13, began + timedelta(hours=13))):
        world.clock.now = began + timedelta(hours=hours)
        write(lambda c: reachability.duty_phone_answered(c, system, hospital.id, DUTY))
        assert world.services.database.read(lambda c: c.execute(at).scalar_one()) == expected


def test_there_is_no_box_of_that_number(world: World) -> None:
    with pytest.raises(NotFound, match="sites list"):
        revokes(world, 99)
