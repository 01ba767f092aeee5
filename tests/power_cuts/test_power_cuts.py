"""The power goes at any moment of a real program's work: what it had been told is durable is there
afterwards, whole, and the product's own code opens what the disk holds.
"""

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from shutil import which
from tempfile import TemporaryDirectory

import pytest

from edge_node.identity import Identity
from edge_node.store import Store
from edge_node.tables import streams as box_streams
from gateway.database.sqlite import SqliteDatabase
from gateway.restoring.high_water import HighWater
from gateway.sites.tables import streams as gateway_streams
from sync.codec import decode
from sync.events import EpochStarted, NoteWritten
from sync.stream_log import Outgoing
from tests.power_cuts.samples import KEY, READER, words
from tests.power_cuts.trace import Call, Replay, record

pytestmark = [
    pytest.mark.processes,
    # CI must not skip what a laptop may: there it fails.
    pytest.mark.skipif(
        which("strace") is None and "CI" not in os.environ, reason="strace is not installed"
    ),
]
_SEED = 20261130
_CUTS = 40
# What is there afterwards: the number of the last write. Raises when anything is damaged.
Look = Callable[[Path], int]


def _numbers(events: list[Outgoing]) -> int:
    """The last of the notes, which all have to be there and whole."""
    notes = [event for each in events if isinstance(event := decode(each.payload), NoteWritten)]
    starts = [each for each in events if isinstance(decode(each.payload), EpochStarted)]
    assert len(notes) + len(starts) == len(events)
    assert [each.position.seq for each in events] == list(range(1, len(events) + 1))
    assert [note.text for note in notes] == [words(number + 1) for number in range(len(notes))]
    return len(notes)


def _in_store(folder: Path) -> int:
    store = Store(folder / "store.sqlite", KEY)
    try:
        assert store.moved_aside is None, "the store was damaged"
        return _numbers(store.read(lambda c: box_streams.outgoing.pending(c, READER, limit=9999)))
    finally:
        store.close()


def _in_database(folder: Path) -> int:
    database = SqliteDatabase(folder / "haven.sqlite", KEY)
    try:
        pending = database.read(lambda c: gateway_streams.outgoing.pending(c, READER, limit=9999))
        return _numbers(pending)
    finally:
        database.close()


def _in_identity(folder: Path) -> int:
    identity = Identity(folder)
    # The writer put its own keys there: they have to be the same still.
    assert identity.node_keys().public == identity.site().gateway
    return identity.site().site_id


def _in_high_water(folder: Path) -> int:
    return HighWater(folder / "high-water").read() - 1


def _lost(calls: list[Call], folder: Path, look: Look, work: Path) -> int:
    """How many of the cuts lost something that had been promised."""
    rng, replay, lost = Random(_SEED), Replay(folder), 0
    first = next(place for place, call in enumerate(calls) if _says(call))
    cuts = sorted(rng.sample(range(first + 1, len(calls) + 1), min(_CUTS, len(calls) - first)))
    for number, (before, cut) in enumerate(itertools.pairwise([0, *cuts])):
        for call in calls[before:cut]:
            replay.play(call)
        promised = int(replay.said.split()[-1])
        after = work / str(number)
        replay.disk.after_a_cut(rng, after)
        lost += look(after) < promised
    return lost


def _says(call: Call) -> bool:
    return call.name == "write" and call.numbers[0] == 1


@pytest.mark.parametrize(
    ("what", "count", "look"),
    [
        ("store", 150, _in_store),
        ("database", 150, _in_database),
        ("identity", 40, _in_identity),
        ("high-water", 40, _in_high_water),
    ],
)
def test_what_was_promised_is_there_after_a_power_cut(
    tmp_path: Path, what: str, count: int, look: Look
) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    calls = record(["tests.power_cuts.writer", what, str(folder), str(count)], tmp_path / "trace")
    assert sum(map(_says, calls)) > count - 1
    with TemporaryDirectory(dir=tmp_path) as work:
        assert _lost(calls, folder, look, Path(work)) == 0


@pytest.mark.parametrize(("what", "look"), [("store", _in_store), ("database", _in_database)])
def test_with_less_than_a_full_sync_promises_are_broken(
    tmp_path: Path, what: str, look: Look
) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    calls = record(
        ["tests.power_cuts.writer", what, str(folder), "40", "NORMAL"], tmp_path / "trace"
    )
    with TemporaryDirectory(dir=tmp_path) as work:
        assert _lost(calls, folder, look, Path(work)) > 0
