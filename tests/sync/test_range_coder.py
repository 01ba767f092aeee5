"""Bits come back from the range coder, and cost what their chances say."""

from math import log2
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from sync.range_coder import Decoder, Encoder

_chances = st.integers(1, 65535)


@given(st.lists(st.tuples(_chances, st.integers(0, 1))))
@example([(1, 1)] * 40)
@example([(65535, 0)] * 40)
@example([(32768, 0)] * 64)
def test_bits_come_back(bits: list[tuple[int, int]]) -> None:
    encoder = Encoder()
    for one, bit in bits:
        encoder.code(one, bit)
    decoder = Decoder(encoder.finish())
    assert [decoder.code(one) for one, _ in bits] == [bit for _, bit in bits]


def test_likely_bits_cost_little() -> None:
    rng, encoder, cost = Random(3), Encoder(), 0.0
    for _ in range(20_000):
        one = rng.randrange(1, 65536)
        bit = int(rng.randrange(65536) < one)
        cost -= log2(one / 65536 if bit else 1 - one / 65536)
        encoder.code(one, bit)
    assert abs(len(encoder.finish()) - cost / 8) < 20


def test_nothing_takes_no_bytes() -> None:
    assert Encoder().finish() == b""
