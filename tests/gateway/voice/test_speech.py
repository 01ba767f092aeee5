"""What is said: texts cut into what can be recorded and what is filled in."""

import pytest

from gateway.voice.speech import Prompt, fixed_prompts, heard_screens, text_prompts
from shared import help_code
from ussd_menus import files
from ussd_menus.catalogue import Catalogue

MENUS = files.load()
CATALOGUES = list(MENUS.catalogues.values())
ENGLISH = MENUS.catalogue("en")


def said(name: str, **variables: str) -> list[tuple[str, str]]:
    return [(prompt.name, prompt.words) for prompt in text_prompts(ENGLISH, name, variables)]


def test_a_fixed_text_is_one_recording() -> None:
    assert said("screens.what.2") == [("screens.what.2", "Heavy bleeding")]


def test_a_text_with_better_words_for_the_ear_is_said_in_those() -> None:
    (prompt,) = said("screens.what.1")
    assert prompt == (
        "spoken.screens.what.1",
        "The patient cannot be woken, or cannot breathe",
    )


def test_a_text_with_variables_is_cut_and_codes_are_spelt() -> None:
    prompts = said("screens.cancelled.title", code="7K2F", number="999")
    assert prompts == [
        ("sign_7", "7,"),
        ("sign_k", "K,"),
        ("sign_2", "2,"),
        ("sign_f", "F,"),
        (
            "spoken.screens.cancelled.title.2",
            "is cancelled. If you need help again, ring us again. In danger, call",
        ),
        *[("sign_9", "9,")] * 3,
    ]


def test_a_variable_that_names_a_text_is_said_with_its_recording() -> None:
    prompts = said("screens.my_alert.title", alert_state="accepted", hospital="Mbagathi")
    assert prompts == [("", "Mbagathi"), ("alert_states.accepted.2", "expects you")]
    receipt = said("screens.receipt_told.title", advice="press_wound", minutes="12")
    assert ("spoken.advice.press_wound", "Press hard on the wound.") in receipt
    assert ("", "12") in receipt


def test_what_is_not_known_is_left_out() -> None:
    names = [name for name, _ in said("screens.receipt_told.title")]
    assert "" not in names


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda each: str(each.code))
def test_every_part_that_has_a_name_can_be_recorded(catalogue: Catalogue) -> None:
    """Whatever a call may play is in the list of what is to be recorded, word for word."""
    fixed = fixed_prompts(MENUS, catalogue)
    full = dict.fromkeys(MENUS.definitions.variables, "7") | {"service": "*384#"}
    for screen in heard_screens(MENUS):
        for name in [f"screens.{screen.name}.title", "spoken.failed", "spoken.again"]:
            for prompt in text_prompts(catalogue, name, full):
                assert prompt.name == "" or fixed[prompt.name] == prompt.words, prompt


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda each: str(each.code))
def test_every_letter_of_a_code_can_be_recorded(catalogue: Catalogue) -> None:
    fixed = fixed_prompts(MENUS, catalogue)
    assert {f"sign_{letter.lower()}" for letter in help_code.ALPHABET} <= fixed.keys()


@pytest.mark.parametrize("code", ["en", "sw"])
def test_nothing_is_said_that_can_only_be_read(code: str) -> None:
    fixed = fixed_prompts(MENUS, MENUS.catalogue(code))
    unspeakable = {name: words for name, words in fixed.items() if set(words) & set("/+<>*#&_{}\n")}
    assert unspeakable == {}


def test_a_call_comes_to_no_screen_that_wants_words_or_belongs_to_staff() -> None:
    screens = {screen.name: screen for screen in heard_screens(MENUS)}
    assert [name for name, screen in screens.items() if screen.kind in ("text", "number")] == []
    assert [name for name in screens if name.startswith("staff")] == []
    assert {"language", "what", "where_spoken", "receipt_told", "my_alert"} <= screens.keys()


def test_a_prompt_of_a_plural_is_never_taken_from_a_recording() -> None:
    prompts = list(text_prompts(ENGLISH, "labels.patient", {"minutes": "1", "answer_code": "K4"}))
    assert prompts == [Prompt("en", "", "K4 , 1 minute")]
