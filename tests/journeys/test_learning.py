"""What a hospital answers about one patient is remembered for the next."""

from typing import Any

import pytest
from sqlalchemy import select

from gateway.hospitals import experience, register
from gateway.hospitals.tables import availability, hospitals
from shared.capability import Capability as C
from shared.dispatch import CannotTreatReason as Reason
from shared.system import System
from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
NAIROBI_EAST = (-1.2700, 36.8900)
# Bleeding after a crash needs emergency_24h, theatre, blood, trauma_surgery; the register is silent
# of the last.
HAS = ("emergency_24h", "theatre", "blood", "oxygen")


@pytest.fixture
def mbagathi(world: World) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", *NAIROBI_WEST, HAS)


def bleeds(world: World, number: int) -> None:
    world.phone(f"+2547110003{number:02d}").dials().chooses("1", "2", "2").types("kibra")


def known(world: World, hospital: HospitalBox) -> tuple[int, int]:
    found, _ = world.services.database.read(lambda c: register.find(c, hospital.id))
    return found.has, found.lacks


def reported(world: World, hospital: HospitalBox) -> Any:
    query = select(availability).where(availability.c.hospital_id == hospital.id)
    return world.services.database.read(lambda c: c.execute(query).one())


def test_whoever_takes_a_patient_has_what_that_one_needs(
    world: World, mbagathi: HospitalBox
) -> None:
    bleeds(world, 1)
    before, _ = known(world, mbagathi)
    mbagathi.accepts()
    assert known(world, mbagathi) == (before | C.TRAUMA_SURGERY, 0)
    bleeds(world, 2)
    explained = " ".join(world.dispatches()[-1].explanation)
    assert "Not known" not in explained


def test_equipment_that_is_missing_for_one_is_missing_for_the_next(
    world: World, mbagathi: HospitalBox
) -> None:
    far = world.hospital("Pumwani Hospital", *NAIROBI_EAST, (*HAS, "trauma_surgery"))
    bleeds(world, 1)
    mbagathi.cannot_treat(Reason.NO_EQUIPMENT)
    assert known(world, mbagathi)[1] == C.TRAUMA_SURGERY
    world.phone("+254711000302").dials().chooses("1", "5", "2").types("kibra")
    assert world.dispatches()[-1].hospital_id == far.id


@pytest.mark.parametrize("reason", [Reason.NO_STAFF, Reason.NOT_SAFE, Reason.OTHER])
def test_what_holds_for_one_patient_only_is_not_remembered(
    world: World, mbagathi: HospitalBox, reason: Reason
) -> None:
    before = known(world, mbagathi), reported(world, mbagathi).free_beds
    bleeds(world, 1)
    mbagathi.cannot_treat(reason)
    assert (known(world, mbagathi), reported(world, mbagathi).free_beds) == before


def test_who_has_no_bed_for_one_has_none_for_the_next(world: World, mbagathi: HospitalBox) -> None:
    far = world.hospital("Pumwani Hospital", *NAIROBI_EAST, (*HAS, "trauma_surgery"))
    bleeds(world, 1)
    mbagathi.cannot_treat(Reason.NO_BED)
    told = reported(world, mbagathi)
    assert (told.free_beds, told.source) == (0, "answer")
    world.phone("+254711000302").dials().chooses("1", "5", "2").types("kibra")
    assert world.dispatches()[-1].hospital_id == far.id


@pytest.mark.parametrize(
    ("reason", "gone"),
    [(Reason.NO_BLOOD_OR_DRUG, C.BLOOD), (Reason.NO_POWER_OR_OXYGEN, C.OXYGEN)],
)
def test_what_has_run_out_has_run_out_for_the_next(
    world: World, mbagathi: HospitalBox, reason: Reason, gone: C
) -> None:
    bleeds(world, 1)
    mbagathi.cannot_treat(reason)
    assert reported(world, mbagathi).stock_lacks == gone


def test_what_was_learned_is_forgotten_after_a_season(world: World, mbagathi: HospitalBox) -> None:
    before = known(world, mbagathi)
    bleeds(world, 1)
    mbagathi.accepts()
    forget = experience.forget
    system: System = world.services.system
    write = world.services.database.write
    assert write(lambda c: forget(c, system)) == 0
    world.clock.now += experience.KEPT_FOR
    assert write(lambda c: forget(c, system)) == 1
    assert write(lambda c: forget(c, system)) == 0
    assert known(world, mbagathi) == before


@pytest.mark.parametrize(
    ("has", "learned_has", "learned_lacks", "needs", "expected"),
    [
        # The register's own word, what was learned, the needs, what is learned then.
        (0, 0, 0, C.CT, (0, C.CT)),
        (C.THEATRE, 0, 0, C.CT | C.THEATRE, (0, C.CT)),
        # Of two that nobody knows it may be either.
        (0, 0, 0, C.CT | C.THEATRE, (0, 0)),
        # The one that was never proved is likelier to be missing.
        (0, C.CT, 0, C.CT | C.THEATRE, (C.CT, C.THEATRE)),
        # The only one that was learned has broken.
        (0, C.CT, 0, C.CT, (0, C.CT)),
        # One of two that were learned has broken.
        (0, C.CT | C.THEATRE, 0, C.CT | C.THEATRE, (0, 0)),
        (0, C.ICU_ADULT, C.CT, C.CT | C.BLOOD, (C.ICU_ADULT, C.CT)),
        (C.CT, 0, 0, C.CT, (0, 0)),
    ],
)
def test_what_missing_equipment_teaches(
    world: World, has: int, learned_has: int, learned_lacks: int, needs: int, expected: Any
) -> None:
    hospital = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    write, read = world.services.database.write, world.services.database.read
    values = {"has": int(has), "learned_has": int(learned_has), "learned_lacks": int(learned_lacks)}
    write(lambda c: c.execute(hospitals.update().values(**values)))
    system = world.services.system
    write(lambda c: experience.lacked(c, system, hospital.id, int(needs)))
    learned = select(hospitals.c.learned_has, hospitals.c.learned_lacks)
    assert tuple(read(lambda c: c.execute(learned).one())) == tuple(int(each) for each in expected)
    write(lambda c: experience.took(c, system, hospital.id, int(needs)))
    found, _ = read(lambda c: register.find(c, hospital.id))
    assert found.has & needs & ~C.BLOOD == needs & ~C.BLOOD
    assert not found.lacks & needs
