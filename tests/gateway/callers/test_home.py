"""Where callers live, as they said."""

from typing import Any

from gateway.callers import store as callers
from gateway.ports import FoundPlace
from tests.journeys.world import World

KIBRA = FoundPlace("Kibra, Nairobi", -1.3133, 36.7890, 800)
NOWHERE = ("", None, None, None)


def home(row: Any) -> tuple[Any, ...]:
    return (
        row.home_place_name,
        row.home_place_lat,
        row.home_place_lon,
        row.home_place_radius_m,
    )


def test_home_is_remembered_and_forgotten_and_is_not_the_last_place(world: World) -> None:
    write = world.services.write
    caller = write(lambda uow: callers.find_or_add(uow, "+254711000111"))
    assert home(caller) == NOWHERE
    write(lambda uow: callers.remember_home(uow, caller.id, KIBRA))
    known = write(lambda uow: callers.get(uow, caller.id))
    assert home(known) == ("Kibra, Nairobi", -1.3133, 36.7890, 800)
    assert known.last_place_name == ""
    other = write(lambda uow: callers.find_or_add(uow, "+254711000112"))
    assert home(other) == NOWHERE
    write(lambda uow: callers.forget_home(uow, caller.id))
    assert home(write(lambda uow: callers.get(uow, caller.id))) == NOWHERE
