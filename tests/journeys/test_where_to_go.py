"""Nobody is sent to a hospital that does not expect them without hearing of it."""

from pathlib import Path

import pytest

from gateway.database.database import Database
from gateway.emergencies import hospital_answers
from gateway.emergencies.hospital_answers import Answerer
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from tests.journeys.world import World, build_world

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
NAKURU = (-0.3031, 36.0800)


def test_the_caller_hears_that_the_hospital_they_go_to_cannot_treat(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    last = world.hospital("Nakuru Hospital", *NAKURU)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.accepts()
    near.cannot_treat()
    phone.reads("Mbagathi Hospital says it cannot treat", "asking Thika Hospital")
    far.rings()
    world.forward(91)
    last.rings()
    # Never "keep going to Thika": the caller was not sent there.
    phone.reads("Mbagathi Hospital says it cannot treat", "asking Nakuru Hospital")


def test_after_two_silent_hospitals_the_caller_keeps_going_to_the_first(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    last = world.hospital("Nakuru Hospital", *NAKURU)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    world.forward(91)
    far.rings()
    world.forward(91)
    last.rings()
    phone.reads("Mbagathi Hospital has not answered", "asking Nakuru Hospital")


def test_a_patient_on_the_way_to_the_nearer_one_is_no_surprise_there(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    phone.texts("2")
    near.rings()
    world.forward(91)
    far.rings()
    far.accepts()
    assert near.changes()[-1].state is DispatchState.SUPERSEDED
    assert "on the way to you" in near.changes()[-1].reason
    assert "on the way to Mbagathi Hospital" in far.changes()[-1].reason
    # They arrive where they were sent, not where somebody accepted meanwhile.
    phone.texts("3")
    assert {row.hospital_id: row.state for row in world.dispatches()} == {
        near.id: DispatchState.ARRIVED,
        far.id: DispatchState.WITHDRAWN,
    }


def test_a_hospital_whose_patient_has_not_come_may_still_pass_them_on(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    near.accepts()
    world.forward(30 * 60 + 1)
    assert near.cannot_treat().accepted
    far.rings()
    assert world.the_emergency().state == EmergencyState.DISPATCHED


def test_a_hospital_that_another_took_the_place_of_is_asked_again(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    world.forward(91)
    first = far.rings()
    near.accepts()
    phone.reads("Mbagathi Hospital expects you")
    # Pressed by mistake, and nobody else is left: the one that never got to answer is needed.
    near.cannot_treat()
    again = far.rings()
    assert again.dispatch_id != first.dispatch_id
    assert again.answer_code != first.answer_code
    phone.reads("Mbagathi Hospital says it cannot treat", "asking Thika Hospital")
    assert far.accepts().accepted
    phone.reads("go to Thika Hospital now", "Mbagathi Hospital cannot treat this")
    assert [row.state for row in world.dispatches() if row.reserved] == [DispatchState.ACCEPTED]
    phone.texts("3")
    assert world.the_emergency().state == EmergencyState.ARRIVED


def test_a_patient_who_comes_on_the_card_that_had_gone_is_there(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    far = world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    near.rings()
    world.forward(91)
    far.rings()
    near.accepts()
    near.cannot_treat()
    gone, again = (row for row in world.dispatches() if row.hospital_id == far.id)
    assert (gone.state, again.state) == (DispatchState.SUPERSEDED, DispatchState.OFFERED)
    world.services.write(
        lambda uow: hospital_answers.arrived(uow, gone.id, Answerer(via="operator"))
    )
    assert far.changes()[-1].reason == "the patient has arrived"
    assert {row.id: row.state for row in world.dispatches() if row.hospital_id == far.id} == {
        gone.id: DispatchState.ARRIVED,
        again.id: DispatchState.SUPERSEDED,
    }


@pytest.mark.parametrize(("holidays", "asked"), [("", "Day Clinic"), ("2026-11-23", "Thika")])
def test_a_day_clinic_is_closed_on_a_public_holiday(
    database: Database, tmp_path: Path, holidays: str, asked: str
) -> None:
    world = build_world(database, tmp_path, HAVEN_HOLIDAYS=holidays)
    world.hospital("Day Clinic", *NAIROBI_WEST, open_24h=False)
    world.hospital("Thika Hospital", *THIKA)
    world.phone().dials().chooses("1", "2", "6").types("kibra").sees(f"Telling {asked}")
