"""The API asks what the menus ask, no more and no less."""

from typing import get_args

import pytest

from gateway.api.answers import (
    ANSWERS_OF_KIND,
    FOLLOWING,
    Cause,
    Detail,
    KindWord,
    Sign,
    triage_answers,
)
from shared.emergency import Kind
from tests.journeys.world import World
from ussd_menus import files

MENUS = files.load()


def values(screen: str) -> set[str]:
    return {option.value for option in MENUS.definitions.screens[screen].options}


def test_signs_causes_and_details_are_the_menus_own() -> None:
    assert set(get_args(Sign)) == values("what")
    assert set(get_args(Cause)) == values("cause")
    following = {option.value: option.goto for option in MENUS.definitions.screens["what"].options}
    for sign, screen in following.items():
        if screen == "where":
            assert sign not in FOLLOWING
        else:
            question, allowed = FOLLOWING[sign]
            assert question == MENUS.definitions.screens[screen].remember
            assert allowed == values(screen)
    details = {value for question, of in FOLLOWING.values() if question == "detail" for value in of}
    assert set(get_args(Detail)) == details


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_word_and_is_triaged_as_itself(world: World, kind: Kind) -> None:
    assert kind.name.lower() in get_args(KindWord)
    assert world.services.rules.triage(ANSWERS_OF_KIND[kind]).kind is kind


@pytest.mark.parametrize(
    ("known", "given", "answers"),
    [
        ({}, {"kind": "burn"}, {"sign": "injury", "detail": "burn"}),
        ({}, {"kind": "injury", "detail": "head"}, {"sign": "injury", "detail": "head"}),
        ({}, {"kind": "burn", "sign": "fits"}, {"sign": "fits"}),
        ({"sign": "fits"}, {"cause": "child"}, {"sign": "fits", "cause": "child"}),
        ({"sign": "fits", "cause": "child"}, {"sign": "injury"}, {"sign": "injury"}),
        ({"sign": "fits", "cause": "child"}, {"kind": "fits"}, {"sign": "fits", "cause": "child"}),
        ({"sign": "fits"}, {"kind": "unknown"}, {"sign": "fits"}),
        ({"sign": "fits"}, {}, {"sign": "fits"}),
    ],
    ids=str,
)
def test_what_is_said_later_stands_on_what_was_known(
    known: dict[str, str], given: dict[str, str], answers: dict[str, str]
) -> None:
    nothing = dict.fromkeys(("kind", "sign", "cause", "detail"))
    assert triage_answers(known, **{**nothing, **given}) == answers
