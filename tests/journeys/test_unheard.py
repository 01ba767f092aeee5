"""A box that nobody can hear does not keep a patient waiting: the duty phone is rung instead."""

from tests.journeys.world import HospitalBox, World

NAIROBI_WEST = (-1.3100, 36.8000)
DUTY = "+254722000001"
OPERATOR = "+254700000001"


def mbagathi(world: World, duty_phone: str | None = DUTY) -> HospitalBox:
    return world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=duty_phone)


def critical(world: World, number: str = "+254711000111") -> None:
    world.phone(number).dials().chooses("1", "2", "6").types("kibra")


def urgent(world: World) -> None:
    world.phone().dials().chooses("1", "8", "8").types("kibra")


def test_a_critical_patient_of_a_silent_box_is_phoned_at_once(world: World) -> None:
    box = mbagathi(world)
    world.boxes.unheard.add(box.id)
    critical(world)
    assert world.carrier.calls == [DUTY]
    box.rings(audible=False)
    world.forward(44)
    assert world.carrier.calls == [DUTY]
    world.forward(2)  # nobody has answered: the usual second call
    assert world.carrier.calls == [DUTY, DUTY]


def test_a_box_that_turns_out_to_be_silent_is_phoned_at_once(world: World) -> None:
    box = mbagathi(world)
    critical(world)
    assert world.carrier.calls == []
    box.rings(audible=False)
    assert world.carrier.calls == [DUTY]


def test_a_less_urgent_patient_of_a_silent_box_is_phoned_soon(world: World) -> None:
    box = mbagathi(world)
    world.boxes.unheard.add(box.id)
    urgent(world)
    box.rings(audible=False)
    world.forward(19)
    assert world.carrier.calls == []
    world.forward(2)
    assert world.carrier.calls == [DUTY]
    world.forward(60)
    assert world.carrier.calls == [DUTY]


def test_a_box_that_is_heard_is_left_to_ring(world: World) -> None:
    box = mbagathi(world)
    critical(world)
    box.rings(audible=True)
    world.forward(44)
    assert world.carrier.calls == []


def test_a_box_that_falls_silent_while_it_rings_is_phoned(world: World) -> None:
    box = mbagathi(world)
    critical(world)
    box.rings()
    box.says_its_alarm(audible=False)
    assert world.carrier.calls == [DUTY]
    # A screen that comes and goes makes no second call.
    box.says_its_alarm(audible=True)
    box.says_its_alarm(audible=False)
    assert world.carrier.calls == [DUTY]


def test_a_box_that_is_heard_in_time_is_not_phoned(world: World) -> None:
    box = mbagathi(world)
    urgent(world)
    box.rings(audible=False)
    world.forward(10)
    box.says_its_alarm(audible=True)
    world.forward(60)
    assert world.carrier.calls == []


def test_getting_worse_has_a_silent_box_phoned(world: World) -> None:
    box = mbagathi(world)
    urgent(world)
    box.rings()
    world.boxes.unheard.add(box.id)
    world.forward(25)
    assert world.carrier.calls == []
    world.phone().dials().chooses("4")
    world.forward(1)
    assert world.carrier.calls == [DUTY]


def test_who_was_answered_is_not_phoned(world: World) -> None:
    box = mbagathi(world)
    critical(world)
    box.rings()
    box.accepts()
    box.says_its_alarm(audible=False)
    assert world.carrier.calls == []


def test_operators_hear_of_a_silent_box_without_a_phone_once_for_each_patient(
    world: World,
) -> None:
    box = mbagathi(world, duty_phone=None)
    world.boxes.unheard.add(box.id)
    critical(world)
    assert world.phone(OPERATOR).inbox() == []
    box.rings(audible=False)
    for _ in range(5):
        box.says_its_alarm(audible=True)
        box.says_its_alarm(audible=False)
    world.forward(60)
    told = [text for text in world.phone(OPERATOR).inbox() if "Phone it now" in text]
    assert len(told) == 1
