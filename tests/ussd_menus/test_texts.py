"""Every text in every language: the same names, and within what a phone shows."""

import re

import pytest

from shared import gsm
from ussd_menus import files
from ussd_menus.machine import Session, show

MENUS = files.load()
LANGUAGES = sorted(MENUS.catalogues)
WORST = {name: "W" * width for name, width in MENUS.definitions.widths.items()}
SCREENS = [name for name, screen in MENUS.definitions.screens.items() if screen.kind != "route"]
ADVICE = [name for name in MENUS.catalogues["en"].texts if name.startswith("advice.")]
STATES = [name for name in MENUS.catalogues["en"].texts if name.startswith("alert_states.")]


def longest(catalogue_name: str, names: list[str]) -> str:
    catalogue = MENUS.catalogues[catalogue_name]
    return max(names, key=lambda name: gsm.septets(catalogue.text(name, WORST)) or 0).split(".")[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts(language: str) -> None:
    assert set(MENUS.catalogues[language].texts) == set(MENUS.catalogues["en"].texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_in_the_same_words(language: str) -> None:
    for name, text in MENUS.catalogues[language].texts.items():
        words = set(re.findall(r"\{(\w+)\}", text))
        english = set(re.findall(r"\{(\w+)\}", MENUS.catalogues["en"].texts[name]))
        # A translation may leave a word out to fit, but never ask for one that nobody fills in.
        assert words <= english, name
        assert words <= set(MENUS.definitions.widths), name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "wrong"),
    [(name, 0) for name in SCREENS]
    + [(name, 1) for name in SCREENS if MENUS.definitions.screens[name].kind != "end"],
)
def test_every_screen_fits_with_the_worst_words(language: str, name: str, wrong: int) -> None:
    variables = {
        **WORST,
        "language": language,
        "advice": longest(language, ADVICE),
        "alert_state": longest(language, STATES),
    }
    roomy = MENUS.__class__(
        MENUS.definitions, MENUS.catalogues, MENUS.default_language, limit_septets=999
    )
    _, screen = show(roomy, Session(screen=name, variables=variables, wrong=wrong), lambda i, s: {})
    size = gsm.septets(screen.text)
    assert size is not None
    assert size + len("CON ") <= 160, screen.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_fits_one_segment(language: str) -> None:
    catalogue = MENUS.catalogues[language]
    for name in catalogue.texts:
        if name.startswith(("sms.", "hospital.", "operator.")):
            text = catalogue.text(name, WORST)
            assert (gsm.septets(text) or 999) <= 160, f"{name}: {gsm.septets(text)} {text}"
