"""Plain words, and names that sound alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.places.spelling import plain, sound, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Kibra, Olympic STAGE ", ("kibra", "olympic")),
        ("karibu na soko la Toi", ("soko", "toi")),
        ("Murang’a", ("muranga",)),
        ("Ng'ombe-Ini", ("ngombe", "ini")),
        ("Kîambaa", ("kiambaa",)),
        # Nothing but filler words: better those than nothing.
        ("Town", ("town",)),
        ("...", ()),
    ],
)
def test_the_words_that_tell_places_apart(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("kibera", "kibra"),
        ("kariobangi", "kaliobangi"),
        ("machakos", "mashakos"),
        ("eldoret", "eldolet"),
        ("thika", "tika"),
        ("embu", "ebu"),
        ("kawangware", "kawangwale"),
        ("mombasa", "mobasa"),
        ("kisii", "kisi"),
        ("bungoma", "bugoma"),
    ],
)
def test_common_confusions_sound_alike(name: str, typed: str) -> None:
    assert sound(name) == sound(typed)


@pytest.mark.parametrize(("name", "other"), [("nyeri", "narok"), ("kisumu", "kitui"), ("45", "44")])
def test_other_names_do_not(name: str, other: str) -> None:
    assert sound(name) != sound(other)


@given(st.text(max_size=60))
def test_whatever_is_typed_becomes_plain_and_stays_so(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert once.isascii()
    for word in words(text):
        assert sound(word).isascii()
