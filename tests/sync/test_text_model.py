"""The text model: what it makes short comes back, on every machine, and rubbish does no harm."""

import json
import subprocess
import sys
from contextlib import suppress
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync import frame, text_model
from sync.codec import encode
from sync.compression import grow, shrink, shrink_quickly
from sync.events import Event
from sync.frame import Frame
from sync.packing import Unreadable
from tests.bench.corpus import NAIROBI, emergencies
from tests.bench.elsewhere import ELSEWHERE
from tests.sync.event_strategies import any_event
from tests.sync.train_text_model import words
from tests.sync.vectors import sample_events

LONGEST = text_model.LONGEST_BYTES
PRIMER = Path("sync/primer_1.bin").read_bytes()
# Each example takes some milliseconds for every hundred bytes.
slowly = settings(max_examples=40)


@slowly
@given(st.binary(max_size=LONGEST))
@example(b"")
@example(b"\0")
@example(bytes(range(256)) * 2)
@example(b"\xff" * LONGEST)
def test_any_bytes_come_back(content: bytes) -> None:
    assert text_model.decompress(text_model.compress(content), LONGEST) == content


@slowly
@given(any_event)
def test_any_event_comes_back_alone_and_in_a_frame(event: Event) -> None:
    payload = encode(event)
    assert grow(shrink(payload), len(payload)) == payload
    framed = Frame(1, 2**31, 7, (payload,))
    assert frame.unpack(frame.pack(framed)) == framed


@slowly
@given(st.binary(max_size=LONGEST + 100) | any_event.map(encode))
def test_nothing_gets_longer_than_without_it(content: bytes) -> None:
    assert len(shrink(content)) <= len(shrink_quickly(content))


@slowly
@given(st.binary(max_size=80), st.integers(0, 300))
@example(b"\xff" * 80, 300)
@example(b"\0" * 80, 300)
def test_rubbish_is_a_bounded_content_or_unreadable(rubbish: bytes, longest: int) -> None:
    with suppress(Unreadable):
        assert len(text_model.decompress(rubbish, longest)) <= longest


@pytest.mark.parametrize("content", [b"a" * 200, encode(sample_events()[3])])
def test_every_cut_and_every_flipped_bit_is_a_content_or_unreadable(content: bytes) -> None:
    packed = text_model.compress(content)
    damaged = [packed[:size] for size in range(len(packed))]
    damaged += [
        bytes([*packed[:at], packed[at] ^ 1 << at % 8, *packed[at + 1 :]])
        for at in range(len(packed))
    ]
    for each in damaged:
        with suppress(Unreadable):
            assert len(text_model.decompress(each, LONGEST)) <= LONGEST


def test_a_reader_takes_no_more_than_it_asked_for() -> None:
    packed = shrink(b"msaada " * 40)
    assert packed[0] == 4
    assert grow(packed, 280) == b"msaada " * 40
    with pytest.raises(Unreadable):
        grow(packed, 279)


def test_longer_contents_are_left_to_zstd() -> None:
    note = b"tuko njiani, tafadhali harakisheni. " * 40
    assert len(note) > LONGEST
    assert shrink(note)[0] in (1, 2)


def test_another_process_writes_the_same_bytes() -> None:
    contents = [encode(event) for event in sample_events()]
    program = (
        "import json, sys; from sync.text_model import compress;"
        "print(json.dumps([compress(bytes.fromhex(each)).hex() for each in json.load(sys.stdin)]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([content.hex() for content in contents]),
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ran.stdout) == [text_model.compress(each).hex() for each in contents]


def test_an_emergency_takes_two_thirds_of_what_zstd_makes_of_it() -> None:
    for typed_by in (NAIROBI, ELSEWHERE):
        payloads = [encode(offer) for offer in emergencies(20, typed_by=typed_by)]
        without = sum(len(shrink_quickly(payload)) for payload in payloads)
        assert sum(len(shrink(payload)) for payload in payloads) < 0.7 * without


def test_the_model_has_read_nothing_of_what_it_is_measured_by() -> None:
    read = PRIMER.lower() + "\n".join(chain(*words().values())).lower().encode()
    for typed_by in (NAIROBI, ELSEWHERE):
        measured = set(typed_by.what)
        for typed, name, *_ in typed_by.places:
            measured |= {typed, *name.split(", ")}
        assert [each for each in measured if each.lower().encode() in read] == []
