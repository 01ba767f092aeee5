"""How many bytes and requests a thousand emergencies take to a fresh box.

Run it from the project's root: `python -m tests.bench.sync_size`.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sync.codec import encode
from tests.bench.corpus import emergencies
from tests.edge_node.two_sides import running
from tests.sync.conftest import sqlite_engine


@dataclass(frozen=True, slots=True)
class SyncSize:
    """What it took. Bytes are of bodies, both ways, before TLS; `event_bytes` before any frame."""

    events: int
    event_bytes: int
    requests: int
    down_bytes: int
    up_bytes: int
    seconds: float


def measure(count: int = 1000) -> SyncSize:
    """Publishes `count` emergencies, then lets a fresh box fetch and confirm them all."""
    offers = emergencies(count)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(sqlite_engine(), Path(folder)) as (gateway, hospital),
    ):
        gateway.clock.now = offers[-1].at
        gateway.knows(offers)
        hospital.network.requests.clear()
        hospital.network.answers.clear()
        start = time.perf_counter()
        hospital.exchanges()
        seconds = time.perf_counter() - start
        listed = hospital.box.dispatches(limit=count + 1)
        if len(listed) != count:
            raise AssertionError(f"{len(listed)} of {count} emergencies arrived")
        return SyncSize(
            events=count,
            event_bytes=sum(len(encode(offer)) for offer in offers),
            requests=len(hospital.network.requests),
            down_bytes=sum(map(len, hospital.network.answers)),
            up_bytes=sum(map(len, hospital.network.requests)),
            seconds=seconds,
        )


if __name__ == "__main__":
    size = measure()
    print(
        f"{size.events} emergencies: {size.event_bytes / size.events:.0f} bytes each packed; "
        f"{size.requests} requests, {size.down_bytes} bytes down "
        f"({size.down_bytes / size.events:.0f} each), {size.up_bytes} bytes up, "
        f"{size.seconds:.2f} s"
    )
