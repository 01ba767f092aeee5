"""Which language somebody writes."""

import pytest

from ussd_menus import files
from ussd_menus.written_language import written_language

MENUS = files.load()


@pytest.mark.parametrize(
    ("text", "chosen", "language"),
    [
        ("msaada mtoto amezimia", None, "sw"),
        ("Nisaidie!", None, "sw"),
        ("my father can’t breathe", None, "en"),
        ("fadlan, dhiig!", None, "so"),
        # Nothing, or one of each, says nothing.
        ("", None, "en"),
        ("kibera 42", None, "en"),
        ("kibera 42", "so", "so"),
        ("mtoto fainted", None, "en"),
        ("mtoto fainted", "sw", "sw"),
        # What somebody chose yields only to what is clear.
        ("msaada", "en", "en"),
        ("mtoto amezimia", "en", "sw"),
        ("please my wife is bleeding", "sw", "en"),
    ],
)
def test_more_words_of_one_language_show_it(text: str, chosen: str | None, language: str) -> None:
    assert written_language(MENUS, text, chosen) == language


def test_no_word_marks_two_languages() -> None:
    marks = [mark for catalogue in MENUS.catalogues.values() for mark in catalogue.marks]
    assert len(set(marks)) == len(marks)
