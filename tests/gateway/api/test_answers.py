"""The API asks what the menus ask, no more and no less."""

from pathlib import Path
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
from shared import triage
from shared.emergency import Kind
from ussd_menus import files

MENUS = files.load()
RULES = triage.parse((Path(triage.__file__).parent / "triage_rules.toml").read_text("utf-8"))


def answers_of(screen: str) -> dict[str, str]:
    """The answers to this screen's question, and where each leads. What is remembered under another
    name is no answer, but the way to the rest of the menus.
    """
    asked = MENUS.definitions.screens[screen]
    return {
        option.value: option.goto for option in asked.options if option.remember == asked.remember
    }


def values(screen: str) -> set[str]:
    return set(answers_of(screen))


def test_signs_causes_and_details_are_the_menus_own() -> None:
    assert set(get_args(Sign)) == values("what")
    assert set(get_args(Cause)) == values("cause")
    for sign, screen in answers_of("what").items():
        if screen == "locate":
            assert sign not in FOLLOWING
        else:
            question, allowed = FOLLOWING[sign]
            assert question == MENUS.definitions.screens[screen].remember
            assert allowed == values(screen)
    details = {value for question, of in FOLLOWING.values() if question == "detail" for value in of}
    assert set(get_args(Detail)) == details


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_word_and_is_triaged_as_itself(kind: Kind) -> None:
    assert kind.name.lower() in get_args(KindWord)
    assert RULES.triage(ANSWERS_OF_KIND[kind]).kind is kind


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
