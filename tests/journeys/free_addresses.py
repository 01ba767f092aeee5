"""Ports for a demo of its own beside whatever else runs on the machine."""

import socket

from deploy.demo.stage import Addresses

# More boxes than the demo starts with may join.
_BOXES = 4


def free_addresses() -> Addresses:
    """A range of ports of which each one that the demo needs is free."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            addresses = Addresses(int(probe.getsockname()[1]))
        if max(ports := [*addresses.ports(), *_more(addresses)]) < 65536 and all(
            map(_is_free, ports)
        ):
            return addresses


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _more(addresses: Addresses) -> list[int]:
    return [int(addresses.box(number).rpartition(":")[2]) for number in range(_BOXES)]
