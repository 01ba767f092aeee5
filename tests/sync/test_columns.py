"""Events in columns come out byte for byte as they went in, whatever version packed them."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.codec import encode
from sync.columns import columns_of, read_columns
from sync.compression import shrink
from sync.events import Event
from sync.frame import Frame, content_of, pack, unpack
from sync.number_column import pack_column, read_column
from sync.packing import Reader, Unreadable
from tests.bench.corpus import emergencies
from tests.sync.event_strategies import any_event
from tests.sync.record_versions import as_after, as_before, unknown_event
from tests.sync.vectors import sample_events

_LONGEST = 64 * 1024
_NUMBERS = st.integers(0, 2**64 - 1)


def _there_and_back(payloads: list[bytes]) -> tuple[bytes, ...]:
    columns = columns_of(payloads, shrink)
    assert columns is not None
    reader = Reader(columns)
    read = read_columns(reader, len(payloads), _LONGEST)
    assert reader.at_end
    return read


@given(st.lists(any_event, max_size=12))
def test_any_events_come_back(made: list[Event]) -> None:
    payloads = [encode(event) for event in made]
    assert _there_and_back(payloads * 2) == tuple(payloads * 2)


def test_events_of_the_versions_before_and_after_come_back_mixed() -> None:
    payloads = [
        pack_as(event) for event in sample_events() for pack_as in (as_before, encode, as_after)
    ]
    payloads += [unknown_event()] * 3
    assert _there_and_back(payloads) == tuple(payloads)


def test_what_is_no_event_travels_in_a_plain_frame() -> None:
    number_in_too_many_bytes = b"\x8a\x00" + encode(sample_events()[12])[1:]
    for odd in (b"", b"\xff", number_in_too_many_bytes):
        payloads = (odd, *(encode(event) for event in emergencies(20)))
        assert columns_of(payloads, shrink) is None
        assert unpack(pack(Frame(1, 7, 1, payloads))).payloads == payloads


def test_columns_take_a_quarter_less_than_events_one_after_another() -> None:
    frame = Frame(1, 2**31, 1, tuple(encode(event) for event in emergencies(180)))
    packed = pack(frame)
    assert unpack(packed) == frame
    assert len(packed) < 0.75 * len(shrink(content_of(frame)))


@given(st.data())
def test_damaged_columns_are_unreadable_or_other_events(data: st.DataObject) -> None:
    packed = bytearray(pack(Frame(1, 7, 1, tuple(map(encode, sample_events() * 2)))))
    where = data.draw(st.integers(0, len(packed) - 1))
    packed[where] ^= data.draw(st.integers(1, 255))
    # What is damaged does not open; this is what a mistaken writer could do.
    with suppress(Unreadable):
        unpack(bytes(packed))
    with pytest.raises(Unreadable):
        unpack(bytes(packed[:where]))


def test_few_bytes_cannot_ask_for_much_memory() -> None:
    long = unknown_event() + bytes(4000)
    columns = columns_of([long] * 4000, shrink)
    assert columns is not None
    assert len(columns) < 200
    with pytest.raises(Unreadable):
        read_columns(Reader(columns), 4000, _LONGEST)


@given(st.lists(_NUMBERS | st.integers(0, 40), max_size=40))
@example([0] * 39 + [2**64 - 1])
@example([2**64 - 1, 0] * 5)
@example(list(range(1000, 1040)))
def test_any_column_of_numbers_comes_back(values: list[int]) -> None:
    apart = bytearray()
    columns = pack_column(values, apart)
    reader, texts = Reader(columns), Reader(bytes(apart))
    assert read_column(reader, texts, len(values)) == values
    assert reader.at_end
    assert texts.at_end


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([], ""),
        ([5, 5, 5, 5, 5], "000500"),
        ([10, 11, 12, 13, 10], "000a02e400"),
        ([1000, 1010, 1020, 1030], "01e8071400"),
        ([0, 70000, 0, 70000, 70000], "020200f0a2041a"),
    ],
)
def test_a_column_takes_its_shortest_form(values: list[int], column: str) -> None:
    assert pack_column(values, bytearray()).hex() == column


@pytest.mark.parametrize(
    "column",
    [
        "04",
        "0000",
        "00ffffffffffffffffff0101",
        "000042" + "00" * 40,
        "0200",
        "0241",
        "0203000102ff",
        "01000042",
    ],
)
def test_a_column_that_cannot_be_is_unreadable(column: str) -> None:
    with pytest.raises(Unreadable):
        read_column(Reader(bytes.fromhex(column)), Reader(b""), 4)
