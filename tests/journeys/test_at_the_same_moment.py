"""Turns that arrive at the same moment, twice, or in another order than they were made."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from gateway.ussd.turn import UssdRequest, end_session, take_turn
from shared.emergency import EmergencyState
from tests.journeys.world import SAFARICOM, SERVICE_CODE, World

T = TypeVar("T")
NAIROBI_WEST = (-1.3100, 36.8000)
NUMBER = "+254711000111"
_AT_ONCE = 8


def at_once(doings: Sequence[Callable[[], T]]) -> list[T]:
    """What each gives, all of them begun at the same moment."""
    together = threading.Barrier(len(doings), timeout=60)

    def begins(doing: Callable[[], T]) -> T:
        together.wait()
        return doing()

    with ThreadPoolExecutor(len(doings)) as threads:
        return list(threads.map(begins, doings))


def turn(world: World, text: str, session_id: str = "ATUid_1", number: str = NUMBER) -> str:
    request = UssdRequest(session_id, number, SERVICE_CODE, SAFARICOM, text)
    return take_turn(world.services, request)


@pytest.mark.parametrize("texts", [["", "1", "1*2", "1*2*6", "1*2*6*kibra"], ["1*2*6*kibra"]])
def test_a_turn_that_comes_eight_times_at_once_happens_once(world: World, texts: list[str]) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    for text in texts:
        screens = at_once([lambda text=text: turn(world, text)] * _AT_ONCE)  # type: ignore[misc]
        assert len(set(screens)) == 1, screens
    assert "Telling Mbagathi" in screens[0]
    assert len(world.emergencies()) == 1
    assert len(box.offers()) == 1
    world.settle()
    assert len(world.phone(NUMBER).inbox()) == 1


def test_turns_that_overtake_each_other_leave_one_emergency(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    texts = ["", "1", "1*2", "1*2*6", "1*2*6*kibra"]
    at_once([lambda text=text: turn(world, text) for text in texts])  # type: ignore[misc]
    assert "Telling Mbagathi" in turn(world, texts[-1])
    assert world.the_emergency().state == EmergencyState.DISPATCHED


def test_a_turn_that_is_overtaken_changes_nothing(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    later = turn(world, "1*2*6")
    assert "Where is the patient?" in later
    for earlier in ("1*2", "1", ""):
        assert turn(world, earlier) == later
    assert "Telling Mbagathi" in turn(world, "1*2*6*kibra")
    assert len(world.emergencies()) == 1


def test_an_end_that_comes_with_the_last_turn_loses_and_doubles_nothing(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    turn(world, "1*2*6")

    def ends() -> str:
        end_session(world.services, "ATUid_1", NUMBER)
        return ""

    at_once([ends, lambda: turn(world, "1*2*6*kibra"), ends, world.settle])
    world.settle()
    assert "Telling Mbagathi" in turn(world, "1*2*6*kibra")
    assert world.the_emergency().state == EmergencyState.DISPATCHED
    assert len(box.offers()) == 1


def test_two_first_sessions_of_one_phone_are_two_sessions_of_one_caller(world: World) -> None:
    names = [f"ATUid_{number}" for number in range(_AT_ONCE)]
    screens = at_once([lambda name=name: turn(world, "", name) for name in names])  # type: ignore[misc]
    assert {screen[:9] for screen in screens} == {"CON Haven"}
