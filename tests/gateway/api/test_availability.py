"""A hospital's own program reports beds, stock and status with its token."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.hospitals import imposing, tokens
from gateway.hospitals.imposing import Imposed
from gateway.hospitals.tables import availability, availability_reports, hospital_beds
from shared.capability import Capability as C
from shared.hospital import HospitalStatus
from tests.gateway.api.smartphone import BASE, NAIROBI_WEST, THIKA
from tests.journeys.world import HospitalBox, World


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", *NAIROBI_WEST)


def token_of(world: World, hospital: HospitalBox) -> str:
    system = world.services.system
    return world.services.database.write(
        lambda c: tokens.issue(c, system.rng, system.now(), hospital.id, "hospital system")
    )


def puts(world: World, hospital_id: int, token: str, body: dict[str, Any]) -> Any:
    return world.client.put(
        f"{BASE}/hospitals/{hospital_id}/availability",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
    )


def stored(world: World, hospital: HospitalBox) -> Any:
    query = select(availability).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: c.execute(query).one())


def test_a_whole_report_counts(world: World, mbagathi: HospitalBox) -> None:
    body = {
        "status": "advisory",
        "emergency_beds": {"staffed": 12, "free": 5},
        "beds": {"AdultICU": {"staffed": 4, "free": 0}, "NeonatalICU": {"free": 2}},
        "stock": {"blood": False, "oxygen": True},
    }
    answer = puts(world, mbagathi.id, token_of(world, mbagathi), body)
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "advisory",
        "staffed_beds": 12,
        "free_beds": 5,
        "assigned_since": 0,
        "reported_at": world.clock.now.isoformat().replace("+00:00", "Z"),
    }
    told = stored(world, mbagathi)
    assert (told.source, told.units_free, told.units_full) == ("api", C.NEWBORN_UNIT, C.ICU_ADULT)
    assert (told.stock_has, told.stock_lacks) == (C.OXYGEN, C.BLOOD)
    beds = select(hospital_beds.c.bed_type, hospital_beds.c.staffed, hospital_beds.c.free)
    rows = world.services.database.read(lambda c: [tuple(row) for row in c.execute(beds)])
    assert sorted(rows) == [("AdultICU", 4, 0), ("NeonatalICU", None, 2)]


def test_an_icu_whose_beds_are_taken_is_passed_over(world: World, mbagathi: HospitalBox) -> None:
    near = f"{BASE}/hospitals?near=-1.3133,36.7890&needs=icu_adult"
    has = ("emergency_24h", "icu_adult", "oxygen")
    icu = world.hospital("Kenyatta Hospital", -1.3010, 36.8070, has)
    world.hospital("Thika Hospital", *THIKA, has)
    assert world.client.get(near).get_json()["hospitals"][0]["id"] == icu.id
    puts(world, icu.id, token_of(world, icu), {"beds": {"AdultICU": {"staffed": 6, "free": 0}}})
    rows = world.client.get(near).get_json()["hospitals"]
    assert icu.id not in [row["id"] for row in rows if row["role"] == "treat"]
    world.clock.now += timedelta(hours=13)
    rows = world.client.get(near).get_json()["hospitals"]
    assert icu.id in [row["id"] for row in rows if row["role"] == "treat"]


def test_the_newest_report_counts_and_every_one_is_kept(
    world: World, mbagathi: HospitalBox
) -> None:
    token = token_of(world, mbagathi)
    assert puts(world, mbagathi.id, token, {"emergency_beds": {"free": 3}}).status_code == 200
    earlier = (world.clock.now - timedelta(hours=2)).isoformat()
    late = puts(world, mbagathi.id, token, {"at": earlier, "emergency_beds": {"free": 9}})
    assert late.status_code == 409
    assert "something newer" in late.get_json()["detail"]
    assert stored(world, mbagathi).free_beds == 3


def test_what_operators_impose_stands_above_it(world: World, mbagathi: HospitalBox) -> None:
    system = world.services.system
    strike = Imposed(HospitalStatus.DIVERTING, 0, None, "strike")
    write = world.services.database.write
    write(lambda c: imposing.impose(c, system, [mbagathi.id], strike))
    answer = puts(world, mbagathi.id, token_of(world, mbagathi), {"status": "normal"})
    assert answer.get_json()["status"] == "diverting"
    write(lambda c: imposing.lift(c, system, [mbagathi.id]))
    found = world.client.get(f"{BASE}/hospitals/{mbagathi.id}").get_json()
    assert found["status"] == "normal"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "say at least one of"),
        ({"emergency_beds": {"free": -1}}, "greater than or equal to 0"),
        ({"emergency_beds": {"free": 5, "staffed": 3}}, "from 0 to 3"),
        ({"beds": {"AdultICU": {"free": 5, "staffed": 3}}}, "5 free of 3"),
        ({"beds": {"Magic": {"free": 5}}}, "AdultICU"),
        ({"stock": {"ct": True}}, "blood"),
        ({"status": "panic"}, "normal"),
        ({"at": "2026-11-23T09:00:00", "status": "normal"}, "time zone"),
        ({"at": "2026-11-24T09:00:00Z", "status": "normal"}, "from the future"),
        ({"status": "normal", "free": 3}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    world: World, mbagathi: HospitalBox, body: dict[str, Any], says: str
) -> None:
    before = stored(world, mbagathi)
    answer = puts(world, mbagathi.id, token_of(world, mbagathi), body)
    assert answer.status_code == 422
    assert says in answer.get_data(as_text=True)
    assert stored(world, mbagathi) == before
    kept = select(availability_reports)
    assert world.services.database.read(lambda c: c.execute(kept).all()) == []


def test_only_the_hospitals_own_token_opens_it(world: World, mbagathi: HospitalBox) -> None:
    other = world.hospital("Thika Hospital", *THIKA)
    token = token_of(world, other)
    body = {"status": "closed"}
    assert puts(world, mbagathi.id, token, body).status_code == 403
    assert puts(world, mbagathi.id, token[:-1], body).status_code == 401
    nobody = world.client.put(f"{BASE}/hospitals/{mbagathi.id}/availability", json=body)
    assert nobody.status_code == 401
    assert "Bearer" in nobody.headers["WWW-Authenticate"]
    world.services.database.write(lambda c: tokens.revoke(c, other.id, "hospital system"))
    assert puts(world, other.id, token, body).status_code == 401
    assert stored(world, mbagathi).status == stored(world, other).status == "normal"
