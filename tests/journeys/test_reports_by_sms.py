"""Staff text beds, stock and status; their phones are asked for an OK, and for a newer count."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.hospitals.tables import availability, availability_reports, hospital_contacts
from gateway.operators.alarm_board import alarm_list
from gateway.staff import refresh, weekly_ok
from shared.capability import Capability as C
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
NAIROBI_EAST = (-1.2700, 36.8900)
DUTY = "+254722000001"


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)


def stored(world: World, hospital: HospitalBox) -> Any:
    query = select(availability).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: c.execute(query).one())


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ("BEDS 4", "free_beds", 4),
        ("beds: 4", "free_beds", 4),
        ("Vitanda 4", "free_beds", 4),
        ("BEDS 30/40", "staffed_beds", 40),
        ("BEDS 0", "free_beds", 0),
        ("STOCK BLOOD NO", "stock_lacks", C.BLOOD),
        ("STOCK BLOOD NO OXYGEN YES", "stock_has", C.OXYGEN),
        ("AKIBA DAMU HAKUNA", "stock_lacks", C.BLOOD),
        ("Stock antivenom out", "stock_lacks", C.ANTIVENOM),
        ("ICU 0", "units_full", C.ICU_ADULT),
        ("BEDS 3 ICU 2", "units_free", C.ICU_ADULT),
        ("STATUS DIVERTING", "status", "diverting"),
        ("status normal beds 2", "free_beds", 2),
    ],
)
def test_what_staff_text_counts(
    world: World, mbagathi: HospitalBox, text: str, column: str, value: object
) -> None:
    world.phone(DUTY).texts(text)
    world.phone(DUTY).reads("noted for Mbagathi Hospital")
    assert getattr(stored(world, mbagathi), column) == value
    assert stored(world, mbagathi).source == "sms"
    kept = select(availability_reports.c.source, availability_reports.c.counted)
    assert tuple(world.services.database.read(lambda c: c.execute(kept).one())) == ("sms", True)
    assert not world.emergencies()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("BEDS four", "not understood"),
        ("BEDS 4 BLOOD", "not understood"),
        ("BEDS 99999", "not understood"),
        ("STOCK BLOOD NO BLOOD YES", "not understood"),
        ("STATUS PANIC", "not understood"),
        ("BEDS 25", "nothing is changed for Mbagathi"),
        ("BEDS 9/4", "nothing is changed for Mbagathi"),
        ("BEDS 4 AT 4711", "Add AT and one of"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    world: World, mbagathi: HospitalBox, text: str, answer: str
) -> None:
    before = stored(world, mbagathi)
    world.phone(DUTY).texts(text)
    world.phone(DUTY).reads(answer)
    assert stored(world, mbagathi) == before


def test_a_cry_that_begins_with_such_a_word_is_a_cry(world: World, mbagathi: HospitalBox) -> None:
    world.phone("+254711000111").texts("BEDS 4 people burnt in kibra")
    assert world.emergencies()
    assert stored(world, mbagathi).free_beds == 10


def test_a_phone_of_two_hospitals_says_which(world: World, mbagathi: HospitalBox) -> None:
    east = world.hospital("Pumwani Hospital", *NAIROBI_EAST, box=False, duty_phone=DUTY)
    world.phone(DUTY).texts("BEDS 2")
    world.phone(DUTY).reads("Add AT and one of")
    world.phone(DUTY).texts(f"BEDS 2 AT {east.id}")
    world.phone(DUTY).reads("noted for Pumwani Hospital")
    assert (stored(world, mbagathi).free_beds, stored(world, east).free_beds) == (10, 2)


def test_one_stock_does_not_forget_another(world: World, mbagathi: HospitalBox) -> None:
    world.phone(DUTY).texts("STOCK BLOOD NO OXYGEN YES")
    world.phone(DUTY).texts("STOCK ANTIVENOM YES")
    told = stored(world, mbagathi)
    assert (told.stock_has, told.stock_lacks) == (C.OXYGEN | C.ANTIVENOM, C.BLOOD)
    world.phone(DUTY).texts("STOCK BLOOD YES")
    assert stored(world, mbagathi).stock_lacks == 0
    world.clock.now += timedelta(hours=13)
    world.phone(DUTY).texts("STOCK OXYGEN NO")
    told = stored(world, mbagathi)
    assert (told.stock_has, told.stock_lacks) == (0, C.OXYGEN)


def _asked(world: World) -> int:
    asked = weekly_ok.ask_for_ok(world.services)
    world.settle()
    return asked


def test_the_weekly_test_keeps_a_phone_trusted(world: World, mbagathi: HospitalBox) -> None:
    assert _asked(world) == 1
    world.phone(DUTY).reads("weekly test, Mbagathi Hospital")
    assert _asked(world) == 0
    world.clock.now += timedelta(hours=1)
    world.phone(DUTY).texts("Ok")
    world.phone(DUTY).reads("trusted for another week")
    ok_at = select(hospital_contacts.c.ok_at)
    assert world.services.database.read(lambda c: c.execute(ok_at).scalar_one()) == world.clock.now
    world.phone(DUTY).texts("Ok")
    world.phone(DUTY).reads("no alert was raised")
    world.clock.now += timedelta(days=7)
    assert weekly_ok.lapse(world.services) == 0
    assert _asked(world) == 1


def test_a_phone_that_gives_no_ok_is_trusted_no_longer(world: World, mbagathi: HospitalBox) -> None:
    _asked(world)
    world.clock.now += timedelta(days=8, hours=1)
    assert weekly_ok.lapse(world.services) == 1
    assert weekly_ok.lapse(world.services) == 0
    (alarm,) = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    assert alarm.kind == "channel_lapsed"
    world.phone().dials().chooses("1", "2", "6").types("kibra").sees("Not yet informed")
    world.phone(DUTY).texts("OK")
    world.phone("+254711000112").dials().chooses("1", "2", "6").types("kibra").sees("Telling")


@pytest.mark.parametrize("hours", [-9, 12])
def test_nobody_is_tested_by_night(world: World, mbagathi: HospitalBox, hours: int) -> None:
    world.clock.now += timedelta(hours=hours)
    assert _asked(world) == 0


def test_who_is_off_duty_is_tested_when_on_duty(world: World, mbagathi: HospitalBox) -> None:
    rota = update(hospital_contacts).values(duty="mon-fri 14:00-16:00")
    world.services.database.write(lambda c: c.execute(rota))
    second = {"hospital_id": mbagathi.id, "position": 2, "phone": "+254722000002", "sms": True}
    added = hospital_contacts.insert().values(**second, voice=False, duty="mon-fri 08:00-13:00")
    world.services.database.write(lambda c: c.execute(added))
    assert _asked(world) == 1
    world.phone("+254722000002").reads("weekly test")
    world.clock.now += timedelta(hours=3)
    assert _asked(world) == 1
    world.phone(DUTY).reads("weekly test")


def test_staff_are_asked_for_a_newer_count(world: World, mbagathi: HospitalBox) -> None:
    assert refresh.ask_for_beds(world.services) == 0
    world.clock.now += timedelta(hours=25)
    assert refresh.ask_for_beds(world.services) == 1
    assert refresh.ask_for_beds(world.services) == 0
    world.settle()
    world.phone(DUTY).reads("is 25 h old")
    world.phone(DUTY).texts("BEDS 4")
    assert stored(world, mbagathi).free_beds == 4
    world.clock.now += timedelta(hours=11)
    assert refresh.ask_for_beds(world.services) == 0
