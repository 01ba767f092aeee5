"""Ports for a demo of its own beside whatever else runs on the machine."""

from deploy.demo.stage import Addresses
from tests.free_ports import free_range

# The demo's programs take the first few, its boxes those from ten on.
_SIZE = 15


def free_addresses() -> Addresses:
    """A range of ports of which each one that the demo needs is free."""
    return Addresses(free_range(_SIZE))
