"""Ports for programs that tests start: nobody listens there, and nobody is given them by chance.

A port that the system hands out and that is let go again may be handed to the next connection of
any process before the program binds it. These lie below the range that systems hand out from.
"""

import os
import socket
from collections.abc import Iterator
from itertools import count

_LOWEST = 20_000
_EACH = 3_000
# Tests that run side by side each have a range of their own.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
_steps = count(os.getpid() % 100 * 20)


def free_ports(number: int) -> list[int]:
    """That many ports, one after the other, each different from those given out before."""
    found = _candidates()
    return [next(found) for _ in range(number)]


def free_range(size: int) -> int:
    """The first of so many ports in a row that are free."""
    while True:
        first = _next_port(size)
        if all(is_free(port) for port in range(first, first + size)):
            return first


def is_free(port: int) -> bool:
    """True when a program could listen there now."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _candidates() -> Iterator[int]:
    while True:
        port = _next_port(1)
        if is_free(port):
            yield port


def _next_port(size: int) -> int:
    step = next(_steps)
    for _ in range(size - 1):
        next(_steps)
    return _LOWEST + _WORKER * _EACH + step % (_EACH - size)
