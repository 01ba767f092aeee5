"""Who is sent to a hospital that has not heard of them reads so, until it has."""

import pytest

from tests.gateway.operators.acting import NAIROBI_WEST
from tests.journeys.world import Phone, World

# Nearer than the hospital that can help.
KIBRA = (-1.3133, 36.7876)


def sent_there(world: World) -> Phone:
    """A phone whose patient is to go to a hospital that no channel was tested to."""
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    phone = world.phone().dials().chooses("1", "2", "6").types("kibra")
    return phone.sees("END", "Not yet informed: we phone them")


def test_it_is_not_called_the_nearest(world: World) -> None:
    world.hospital("Kibera Clinic", *KIBRA, needs=(), lacks=("theatre",))
    phone = sent_there(world).sees("Go now to Mbagathi Hospital").reads("go now to Mbagathi")
    assert "nearest" not in (phone.screen + phone.inbox()[-1]).lower()


def test_my_alert_says_that_it_is_being_phoned(world: World) -> None:
    phone = sent_there(world)
    phone.dials().sees("phoning Mbagathi").chooses("2").sees("We pass on")
    world.forward(600)
    assert "told Mbagathi" not in phone.dials().screen


def test_cancelling_does_not_say_that_the_hospital_was_told(world: World) -> None:
    phone = sent_there(world).dials().chooses("5", "1").sees("END", "is cancelled")
    assert "hospital" not in phone.screen


@pytest.mark.parametrize("asked", [True, False])
def test_not_coming_does_not_say_that_the_hospital_was_told(world: World, asked: bool) -> None:
    if asked:
        phone = sent_there(world)
    else:
        phone = world.phone().dials().chooses("1", "2", "6").types("kibra").sees("No hospital")
    phone.texts("4").reads("is cancelled")
    assert "hospital" not in phone.inbox()[-1]
