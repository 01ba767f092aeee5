"""Nobody is sent to a hospital that does not expect them without hearing of it."""

from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from tests.journeys.world import World

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
