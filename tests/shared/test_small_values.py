"""GSM text, identifiers, phone numbers and codes: tables and properties."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import capability, gsm, help_code, identifier
from shared.errors import InvalidInput
from shared.phone_number import masked, normalise


@given(st.text(), st.integers(min_value=1, max_value=200))
def test_any_text_fits_after_being_forced_and_clipped(text: str, size: int) -> None:
    forced = gsm.to_gsm(text)
    assert gsm.septets(forced) is not None
    clipped = gsm.clip(forced, size)
    assert (gsm.septets(clipped) or 0) <= size
    assert forced.startswith(clipped)


@pytest.mark.parametrize(
    ("text", "size", "kept"),
    [
        ("Kawangware, Nairobi", 18, "Kawangware"),
        ("Olympic Stage, Mombasa", 18, "Olympic Stage"),
        ("Llanfairpwllgwyngyll", 10, "Llanfairpw"),
        ("A Llanfairpwllgwyngyll", 10, "A Llanfair"),
    ],
)
def test_what_is_cut_loses_whole_words_unless_little_would_be_left(
    text: str, size: int, kept: str
) -> None:
    assert gsm.clip(text, size) == kept


@pytest.mark.parametrize(
    ("text", "septets", "segments"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("ĩ" * 70, None, 1),
        ("ĩ" * 71, None, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
    ],
)
def test_segments_are_counted_as_a_carrier_bills_them(
    text: str, septets: int | None, segments: int
) -> None:
    assert gsm.septets(text) == septets
    assert gsm.segments(text) == segments


def test_kikuyu_and_typographic_letters_become_near_ones() -> None:
    assert gsm.to_gsm("Gĩkũyũ – “ndĩ”…") == 'Gikuyu - "ndi"...'


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_identifiers_survive_as_text(value: int) -> None:
    text = identifier.to_text(value)
    assert identifier.from_text(text) == value
    assert identifier.from_text(text.lower()) == value


@given(st.text(max_size=20))
def test_no_text_makes_the_reader_of_identifiers_fail_otherwise_than_by_saying_so(
    text: str,
) -> None:
    try:
        value = identifier.from_text(text)
    except ValueError:
        return
    assert identifier.to_text(value) == text.upper()


def test_identifiers_are_ordered_by_time_and_do_not_repeat() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    new_id = identifier.maker(lambda: moment, Random(1))
    early = {new_id() for _ in range(1000)}
    assert len(early) == 1000
    moment += timedelta(milliseconds=1)
    assert new_id() > max(early)


def test_identifiers_of_one_moment_are_in_order_whichever_thread_makes_them() -> None:
    new_id = identifier.maker(lambda: datetime(2026, 3, 1, tzinfo=UTC), Random(1))
    made = [new_id() for _ in range(1000)]
    assert made == sorted(set(made))
    with ThreadPoolExecutor(max_workers=8) as threads:
        beside = list(threads.map(lambda _: new_id(), range(4000)))
    assert len(set(beside)) == len(beside)
    assert min(beside) > made[-1]


def test_identifiers_follow_a_clock_that_is_set_back() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    new_id = identifier.maker(lambda: moment, Random(1))
    before = new_id()
    moment -= timedelta(milliseconds=200)
    assert new_id() > before
    moment -= timedelta(hours=1)
    assert new_id() < before


def test_identifiers_of_clocks_that_were_never_set_do_not_meet() -> None:
    """A box without a battery begins each day in 1970."""
    made = [
        identifier.maker(lambda: datetime(1970, 1, 1, tzinfo=UTC), Random(start))()
        for start in range(20_000)
    ]
    assert len(set(made)) == len(made)
    assert all(0 <= each < 1 << 63 for each in made)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0711000111", "+254711000111"),
        ("+254 711 000 111", "+254711000111"),
        ("254711000111", "+254711000111"),
        ("+447911123456", "+447911123456"),
    ],
)
def test_phone_numbers_have_one_form(typed: str, number: str) -> None:
    assert normalise(typed, "KE") == number


@pytest.mark.parametrize("typed", ["", "  ", "hello", "12", "+254" + "7" * 40, "+999123", "\x00"])
def test_an_impossible_number_says_how_to_write_one(typed: str) -> None:
    with pytest.raises(InvalidInput, match=r"\+254711000111"):
        normalise(typed, "KE")


def test_a_masked_number_shows_only_its_ends() -> None:
    assert masked("+254711000111") == "+254…111"
    assert "711" not in masked("+254711000111").replace("+254", "")[:1]


@given(st.integers(min_value=0, max_value=2**27 - 1))
def test_capability_masks_survive_as_codes(mask: int) -> None:
    assert int(capability.mask(capability.codes(mask))) == mask


@given(st.randoms(use_true_random=False))
def test_a_help_code_is_read_however_it_is_typed(rng: Random) -> None:
    code = help_code.new(rng)
    assert help_code.parse(f" {code.lower()[:2]} {code[2:]} ") == code


@pytest.mark.parametrize("typed", ["", "7K2", "7K2FF", "7K2O", "1234", "kibera"])
def test_what_cannot_be_a_help_code_is_none(typed: str) -> None:
    assert help_code.parse(typed) is None
