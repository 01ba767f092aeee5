"""How many bytes and exchanges emergencies take to a box: a thousand to a fresh one, then
one by one, then none.

Run it from the project's root: `python -m tests.bench.sync_size`.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sync.codec import encode
from sync.events import DispatchOffered
from sync.note import USUAL_REPLY_BYTES
from tests.bench.corpus import NAIROBI, Typed, emergencies
from tests.bench.elsewhere import ELSEWHERE
from tests.edge_node.two_sides import Hospital, running
from tests.sync.conftest import sqlite_engine

SMALL_REPLY_BYTES = 8192
ONE_BY_ONE = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What it took: request and answer of each exchange, in bytes of bodies, before TLS."""

    exchanges: tuple[tuple[int, int], ...]

    @property
    def bytes(self) -> int:
        return sum(map(sum, self.exchanges))

    @property
    def mean_bytes(self) -> float:
        return self.bytes / len(self.exchanges)

    @property
    def most_bytes(self) -> int:
        return max(map(sum, self.exchanges))


@dataclass(frozen=True, slots=True)
class SyncSize:
    """What was measured. `fresh` is the thousand with all that the box says of them; `downloads`
    are those of its exchanges that brought emergencies, at the usual size of an answer and at
    `SMALL_REPLY_BYTES`. Each exchange of `one` brings a single new emergency, the next one, in
    `confirmed`, says that it rings and brings the verdict on that; `nothing` is an exchange when
    nothing is new.
    """

    event_bytes: int
    fresh: Taken
    downloads: int
    downloads_small: int
    one: Taken
    confirmed: Taken
    nothing: Taken


def measure(count: int = 1000, typed_by: Typed = NAIROBI) -> SyncSize:
    """Publishes `count` emergencies, and lets a fresh box fetch and confirm them all."""
    offers = emergencies(count + ONE_BY_ONE, typed_by=typed_by)
    fresh, downloads = _fetched(offers[:count], USUAL_REPLY_BYTES)
    _, downloads_small = _fetched(offers[:count], SMALL_REPLY_BYTES)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(sqlite_engine(), Path(folder)) as (gateway, hospital),
    ):
        gateway.knows(offers[:count])
        gateway.clock.now = offers[count].at
        hospital.exchanges()
        one, confirmed = [], []
        for offer in offers[count:]:
            _exchange(hospital)  # tells that the last verdict is there
            gateway.clock.now = offer.at
            gateway.knows([offer])
            one.append(_exchange(hospital))
            confirmed.append(_exchange(hospital))
        _exchange(hospital)
        nothing = _exchange(hospital)
    return SyncSize(
        event_bytes=sum(len(encode(offer)) for offer in offers[:count]),
        fresh=fresh,
        downloads=downloads,
        downloads_small=downloads_small,
        one=Taken(tuple(one)),
        confirmed=Taken(tuple(confirmed)),
        nothing=Taken((nothing,)),
    )


def _fetched(offers: list[DispatchOffered], reply_bytes: int) -> tuple[Taken, int]:
    """What it took until nothing waited, and how many exchanges brought emergencies."""
    count = len(offers)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(sqlite_engine(), Path(folder), reply_bytes) as (gateway, hospital),
    ):
        gateway.clock.now = offers[-1].at
        gateway.knows(offers)
        taken: list[tuple[int, int]] = []
        downloads = 0
        while True:
            known = len(hospital.box.dispatches(limit=count + 1))
            more = hospital.exchanger.run().more
            taken.append((len(hospital.network.requests[-1]), len(hospital.network.answers[-1])))
            listed = len(hospital.box.dispatches(limit=count + 1))
            downloads += listed > known
            if not more:
                break
        if listed != count:
            raise AssertionError(f"{listed} of {count} emergencies arrived")
    return Taken(tuple(taken)), downloads


def _exchange(hospital: Hospital) -> tuple[int, int]:
    hospital.exchanger.run()
    return len(hospital.network.requests[-1]), len(hospital.network.answers[-1])


if __name__ == "__main__":
    for typed_by in (NAIROBI, ELSEWHERE):
        size = measure(typed_by=typed_by)
        print(f"{size.event_bytes} bytes packed, one by one; {size}")
