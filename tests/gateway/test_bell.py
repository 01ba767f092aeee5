"""One ring wakes one of those who wait, whenever it comes."""

import threading
from concurrent.futures import ThreadPoolExecutor

from gateway.bell import Bell

_LONG_S = 30.0


def test_each_ring_wakes_one() -> None:
    bell, woken = Bell(), threading.Semaphore(0)

    def sender() -> None:
        bell.wait(_LONG_S)
        woken.release()

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(sender)
        bell.ring()
        assert woken.acquire(timeout=_LONG_S)
        # Nothing is left of that ring for the others.
        assert not bell.wait(0)
        bell.ring(3)
        for _ in range(3):
            assert woken.acquire(timeout=_LONG_S)
    assert not bell.wait(0)


def test_a_ring_that_nobody_heard_is_not_lost() -> None:
    bell = Bell()
    bell.ring(2)
    assert [bell.wait(0) for _ in range(3)] == [True, True, False]


def test_rings_do_not_pile_up() -> None:
    bell = Bell(most=2)
    bell.ring(1000)
    assert [bell.wait(0) for _ in range(3)] == [True, True, False]
