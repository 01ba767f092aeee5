"""The bytes of frames, hellos and rings: what opens, and what never does."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync import exchange, frame, packing
from sync.exchange import Session
from sync.frame import Frame
from sync.note import USUAL_LEASE_H, Note, pack_note
from sync.packing import Unreadable
from sync.sealing import SEAL_BYTES, Bearer, NodeKeys, PublicKeys, Refused
from sync.stream_log import Acknowledgement, Outgoing, Position

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
A_FRAME = frame.pack(Frame(1, 5, 1, (b"claim",)))
BOX, GATEWAY = NodeKeys(b"b" * 32), NodeKeys(b"g" * 32)


def a_session(epoch: int = 5, box: NodeKeys = BOX, gateway: NodeKeys = GATEWAY) -> Session:
    return exchange.session(box, gateway.public, 7, epoch)


def the_gateways(epoch: int = 5) -> Session:
    return exchange.session(GATEWAY, BOX.public, 7, epoch)


def compressed(content: bytes) -> bytes:
    """As `sync.compression` does it, whatever the size."""
    return zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=True
        )
    ).compress(content)


positions = st.builds(
    Position, st.sampled_from([1, 2]), st.integers(1, 2**32 - 1), st.integers(1, 2**40)
)


@given(
    st.lists(st.binary(max_size=4096), min_size=1, max_size=60),
    st.integers(1, 3),
    st.integers(1, 2**32 - 1),
    st.integers(1, 2**40),
)
def test_events_come_back_in_order_and_every_frame_fits(
    payloads: list[bytes], lane: int, epoch: int, first: int
) -> None:
    sent = [
        Outgoing(Position(lane, epoch, seq), payload)
        for seq, payload in enumerate(payloads, start=first)
    ]
    packed = list(frame.packed_frames_of(sent))
    assert all(len(each) + 16 <= frame.LONGEST_BYTES for each in packed)
    came = [
        Outgoing(Position(each.lane, each.epoch, seq), payload)
        for each in map(frame.unpack, packed)
        for seq, payload in enumerate(each.payloads, start=each.first_seq)
    ]
    assert came == sent


def test_a_hole_or_another_stream_starts_a_new_frame() -> None:
    places = [(1, 9, 1), (1, 9, 2), (1, 9, 4), (2, 9, 5), (2, 8, 6)]
    packed = frame.packed_frames_of(Outgoing(Position(*place), b"x") for place in places)
    assert [frame.unpack(each).first_seq for each in packed] == [1, 4, 5, 6]


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_unreadable(noise: bytes) -> None:
    for content in (noise, b"\x01" + noise, b"\x02" + noise, b"\x01" + compressed(noise)):
        try:
            frame.unpack(content)
        except Unreadable:
            continue


def test_a_tiny_frame_cannot_ask_for_all_the_memory() -> None:
    bomb = compressed(bytes(100_000_000))
    with pytest.raises(Unreadable, match="too long"):
        frame.unpack(b"\x01" + bomb)


def test_both_sides_make_the_same_seals_and_nobody_else_does() -> None:
    note = Note(clock=NOON, acknowledgements=(Acknowledgement(1, 2, 3, 4),), state_hash=bytes(8))
    body = exchange.build_request(a_session(), 1, note, [A_FRAME], Bearer.HTTPS)
    opened = exchange.open_request(the_gateways(), body, Bearer.HTTPS)
    assert (opened.note, opened.frames) == (note, (Frame(1, 5, 1, (b"claim",)),))
    stranger = NodeKeys(b"s" * 32)
    for session in (
        the_gateways(epoch=6),
        exchange.session(GATEWAY, stranger.public, 7, 5),
        exchange.session(stranger, BOX.public, 7, 5),
        exchange.session(GATEWAY, BOX.public, 8, 5),
    ):
        with pytest.raises(Refused):
            exchange.open_request(session, body, Bearer.HTTPS)
    with pytest.raises(Refused):
        exchange.open_request(the_gateways(), body, Bearer.FILE)
    with pytest.raises(Refused):
        exchange.open_answer(a_session(), body, body, Bearer.HTTPS)


def test_a_single_frame_spares_its_seal() -> None:
    note = Note(clock=NOON, state_hash=bytes(8))
    alone, pair = (
        exchange.build_request(a_session(), 1, note, [A_FRAME] * count, Bearer.HTTPS)
        for count in (1, 2)
    )
    assert len(pair) - len(alone) >= len(A_FRAME) + 2 * SEAL_BYTES
    opened = [exchange.open_request(the_gateways(), body, Bearer.HTTPS) for body in (alone, pair)]
    assert opened[0].frames * 2 == opened[1].frames
    assert opened[0].note == opened[1].note == note


def test_a_frame_cannot_be_moved_to_another_request() -> None:
    note = Note(clock=NOON, acknowledgements=(), state_hash=bytes(8))
    with_frame, without = (
        exchange.build_request(a_session(), number, note, frames, Bearer.HTTPS)
        for number, frames in ((1, [A_FRAME, A_FRAME]), (2, []))
    )
    sealed_frame = with_frame[len(without) :]
    with pytest.raises(Refused):
        exchange.open_request(the_gateways(), without + sealed_frame, Bearer.HTTPS)


def test_a_weak_public_key_is_refused() -> None:
    with pytest.raises(Refused):
        exchange.session(GATEWAY, PublicKeys(bytes(32), bytes(32)), 7, 5)


def test_a_hello_answers_one_challenge_only() -> None:
    hello = exchange.build_hello(a_session(), b"c" * 16)
    exchange.open_hello(the_gateways(), b"c" * 16, hello)
    for challenge, body in ((b"d" * 16, hello), (b"c" * 16, hello[:-1]), (b"c" * 16, b"")):
        with pytest.raises(Refused):
            exchange.open_hello(the_gateways(), challenge, body)


def test_a_ring_says_how_many_and_cannot_be_forged() -> None:
    ring = exchange.build_ring(the_gateways(), b"c" * 16, 4711)
    assert exchange.open_ring(a_session(), b"c" * 16, ring) == (4711, None)
    with_frame = exchange.build_ring(the_gateways(), b"c" * 16, 4711, A_FRAME)
    opened = exchange.open_ring(a_session(), b"c" * 16, with_frame)
    assert opened == (4711, frame.unpack(A_FRAME))
    broken = exchange.build_ring(the_gateways(), b"c" * 16, 4711, A_FRAME[:-1])
    for challenge, body in (
        (b"d" * 16, ring),
        (b"d" * 16, with_frame),
        (b"c" * 16, broken),
        (b"c" * 16, b"\x01"),
        (b"c" * 16, b""),
    ):
        with pytest.raises(Refused):
            exchange.open_ring(a_session(), challenge, body)


@given(st.integers(1, 10_000))
def test_an_answer_says_how_long_summaries_may_be_shown(hours: int) -> None:
    usual = Note(clock=NOON, state_hash=bytes(8))
    note = replace(usual, lease_h=hours, furthest=(Position(1, 5, 9),))
    # The last thing in a note: a version that does not know it leaves it alone.
    assert pack_note(note).endswith(b"" if hours == USUAL_LEASE_H else packing.unsigned(hours))
    request = exchange.build_request(a_session(), 1, usual, [], Bearer.HTTPS)
    answer = exchange.build_answer(
        the_gateways(), request, lambda waiting: note, [], 65536, Bearer.HTTPS
    )
    assert exchange.open_answer(a_session(), request, answer, Bearer.HTTPS).note == note
    assert len(pack_note(replace(usual, lease_h=168))) == len(pack_note(usual))
