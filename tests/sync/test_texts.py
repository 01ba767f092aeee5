"""What SMS adds to the streams, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, MetaData

from shared.dispatch import CannotTreatReason
from sync import peer
from sync.codec import decode, encode
from sync.events import CannotTreat, DispatchRemoved, Event
from sync.frame import Frame
from sync.heard import Heard, mark_of
from sync.sms import Carried
from sync.stream_log import Acknowledgement, Position, StreamLog
from tests.sync.conftest import Open

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH, BOX = 0xABCD1234, 4
CLAIM = CannotTreat(
    at=NOON, claim_id=9, dispatch_id=8, by="AK", reason=CannotTreatReason.NO_BED, note="n" * 150
)
BRIEF = replace(CLAIM, note="nnn…")


class Acting:
    """What was acted on, and what only completed."""

    def __init__(self) -> None:
        self.acted: list[Event] = []
        self.completed: list[Event] = []


@pytest.fixture
def log_and_connection(open_database: Open) -> Iterator[tuple[StreamLog, Connection]]:
    metadata = MetaData()
    log = StreamLog(metadata, "test")
    with open_database(metadata).begin() as connection:
        log.outgoing.begin_epoch(connection, EPOCH)
        yield log, connection


def texted(
    log: StreamLog, connection: Connection, event: Event, seq: int, acting: Acting, *, brief: bool
) -> bool:
    carried = Carried(Position(1, EPOCH, seq), encode(event), brief, None)
    return peer.receive_text(
        connection, log, BOX, carried, NOON, acting.acted.append, acting.completed.append
    )


def exchanged(
    log: StreamLog, connection: Connection, event: Event, seq: int, acting: Acting
) -> int:
    frame = Frame(1, EPOCH, seq, (encode(event),))
    return peer.receive_frame(
        connection, log, BOX, frame, NOON, acting.acted.append, acting.completed.append
    )


def test_a_brief_event_acts_once_and_the_whole_one_completes_it(
    log_and_connection: tuple[StreamLog, Connection],
) -> None:
    log, connection = log_and_connection
    acting = Acting()
    assert texted(log, connection, BRIEF, 2, acting, brief=True)
    assert not texted(log, connection, BRIEF, 2, acting, brief=True)
    assert acting.acted == [BRIEF]
    assert log.incoming.acknowledgements(connection, BOX, None) == []
    assert log.texts.heard_of(connection, BOX, EPOCH) == Heard(mark_of(EPOCH), 2)
    assert exchanged(log, connection, CLAIM, 2, acting) == 1
    assert exchanged(log, connection, CLAIM, 2, acting) == 0
    assert not texted(log, connection, BRIEF, 2, acting, brief=True)
    assert (acting.acted, acting.completed) == ([BRIEF], [CLAIM])


def test_a_brief_event_after_the_whole_one_does_nothing(
    log_and_connection: tuple[StreamLog, Connection],
) -> None:
    log, connection = log_and_connection
    acting = Acting()
    exchanged(log, connection, CLAIM, 2, acting)
    assert not texted(log, connection, BRIEF, 2, acting, brief=True)
    assert (acting.acted, acting.completed) == ([CLAIM], [])


def test_a_whole_event_by_sms_is_in_its_stream(
    log_and_connection: tuple[StreamLog, Connection],
) -> None:
    log, connection = log_and_connection
    acting = Acting()
    assert texted(log, connection, CLAIM, 3, acting, brief=False)
    (has,) = log.incoming.acknowledgements(connection, BOX, None)
    assert (has.cursor, has.ahead) == (0, 0b100)
    assert log.texts.heard_of(connection, BOX, EPOCH) == Heard(mark_of(EPOCH), 1, 0b10)
    assert exchanged(log, connection, CLAIM, 3, acting) == 0


def test_a_brief_event_that_cannot_be_acted_on_waits_for_the_whole_one(
    log_and_connection: tuple[StreamLog, Connection],
) -> None:
    log, connection = log_and_connection

    def refuses(event: Event) -> None:
        raise peer.CannotApply("not for boxes")

    at = Carried(Position(1, EPOCH, 2), encode(BRIEF), True, None)
    peer.receive_text(connection, log, BOX, at, NOON, refuses, refuses)
    frame = Frame(1, EPOCH, 2, (encode(CLAIM),))
    peer.receive_frame(connection, log, BOX, frame, NOON, refuses, refuses)
    assert [decode(each.payload) for each in log.incoming.parked(connection, BOX)] == [CLAIM]


def test_what_waits_for_a_reader(log_and_connection: tuple[StreamLog, Connection]) -> None:
    log, connection = log_and_connection
    since = NOON - timedelta(hours=1)
    claims = [replace(CLAIM, claim_id=number) for number in range(3)]
    peer.append(connection, log, BOX, [*claims, DispatchRemoved(at=NOON, dispatch_id=1)], NOON)
    waiting = log.texts.waiting(connection, BOX, since)
    # Number 1 began the epoch; what left the hospital's scope is lane 2.
    assert [each.position.seq for each in waiting] == [2, 3, 4]
    assert log.texts.readers_waiting(connection) == [BOX]
    assert log.texts.waiting(connection, BOX, NOON + timedelta(seconds=1)) == []
    log.texts.note_sent(connection, BOX, waiting[1].position, NOON)
    log.texts.note_sent(connection, BOX, waiting[1].position, NOON + timedelta(minutes=2))
    again = log.texts.waiting(connection, BOX, since)[1]
    assert (again.times, again.texted_at) == (2, NOON + timedelta(minutes=2))
    log.texts.note_heard(connection, BOX, Heard(mark_of(EPOCH), 1, 0b10))
    log.texts.note_heard(connection, BOX, Heard(mark_of(EPOCH), 2))
    log.texts.note_heard(connection, BOX, Heard(mark_of(EPOCH), 1))
    assert [each.position.seq for each in log.texts.waiting(connection, BOX, since)] == [4]
    log.readers.acknowledge(connection, BOX, Acknowledgement(1, EPOCH, 4))
    assert log.texts.waiting(connection, BOX, since) == []
    assert log.texts.readers_waiting(connection) == []


def test_it_forgets(log_and_connection: tuple[StreamLog, Connection]) -> None:
    log, connection = log_and_connection
    texted(log, connection, BRIEF, 2, Acting(), brief=True)
    log.texts.note_sent(connection, BOX, Position(1, EPOCH, 2), NOON)
    assert log.texts.forget(connection, NOON) == 0
    assert log.texts.forget(connection, NOON + timedelta(seconds=1)) == 2
