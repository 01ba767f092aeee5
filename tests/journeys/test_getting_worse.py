"""A patient who turns out to be worse off than it seemed: everything gets faster from then on."""

from collections.abc import Mapping

import pytest

from gateway.emergencies import caller_answers, store
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState, Kind, Priority
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
THIKA = (-1.0333, 37.0690)
BASIC = ("emergency_24h", "xray", "oxygen", "bemonc", "sexual_assault_care")
WHOLE = (*BASIC, "theatre", "blood", "cemonc", "trauma_surgery")


def more_is_known(world: World, answers: Mapping[str, str]) -> None:
    emergency_id = world.the_emergency().id
    world.services.write(
        lambda uow: caller_answers.details_given(uow, store.lock(uow, emergency_id), answers)
    )
    world.settle()


def test_getting_worse_shortens_the_deadlines_that_run(world: World) -> None:
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    far = world.hospital("Thika Hospital", *THIKA)
    phone = world.phone().dials().chooses("1", "8", "8").types("kibra")
    assert world.the_emergency().priority == Priority.HIGH
    near.rings()
    world.forward(50)
    assert world.carrier.calls == []
    phone.dials().chooses("4").sees("got worse")
    # A critical patient's hospital is phoned after 45 s, and 50 have passed.
    assert world.carrier.calls == ["+254722000001"]
    far.is_silent()
    world.forward(41)
    far.rings()


def test_getting_worse_has_an_unreached_box_phoned(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone="+254722000001")
    phone = world.phone().dials().chooses("1", "8", "8").types("kibra")
    world.forward(5)
    phone.dials().chooses("4")
    world.forward(14)
    assert world.carrier.calls == []
    world.forward(1)
    assert world.carrier.calls == ["+254722000001"]


def test_worse_answers_ask_a_hospital_that_can_do_what_is_needed_now(world: World) -> None:
    basic = world.hospital(
        "Mbagathi Hospital", *NAIROBI_WEST, needs=BASIC, lacks=("theatre",), level=3
    )
    whole = world.hospital("Thika Hospital", *THIKA, needs=WHOLE)
    phone = world.phone().dials().chooses("1", "5", "8").types("kibra")
    basic.rings()
    whole.is_silent()
    more_is_known(world, {"sign": "injury", "detail": "head"})
    assert basic.changes()[-1].priority is Priority.CRITICAL
    assert whole.rings().priority is Priority.CRITICAL
    phone.reads("telling Thika Hospital")
    assert [row.state for row in world.dispatches()] == [
        DispatchState.DELIVERED,
        DispatchState.DELIVERED,
    ]


def test_worse_answers_send_nobody_past_the_hospital_that_is_asked_on_a_long_way(
    world: World,
) -> None:
    """A head injury needs the theatre an hour and a half away; the hospital next door keeps them
    alive until then.
    """
    near = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=BASIC, lacks=("theatre",))
    whole = world.hospital("Thika Hospital", *THIKA, needs=WHOLE)
    world.phone().dials().chooses("1", "5", "8").types("kibra")
    near.rings()
    more_is_known(world, {"sign": "injury", "detail": "head"})
    assert near.changes()[-1].priority is Priority.CRITICAL
    whole.is_silent()
    # Silence moves on, as ever.
    world.forward(91)
    assert whole.rings().priority is Priority.CRITICAL


@pytest.mark.parametrize("answers", [{"sign": "injury"}, {"sign": "injury", "detail": "other"}])
def test_answers_that_change_nothing_ask_nobody_else(
    world: World, answers: Mapping[str, str]
) -> None:
    basic = world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=BASIC)
    other = world.hospital("Thika Hospital", *THIKA, needs=WHOLE)
    world.phone().dials().chooses("1", "5", "8").types("kibra")
    basic.rings()
    more_is_known(world, answers)
    other.is_silent()


def test_a_silent_hospital_that_may_still_accept_hears_that_it_got_worse(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    assert world.the_emergency().state == EmergencyState.UNANSWERED
    phone.dials().chooses("4")
    assert "got worse" in only.changes()[-1].reason


def test_getting_worse_with_nobody_left_finds_a_hospital_that_came_since(world: World) -> None:
    only = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    only.rings()
    world.forward(91)
    opened = world.hospital("Thika Hospital", *THIKA)
    phone.dials().chooses("4")
    opened.rings()
    phone.reads("telling Thika Hospital")


def test_later_answers_never_make_an_assault_less_discreet(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, needs=BASIC)
    phone = world.phone().dials().chooses("1", "8", "6").types("kibra")
    more_is_known(world, {"sign": "bleeding"})
    assert world.the_emergency().kind == Kind.ASSAULT
    assert world.the_emergency().priority == Priority.CRITICAL
    assert phone.inbox() == []
