"""What every database must keep of a stream."""

import random
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, MetaData

from sync.codec import decode, encode
from sync.events import EpochStarted, Lane
from sync.packing import Unreadable
from sync.stream_log import Acknowledgement, Outgoing, Position, Received, StreamLog
from tests.sync.conftest import Open

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOX, GATEWAY = 7, 0
LANE = int(Lane.EMERGENCIES)


class Node:
    """A stream log in a database of its own."""

    def __init__(self, open_database: Open, epoch: int = 1) -> None:
        metadata = MetaData()
        self.log = StreamLog(metadata, "test")
        self.engine: Engine = open_database(metadata)
        self.begins(epoch)

    def begins(self, epoch: int) -> None:
        with self.engine.begin() as connection:
            self.log.outgoing.begin_epoch(connection, epoch)

    def writes(self, *payloads: bytes, lane: int = LANE, reader: int = BOX) -> list[Position]:
        with self.engine.begin() as connection:
            return [
                self.log.outgoing.append(connection, reader, lane, payload, NOON)
                for payload in payloads
            ]

    def owes(self, *after: Acknowledgement, limit: int = 1000) -> list[Outgoing]:
        with self.engine.begin() as connection:
            return self.log.outgoing.pending(connection, BOX, after, limit)

    def gets(self, seq: int, payload: bytes, epoch: int = 1, lane: int = LANE) -> Received:
        with self.engine.begin() as connection:
            return self.log.incoming.receive(
                connection, GATEWAY, Position(lane, epoch, seq), payload, NOON
            )

    def has(self, *mentioned: tuple[int, int]) -> list[Acknowledgement]:
        with self.engine.begin() as connection:
            return self.log.incoming.acknowledgements(connection, GATEWAY, mentioned or None)

    def troubles(self) -> list[str]:
        with self.engine.begin() as connection:
            return [trouble.what for trouble in self.log.incoming.troubles(connection)]


@pytest.fixture
def node(open_database: Open) -> Node:
    return Node(open_database)


def a_start(previous_epoch: int = 0, previous_seq: int = 0) -> bytes:
    return encode(
        EpochStarted(
            at=NOON,
            previous_epoch=previous_epoch,
            previous_seq=previous_seq,
            previous_hash=b"",
        )
    )


def test_numbers_are_dense_and_the_first_event_starts_the_epoch(node: Node) -> None:
    assert [at.seq for at in node.writes(b"a", b"b")] == [2, 3]
    owed = node.owes()
    assert [event.position.seq for event in owed] == [1, 2, 3]
    assert decode(owed[0].payload) == EpochStarted(
        at=NOON, previous_epoch=0, previous_seq=0, previous_hash=b""
    )


def test_a_transaction_that_fails_leaves_no_hole(node: Node) -> None:
    node.writes(b"a")
    with node.engine.connect() as connection, connection.begin() as transaction:
        node.log.outgoing.append(connection, BOX, LANE, b"lost", NOON)
        transaction.rollback()
    assert [at.seq for at in node.writes(b"b")] == [3]
    assert [event.payload for event in node.owes()][1:] == [b"a", b"b"]


def test_a_new_epoch_names_the_one_before(node: Node) -> None:
    node.writes(b"a", b"b")
    node.begins(2)
    node.writes(b"c")
    owed = node.owes()
    assert [(event.position.epoch, event.position.seq) for event in owed] == [
        (1, 1),
        (1, 2),
        (1, 3),
        (2, 1),
        (2, 2),
    ]
    start = decode(owed[3].payload)
    with node.engine.begin() as connection:
        last = node.log.outgoing.hash_at(connection, BOX, Position(LANE, 1, 3))
    assert isinstance(start, EpochStarted)
    assert (start.previous_epoch, start.previous_seq, start.previous_hash) == (1, 3, last)


def test_writing_before_an_epoch_is_refused(open_database: Open) -> None:
    metadata = MetaData()
    log = StreamLog(metadata, "test")
    with open_database(metadata).begin() as connection, pytest.raises(RuntimeError):
        log.outgoing.append(connection, BOX, LANE, b"a", NOON)


def test_what_is_acknowledged_is_not_owed_any_more(node: Node) -> None:
    node.writes(b"a", b"b", b"c")
    assert [event.payload for event in node.owes(Acknowledgement(LANE, 1, 2))] == [b"b", b"c"]
    ahead = Acknowledgement(LANE, 1, 2, ahead=0b10)
    assert [event.payload for event in node.owes(ahead)] == [b"b"]
    with node.engine.begin() as connection:
        assert node.log.readers.acknowledge(connection, BOX, Acknowledgement(LANE, 1, 3))
        assert node.log.readers.acknowledge(connection, BOX, Acknowledgement(LANE, 1, 2))
    assert [event.payload for event in node.owes()] == [b"c"]


