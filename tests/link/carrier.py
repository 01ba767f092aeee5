"""Carries packets between a TUN device in one namespace and one in another:
`python -m tests.link.carrier NEAR FAR BITS_PER_S DELAY_MS SEED`.

It prints `done` when both devices are there, and after each line on its input, which is the share
of packets that it loses from then on.
"""

import fcntl
import heapq
import os
import select
import struct
import sys
import time
from random import Random

from tests.link.wire import enter

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_LONGEST_PACKET_BYTES = 2048
# As much as the mast keeps for a phone: more is dropped.
_MOST_WAITING_S = 4.0


class Direction:
    """One way of the line: one packet after another, each as long as the rate says."""

    def __init__(self, into: int, bits_per_s: float, delay_s: float) -> None:
        self.into = into
        self._bits_per_s = bits_per_s
        self._delay_s = delay_s
        self._free_at = 0.0

    def takes(self, packet: bytes, now: float) -> float | None:
        """When the packet arrives; None when too many wait before it."""
        begins = max(now, self._free_at)
        if begins - now > _MOST_WAITING_S:
            return None
        self._free_at = begins + len(packet) * 8 / self._bits_per_s
        return self._free_at + self._delay_s


def main(near: str, far: str, bits_per_s: float, delay_ms: float, seed: int) -> None:
    """Runs until its input ends."""
    ends = [_device(near), _device(far)]
    ways = {
        ends[0]: Direction(ends[1], bits_per_s, delay_ms / 1000),
        ends[1]: Direction(ends[0], bits_per_s, delay_ms / 1000),
    }
    rng, number, loss = Random(seed), 0, 0.0
    travelling: list[tuple[float, int, int, bytes]] = []
    print("done", flush=True)
    while True:
        wait_s = max(travelling[0][0] - time.monotonic(), 0.0) if travelling else None
        ready, _, _ = select.select([*ends, sys.stdin.fileno()], [], [], wait_s)
        now = time.monotonic()
        for end in ready:
            if end == sys.stdin.fileno():
                line = os.read(end, 100)
                if not line:
                    return
                loss = float(line)
                print("done", flush=True)
                continue
            packet = os.read(end, _LONGEST_PACKET_BYTES)
            lost = rng.random() < loss
            arrives = None if lost else ways[end].takes(packet, now)
            if arrives is not None:
                number += 1
                heapq.heappush(travelling, (arrives, number, ways[end].into, packet))
        while travelling and travelling[0][0] <= now:
            _, _, into, packet = heapq.heappop(travelling)
            # A cut line loses what is on it as well.
            if loss < 1:
                os.write(into, packet)


def _device(namespace: str) -> int:
    """A TUN device in that namespace, opened here."""
    enter(namespace)
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", b"haven", _IFF_TUN | _IFF_NO_PI))
    return descriptor


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
