"""Cutting into pages: nothing is left out, nothing is wider than a page, and the same page comes
again after a wrong answer.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ussd_menus import files
from ussd_menus.paging import Limit, Line, paginate, size
from ussd_menus.trial import TrialPhone

MENUS = files.load()
DATA = files.load_trial()
MORE = Line("98", "words.more", "More", "98")

_words = st.lists(st.text("abc€[é,.", min_size=1, max_size=20), min_size=1, max_size=60)
_choices = st.lists(st.text("xyz ", min_size=1, max_size=40), max_size=8)


@settings(max_examples=500, deadline=None)
@given(_words, _choices, st.booleans(), st.sampled_from([56, 156, 180]))
def test_every_word_and_every_choice_is_on_some_page(
    words: list[str], texts: list[str], listed: bool, septets: int
) -> None:
    choices = [Line(str(key), "", text, f"v{key}") for key, text in enumerate(texts, start=1)]
    fixed = [Line("9", "fixed", "Don't know", "unknown")] if listed else []
    title = Line("", "title", " ".join(words))
    pages = paginate(title, choices, fixed, MORE, Limit(septets))
    assert "".join(words) in "".join(page[0].text for page in pages).replace(" ", "")
    meant = [line.value for page in pages for line in page if line.value.startswith("v")]
    assert meant == [line.value for line in choices]
    assert max(size(page) for page in pages) <= septets


@pytest.mark.parametrize("width", [7, 8, 100, 160])
def test_a_word_for_more_that_leaves_no_room_ends_all_the_same(width: int) -> None:
    more = Line("98", "words.more", "M" * width, "98")
    choices = [Line("1", "", "x" * 40, "v1")]
    pages = paginate(Line("", "title", "word " * 60), choices, (), more, Limit(156))
    assert "v1" in [line.value for line in pages[-1]]


@pytest.mark.parametrize("network", ["63902", "63903"])
@pytest.mark.parametrize("language", sorted(MENUS.catalogues))
@pytest.mark.parametrize(
    "keys",
    [("9", "3"), ("9", "1", "1", "1"), ("6", "olympic", "4", "1"), ("6", "olympic", "4", "1", "1")],
    ids=["consent", "hospitals", "counties", "sub-counties"],
)
def test_a_wrong_answer_gets_the_same_page_again(
    keys: tuple[str, ...], language: str, network: str
) -> None:
    hospitals = {str(n): f"Hospital {n} of a rather long name, {n} km" for n in range(12)}
    sub_counties = {str(n): f"Sub-county {n}" for n in range(30)}
    lists = {**DATA.lists, "hospitals": hospitals, "sub_counties": sub_counties}
    data = DATA.model_copy(update={"lists": lists})
    limit = MENUS.operators.of(network).limit
    trial = TrialPhone(MENUS, data, {"language": language}, limit).dials().chooses(*keys)
    while True:
        assert trial.screen is not None
        before = trial.screen
        trial.chooses("#*#")
        # The way back is written where there is room, and works in any case.
        assert [line for line in trial.screen.lines if line.key not in ("", "0")] == [
            line for line in before.lines if line.key not in ("", "0")
        ]
        assert trial.screen.text != before.text
        assert size(trial.screen.lines) <= limit.septets
        if "98" not in [line.key for line in before.lines]:
            return
        trial.chooses("98")


def test_nobody_is_asked_to_agree_to_what_a_wrong_answer_wiped_away() -> None:
    trial = TrialPhone(MENUS, DATA, {"language": "en"}).dials().chooses("9", "3", "7")
    trial.sees("Press a number shown:", "may we show your blood type")
