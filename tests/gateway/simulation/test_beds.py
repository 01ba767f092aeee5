"""Beds: nobody is counted twice, and none is taken that is not there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulation.beds import Beds

_TIMES = st.floats(0, 5000)
_STAYS = st.floats(0.5, 2000)


@given(
    count=st.integers(1, 5),
    others=st.lists(st.tuples(_TIMES, _STAYS), max_size=40),
    ours=st.lists(st.tuples(_TIMES, _STAYS), max_size=20),
    data=st.data(),
)
def test_taken_is_who_came_less_who_left(
    count: int,
    others: list[tuple[float, float]],
    ours: list[tuple[float, float]],
    data: st.DataObject,
) -> None:
    leaving = data.draw(st.lists(_TIMES, max_size=count))
    beds = Beds(count, leaving, sorted(others))
    for at, stay in sorted(ours):
        beds.advance(at)
        if beds.free:
            beds.admit(at, stay)
        elif stay > 100:
            assert beds.next_free >= at
            assert beds.wait_for(stay) >= at
        assert 0 <= beds.taken <= count
        assert beds.taken == beds.admitted - beds.left
    beds.advance(1e9)
    assert beds.taken == 0
    assert beds.admitted == beds.left


def test_whoever_of_the_others_finds_no_bed_goes_elsewhere() -> None:
    beds = Beds(1, [10.0], [(5.0, 100.0), (20.0, 100.0)])
    beds.advance(30.0)
    assert (beds.turned_away, beds.taken, beds.next_free) == (1, 1, 120.0)


def test_a_bed_is_given_to_nobody_where_none_is_free() -> None:
    beds = Beds(1, [10.0], [])
    with pytest.raises(ValueError, match="no bed is free"):
        beds.admit(5.0, 1.0)