@pytest.mark.parametrize(
    "claimed", [Acknowledgement(LANE, 1, 99), Acknowledgement(LANE, 5, 1)], ids=["number", "epoch"]
)
def test_acknowledging_what_was_never_written_is_noticed(
    node: Node, claimed: Acknowledgement
) -> None:
    node.writes(b"a")
    with node.engine.begin() as connection:
        assert not node.log.readers.acknowledge(connection, BOX, claimed)
    assert len(node.owes()) == 2


def test_lower_lanes_and_older_events_go_first(node: Node) -> None:
    node.writes(b"beds", lane=2)
    node.writes(b"emergency", lane=1)
    assert [event.payload for event in node.owes() if event.position.seq == 2] == [
        b"emergency",
        b"beds",
    ]
    assert len(node.owes(limit=3)) == 3


def test_the_cursor_waits_for_gaps_and_then_runs(node: Node) -> None:
    assert node.gets(1, a_start()) is Received.NEW
    assert node.gets(3, b"c") is Received.NEW
    assert node.gets(4, b"d") is Received.NEW
    [gap] = node.has()
    assert (gap.cursor, gap.ahead) == (1, 0b110)
    assert node.gets(2, b"b") is Received.NEW
    [whole] = node.has()
    assert (whole.cursor, whole.ahead) == (4, 0)


def test_the_running_hash_is_the_same_on_both_sides_in_any_order(open_database: Open) -> None:
    node = Node(open_database)
    node.writes(*(bytes([letter]) for letter in range(20)))
    sent = node.owes()
    random.Random(4).shuffle(sent)
    for event in sent:
        assert node.gets(event.position.seq, event.payload) is Received.NEW
    [whole] = node.has()
    with node.engine.begin() as connection:
        ours = node.log.outgoing.hash_at(connection, BOX, Position(LANE, 1, 21))
    assert (whole.cursor, whole.running_hash) == (21, ours)


def test_twice_is_once_and_another_content_is_a_conflict(node: Node) -> None:
    node.gets(1, a_start())
    assert node.gets(2, b"b") is Received.NEW
    assert node.gets(2, b"b") is Received.DUPLICATE
    assert node.troubles() == []
    assert node.gets(2, b"other") is Received.CONFLICT
    assert node.troubles() == ["Event 2 came in two versions; the first one counts."]


@pytest.mark.parametrize("seq", [0, -1, 1 << 40])
def test_an_absurd_number_is_refused(node: Node, seq: int) -> None:
    with pytest.raises(Unreadable):
        node.gets(seq, b"x")


def test_two_successors_of_one_epoch_are_a_fork_and_both_are_kept(node: Node) -> None:
    for epoch, previous in ((1, 0), (2, 1), (3, 1)):
        assert node.gets(1, a_start(previous, 1 if previous else 0), epoch) is Received.NEW
        assert node.gets(2, b"claim", epoch) is Received.NEW
        if epoch == 1:
            continue
        # Epoch 2 continues epoch 1 from its first event although a second one was seen.
        assert node.troubles()
    assert [each.cursor for each in node.has()] == [2, 2, 2]


def test_a_straight_line_of_epochs_is_no_trouble(node: Node) -> None:
    for epoch in (1, 2, 3):
        node.gets(1, a_start(epoch - 1, 2 if epoch > 1 else 0), epoch)
        node.gets(2, b"claim", epoch)
    assert node.troubles() == []


def test_a_parked_event_is_shown_and_does_not_hold_up_the_cursor(node: Node) -> None:
    node.gets(1, a_start())
    node.gets(2, b"??")
    with node.engine.begin() as connection:
        node.log.incoming.park(connection, GATEWAY, Position(LANE, 1, 2), "not known")
    assert node.troubles() == ["Event 2 is set aside: not known"]
    assert node.has((LANE, 1))[0].cursor == 2


def test_only_mentioned_and_broken_streams_are_acknowledged(node: Node) -> None:
    node.gets(1, a_start(), epoch=1)
    node.gets(1, a_start(1, 1), epoch=2)
    node.gets(5, b"far", epoch=3)
    assert [each.epoch for each in node.has((LANE, 2))] == [2, 3]


def test_many_writers_at_once_leave_no_hole_and_no_double(open_for_many: Open) -> None:
    node = Node(open_for_many)

    def write(name: int) -> None:
        for number in range(25):
            node.writes(f"{name}-{number}".encode())

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owed = node.owes()
    assert [event.position.seq for event in owed] == list(range(1, 102))
    assert len({event.payload for event in owed}) == 101
