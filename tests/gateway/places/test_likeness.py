"""Comparing what was typed with names of places."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.places.likeness import Compared, Likeness
from gateway.places.vocabulary import Vocabulary, WordLists

_WORD = st.text("abdehiknorstu", min_size=1, max_size=7)
_WORDS = st.lists(_WORD, min_size=1, max_size=4)


def _compared(typed: Sequence[str], *names: Sequence[str], around: Sequence[str] = ()) -> Compared:
    """What was typed beside names that all lie in the same surroundings."""
    numbers: dict[str, int] = {"": 0}

    def lists(every: Sequence[Sequence[str]]) -> WordLists:
        return WordLists(
            [[numbers.setdefault(word, len(numbers)) for word in each] or [0] for each in every]
        )

    of_names, of_around = lists(names), lists([around])
    likeness = Likeness(Vocabulary(list(numbers)[1:]), of_names, of_around)
    which = np.arange(len(names))
    return likeness.compare(typed, which, np.zeros_like(which))


def test_a_name_that_was_typed_letter_by_letter_is_wholly_alike() -> None:
    found = _compared(["laini", "saba"], ["laini", "saba"])
    assert (found.typed[0], found.named[0], found.whole[0]) == (1, 1, 1)
    assert found.exact[0]


def test_words_in_another_order_are_as_like_word_by_word() -> None:
    found = _compared(["saba", "laini"], ["laini", "saba"])
    assert (found.typed[0], found.named[0]) == (1, 1)
    assert found.whole[0] < 1
    assert not found.exact[0]


def test_a_space_that_went_astray_hardly_counts() -> None:
    for typed in (["mlimatatu"], ["mlima", "ta", "tu"], ["mli", "matatu"]):
        found = _compared(typed, ["mlima", "tatu"])
        assert found.typed[0] > 0.9
        assert found.named[0] > 0.9
        assert found.exact[0]


def test_surroundings_account_for_what_the_name_does_not() -> None:
    alone = _compared(["olympic", "kibra"], ["olympic"])
    within = _compared(["olympic", "kibra"], ["olympic"], around=["kibra", "nairobi"])
    assert alone.typed[0] < within.typed[0] < 1
    assert alone.named[0] <= within.named[0] == 1
    assert alone.whole[0] < within.whole[0] == 1


def test_the_name_leads_and_what_lies_around_it_follows() -> None:
    found = _compared(["olympic", "kibra"], ["olympic"], around=["kibra"])
    turned = _compared(["kibra", "olympic"], ["olympic"], around=["kibra"])
    assert found.leads[0]
    assert not turned.leads[0]


def test_one_word_of_a_name_is_not_typed_twice() -> None:
    found = _compared(["ekarajara", "ekalakala"], ["ekalakala"], ["ekarakara"])
    assert found.typed[0] < 0.95


def test_a_word_that_sounds_alike_is_nearer_than_one_that_only_looks_so() -> None:
    found = _compared(["kibra"], ["kibela"], ["kitra"])
    assert found.typed[0] > found.typed[1] > 0


def test_a_word_like_station_weighs_less_than_a_name() -> None:
    found = _compared(["maua", "market"], ["thika", "market"], ["maua", "stage"])
    assert found.named[0] < found.named[1]


def test_a_misspelt_word_like_dispensary_weighs_as_little() -> None:
    found = _compared(["kyaume", "dispnsary"], ["kyaume"])
    assert found.typed[0] > 0.75
    assert _compared(["kyaume", "dispersal"], ["kyaume"]).typed[0] < 0.6


@settings(deadline=None, max_examples=50)
@given(_WORDS, st.lists(_WORDS, min_size=1, max_size=6), st.lists(_WORD, max_size=4))
def test_what_is_compared_together_comes_out_as_each_alone(
    typed: list[str], names: list[list[str]], around: list[str]
) -> None:
    together = _compared(typed, *names, around=around)
    for at, name in enumerate(names):
        # The others' words are a part of the vocabulary, where no filler is looked for.
        alone = _compared(typed, name, *names, around=around)
        for part in ("typed", "named", "whole", "exact", "leads"):
            assert getattr(together, part)[at] == getattr(alone, part)[0]
    for part in ("typed", "named", "whole"):
        shares = getattr(together, part)
        assert ((shares >= 0) & (shares <= 1.000001)).all()


def test_whoever_says_hospital_means_one() -> None:
    found = _compared(["kenyatta", "hospital"], ["kenyatta"], ["kenyatta", "national", "hospital"])
    assert found.generic.tolist() == [-1, 1]
    assert not _compared(["kenyatta"], ["kenyatta"]).generic.any()
