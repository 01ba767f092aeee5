"""A slow line that loses packets: two network namespaces, and a process that carries what one sends
to the other, late, at a given rate, and not always.
"""

import ctypes
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PROJECT = Path(__file__).resolve().parents[2]
# Of the two ends.
NEAR, FAR = "10.77.0.1", "10.77.0.2"
_CLONE_NEWNET = 0x40000000
_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def why_not() -> str:
    """Why no such line can be made here; empty when one can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if not Path("/dev/net/tun").exists():
        return "/dev/net/tun is missing"
    try:
        name = f"haven-try-{os.getpid()}"
        _ip("netns", "add", name)
        _ip("netns", "delete", name)
    except (OSError, subprocess.CalledProcessError):
        return "network namespaces cannot be made here (`ip netns add`)"
    return ""


def enter(name: str) -> None:
    """From here on this thread, and what it starts, is in that namespace.

    Raises OSError when that is not allowed.
    """
    with Path(f"/run/netns/{name}").open() as namespace:
        if _libc.setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the namespace {name}")


class Namespace:
    """A network of its own, and a thread in it that does what a test asks."""

    def __init__(self, name: str) -> None:
        self.name = name
        _ip("netns", "add", name)
        _ip("-n", name, "link", "set", "lo", "up")
        self._thread = ThreadPoolExecutor(1, initializer=enter, initargs=(name,))

    def run(self, work: Callable[..., T], *arguments: object) -> T:
        """What `work` gives; programs that it starts, and sockets that it opens, are inside."""
        return self._thread.submit(work, *arguments).result()

    def close(self) -> None:
        self._thread.shutdown()
        _ip("netns", "delete", self.name)


class Wire:
    """The line between two namespaces, of which `near` is the gateway's. It loses nothing yet."""

    def __init__(self, seed: int, bits_per_s: int = 50_000, round_trip_ms: int = 600) -> None:
        number = f"{os.getpid()}-{next(_numbers)}"
        self.near, self.far = Namespace(f"haven-near-{number}"), Namespace(f"haven-far-{number}")
        self._carrier = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.link.carrier", self.near.name, self.far.name),
                *map(str, (bits_per_s, round_trip_ms / 2, seed)),
            ],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say("")
        for namespace, address in ((self.near, NEAR), (self.far, FAR)):
            _ip("-n", namespace.name, "address", "add", f"{address}/24", "dev", "haven")
            _ip("-n", namespace.name, "link", "set", "haven", "up")

    def loses(self, share: float) -> None:
        """From here on this share of packets, each way, never arrives; with 1 the line is cut."""
        self._say(f"{share}\n")

    def carried(self) -> int:
        """How many bytes the far end has sent and received so far."""
        return self.far.run(_carried)

    def close(self) -> None:
        """Takes everything away again."""
        self._carrier.kill()
        self._carrier.wait()
        for pipe in (self._carrier.stdin, self._carrier.stdout):
            if pipe is not None:
                pipe.close()
        self.near.close()
        self.far.close()

    def _say(self, line: str) -> None:
        stdin, stdout = self._carrier.stdin, self._carrier.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(line)
        stdin.flush()
        if stdout.readline() != "done\n":
            raise RuntimeError("the carrier of packets has ended")


def _carried() -> int:
    # Of this thread's network, not of the process's.
    lines = Path("/proc/thread-self/net/dev").read_text().splitlines()
    [device] = [line for line in lines if line.strip().startswith("haven:")]
    counts = device.split(":")[1].split()
    return int(counts[0]) + int(counts[8])


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
