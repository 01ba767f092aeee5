"""Alarms: what they say, and what solving one means."""

from datetime import timedelta

import pytest

from gateway.operators.alarm_board import alarm_list, solve_by_hand
from gateway.operators.alarm_words import ALARM_WORDS
from shared.errors import Conflict, InvalidInput, NotFound
from tests.gateway.operators.acting import (
    JK,
    NAIROBI_WEST,
    OPERATOR,
    audited,
    nobody_answers,
    unsolved,
)
from tests.journeys.world import World


def test_nobody_is_reminded_of_a_solved_alarm(world: World) -> None:
    nobody_answers(world)
    code = world.the_emergency().help_code
    solved = world.services.write(lambda uow: solve_by_hand(uow, code, JK, "all phoned"))
    assert solved == ["not_reachable", "unanswered"]
    operator = world.phone(OPERATOR)
    before = len(operator.inbox())
    world.clock.now += timedelta(minutes=5)
    world.settle()
    assert len(operator.inbox()) == before
    rows = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    assert {(row.solved_by, row.note) for row in rows} == {("JK", "all phoned")}
    assert audited(world) == [("operator:JK", "alarm solved")] * 2
    with pytest.raises(Conflict, match="solved already"):
        world.services.write(lambda uow: solve_by_hand(uow, rows[0].id, JK))
    with pytest.raises(NotFound, match="alarms list"):
        world.services.write(lambda uow: solve_by_hand(uow, "0" * 13, JK))
    with pytest.raises(InvalidInput, match="neither"):
        world.services.write(lambda uow: solve_by_hand(uow, "rubbish", JK))


def test_an_operator_who_phones_the_hospital_is_not_told_to_phone_it_again(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, box=False)
    world.phone().dials().chooses("1", "2", "6").types("kibra")
    code = world.the_emergency().help_code
    world.services.write(lambda uow: solve_by_hand(uow, code, JK))
    texts = len(world.phone(OPERATOR).inbox())
    world.forward(60)
    assert len(world.phone(OPERATOR).inbox()) == texts
    assert unsolved(world) == []


def test_news_after_a_solved_alarm_is_a_new_alarm(world: World) -> None:
    nobody_answers(world)
    code = world.the_emergency().help_code
    phone = world.phone().texts("please")
    world.services.write(lambda uow: solve_by_hand(uow, code, JK))
    phone.texts("he is worse than before")
    assert unsolved(world) == ["wrote"]


def test_alarms_say_what_to_do_and_when_not_to_phone(world: World) -> None:
    world.phone().dials().chooses("1", "8", "6", "9")
    world.forward(1)
    (row,) = world.services.database.read(lambda c: alarm_list(c, world.clock.now))
    assert (row.kind, row.do_not_phone) == ("no_place", True)
    assert "Do NOT phone" in row.do
    assert world.the_emergency().help_code in row.do


def test_every_alarm_that_can_be_raised_has_its_words(world: World) -> None:
    texts = world.services.menus.catalogue("en").texts
    kinds = {name.removeprefix("operator.") for name in texts if name.startswith("operator.")}
    assert {kind for kind in kinds if not kind.endswith("_discreet")} == set(ALARM_WORDS)
    for kind in kinds - set(ALARM_WORDS):
        assert ALARM_WORDS[kind.removesuffix("_discreet")].do_discreet
