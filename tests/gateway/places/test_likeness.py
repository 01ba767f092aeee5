"""Comparing what was typed with names of places."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.places.likeness import Name, Surroundings, Typed

_WORD = st.text("abdehiknorstu", min_size=1, max_size=7)
_WORDS = st.lists(_WORD, min_size=1, max_size=4)
_NOWHERE = Surroundings(())


def test_a_name_that_was_typed_letter_by_letter_is_wholly_alike() -> None:
    assert Typed(["laini", "saba"]).compared_with(Name(["laini", "saba"]), _NOWHERE) == (1, 1, 1)


def test_words_in_another_order_are_as_like_word_by_word() -> None:
    typed, named, whole = Typed(["saba", "laini"]).compared_with(Name(["laini", "saba"]), _NOWHERE)
    assert (typed, named) == (1, 1)
    assert whole < 1


def test_surroundings_account_for_what_the_name_does_not() -> None:
    query, name = Typed(["olympic", "kibra"]), Name(["olympic"])
    alone, covered, _ = query.compared_with(name, _NOWHERE)
    within, covered_within, _ = query.compared_with(name, Surroundings(["kibra", "nairobi"]))
    assert alone == 0.5
    assert alone < within < 1
    assert covered == covered_within == 1


def test_a_word_that_sounds_alike_is_nearer_than_one_that_only_looks_so() -> None:
    query = Typed(["kibra"])
    heard, *_ = query.compared_with(Name(["kibela"]), _NOWHERE)
    seen, *_ = query.compared_with(Name(["kitra"]), _NOWHERE)
    assert heard > seen > 0


def test_a_word_like_station_weighs_less_than_a_name() -> None:
    query = Typed(["maua", "market"])
    _, without_the_name, _ = query.compared_with(Name(["thika", "market"]), _NOWHERE)
    _, without_market, _ = query.compared_with(Name(["maua", "stage"]), _NOWHERE)
    assert without_the_name < without_market


@settings(deadline=None)
@given(_WORDS, st.lists(st.tuples(_WORDS, _WORDS), min_size=1, max_size=6))
def test_what_was_compared_before_changes_nothing(
    typed: list[str], others: list[tuple[list[str], list[str]]]
) -> None:
    query = Typed(typed)
    for name, around in others * 2:
        found = query.compared_with(Name(name), Surroundings(around))
        assert found == Typed(typed).compared_with(Name(name), Surroundings(around))
        assert all(0 <= share <= 1 for share in found)
