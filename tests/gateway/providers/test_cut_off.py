"""Connections whose answer takes too long, cut off by one thread for all of them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.providers.cut_off import CutOff

# A cut that does not come would hold the test up for so long.
_AT_MOST_S = 20.0


@pytest.fixture
def ends() -> Iterator[list[socket.socket]]:
    """Two connections, whose other ends never say anything."""
    with ExitStack() as stack:
        mine = []
        for _ in range(2):
            near, far = socket.socketpair()
            stack.enter_context(near)
            stack.enter_context(far)
            near.settimeout(_AT_MOST_S)
            mine.append(near)
        yield mine


def test_whoever_reads_wakes_up_when_the_time_is_over(ends: list[socket.socket]) -> None:
    slow, _ = ends
    watch = CutOff().after(0.05, slow)
    assert slow.recv(1) == b""
    assert watch.end()


def test_a_watch_that_has_ended_leaves_the_connection_alone(ends: list[socket.socket]) -> None:
    in_time, late = ends
    cut_off = CutOff()
    assert not cut_off.after(0.05, in_time).end()
    cut_off.after(0.1, late)
    # In the order of their time: the first one's is over by now.
    assert late.recv(1) == b""
    in_time.setblocking(False)
    with pytest.raises(BlockingIOError):
        in_time.recv(1)


def test_one_that_is_due_earlier_than_all_others_does_not_wait_for_them(
    ends: list[socket.socket],
) -> None:
    later, sooner = ends
    cut_off = CutOff()
    cut_off.after(10 * _AT_MOST_S, later)
    cut_off.after(0.05, sooner)
    assert sooner.recv(1) == b""


def test_a_connection_that_is_closed_already_harms_nobody(ends: list[socket.socket]) -> None:
    closed, late = ends
    cut_off = CutOff()
    cut_off.after(0.05, closed)
    closed.close()
    cut_off.after(0.1, late)
    assert late.recv(1) == b""
