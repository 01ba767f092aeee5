"""A channel that fails on the way: a person hears of it and phones."""

from gateway.alarms.alarm import alarms_waiting
from shared.errors import SendRefused, SendRetryable
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)
OPERATOR = "+254700000001"
DUTY = "+254722000001"


def test_a_duty_phone_that_no_text_reaches_is_phoned_by_people(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False, duty_phone=DUTY)
    world.carrier.fault = SendRefused("UserInBlacklist")
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    emergency_id = world.the_emergency().id
    waiting = world.services.database.read(lambda c: alarms_waiting(c, [emergency_id]))
    assert "not_reachable" in waiting[emergency_id]


def test_a_caller_whom_no_text_reaches_for_long_is_phoned_by_people(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    world.carrier.fault = SendRetryable("no answer in 10 s", after_s=5.0)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    box.rings()
    box.accepts()
    world.forward(40)
    world.carrier.fault = None
    world.forward(10)
    assert any("does not reach the caller" in text for text in world.phone(OPERATOR).inbox())
