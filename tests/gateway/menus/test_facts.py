"""The facts that the gateway says it makes known are those that it makes known: the check of the
menus goes by them.
"""

from itertools import count

import pytest

from gateway.menus.host import FACTS
from tests.gateway.menus.made_known import made_known, undeclared
from tests.journeys.test_staff_by_ussd import DUTY, NAIROBI_EAST, NAIROBI_WEST, staff
from tests.journeys.world import Phone, World


def test_a_tour_of_the_menus_makes_every_fact_known_and_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = made_known(monkeypatch)
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, duty_phone=DUTY)
    world.hospital("Pumwani Hospital", *NAIROBI_EAST, needs=("emergency_24h", "cemonc"))

    phone = world.phone().dials().chooses("1", "2", "6").types("kibra").sees("END", "Telling")
    phone.dials().sees("told Mbagathi").chooses("7").sees("Where").chooses("9")
    phone.dials().chooses("4").sees("got worse")
    staff(world).chooses("1", "1", "1").sees("END", "the patient hears")
    staff(world).chooses("2").types("3").sees("END", "Saved")
    staff(world).chooses("4", "2", "1").sees("END")
    staff(world).chooses("5", "1", "1").sees("END", "withdrawn")
    phone.dials()
    phone.texts("cancel")
    phone.chooses("2").sees("END", "has ended")

    numbers = count(1)

    def another() -> Phone:
        return world.phone(f"+25472200000{next(numbers)}").dials().chooses("1")

    another().chooses("9", "1", "1").types("olympic").chooses("1", "1", "1").sees("END", "SMS")
    another().chooses("9", "1", "1").types("kibra").sees("Mbagathi")
    another().chooses("9", "2", "2").types("kibra").chooses("1", "3", "7").sees("may we show")
    another().chooses("9", "2", "4").types("penicillin").sees("may we show")
    another().chooses("9", "2", "5", "1").sees("END", "Deleted")
    another().chooses("9", "4").types("7K2F").sees("END")
    another().chooses("9", "5").sees("END")
    cut_off = another().chooses("2", "6").drops()
    cut_off.dials().chooses("3", "1").sees("END")
    another().chooses("8", "6").types("kibra").sees("END").dials().chooses("5", "1").sees("END")

    assert told.keys() == FACTS.keys()
    assert undeclared(told) == {}
