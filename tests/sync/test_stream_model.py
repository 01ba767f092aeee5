"""The stream log of two sides against plain lists: any frames in any order, acknowledgements,
restores and forgetting, shrunk to the shortest story that goes wrong.
"""

from datetime import UTC, datetime, timedelta
from functools import cache

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection, Engine, MetaData, Table, select

from sync.events import Lane
from sync.stream_log import Acknowledgement, Outgoing, Position, Received, StreamLog
from sync.stream_log.values import NO_HASH, next_hash
from tests.sync.conftest import sqlite_engine

_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_LANE = int(Lane.EMERGENCIES)
_READER, _WRITER = 7, 0
_KEPT = timedelta(days=35)

Stream = dict[int, bytes]  # by number

_metadata = MetaData()
_writer_log = StreamLog(_metadata, "writer")
_reader_log = StreamLog(_metadata, "reader")


@cache
def _engine() -> Engine:
    """One for all stories: SQLAlchemy would compile every statement anew for each."""
    engine = sqlite_engine()
    _metadata.create_all(engine)
    return engine


def _empty_engine() -> Engine:
    engine = _engine()
    with engine.begin() as connection:
        for table in _metadata.sorted_tables:
            connection.execute(table.delete())
    return engine


class TwoSides(RuleBasedStateMachine):
    """One writer and one reader, and what each of them must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.now = _START
        self.writer, self.reader = _writer_log, _reader_log
        self.engine = _empty_engine()
        self.epoch = 0
        self.written: dict[int, list[bytes]] = {}
        self.arrived: dict[int, Stream] = {}
        self.acted: list[tuple[int, int]] = []
        self.on_the_way: list[Outgoing] = []
        self.begins()

    # What happens

    @rule()
    def begins(self) -> None:
        self.epoch += 1
        self.written[self.epoch] = []
        with self.engine.begin() as connection:
            self.writer.outgoing.begin_epoch(connection, self.epoch)

    @rule(payload=st.binary(min_size=1, max_size=3))
    def appends(self, payload: bytes) -> None:
        with self.engine.begin() as connection:
            at = self.writer.outgoing.append(connection, _READER, _LANE, payload, self.now)
            if not self.written[self.epoch]:
                self.written[self.epoch].append(self._start_of_epoch(connection))
        self.written[self.epoch].append(payload)
        assert at == Position(_LANE, self.epoch, len(self.written[self.epoch]))

    def _start_of_epoch(self, connection: Connection) -> bytes:
        pending = self.writer.outgoing.pending(connection, _READER)
        first = Position(_LANE, self.epoch, 1)
        return next(each.payload for each in pending if each.position == first)

    @rule(limit=st.integers(1, 6))
    def sends(self, limit: int) -> None:
        with self.engine.begin() as connection:
            self.on_the_way += self.writer.outgoing.pending(connection, _READER, limit=limit)

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data())
    def arrives(self, data: st.DataObject) -> None:
        """Any of all that was ever sent, once more or not."""
        event = data.draw(st.sampled_from(self.on_the_way))
        at = event.position
        here = self.arrived.setdefault(at.epoch, {})
        with self.engine.begin() as connection:
            received = self.reader.incoming.receive(
                connection, _WRITER, at, event.payload, self.now
            )
        assert received is (Received.DUPLICATE if at.seq in here else Received.NEW)
        if received is Received.NEW:
            here[at.seq] = event.payload
            self.acted.append((at.epoch, at.seq))

    @precondition(lambda self: any(self.arrived.values()))
    @rule(data=st.data(), payload=st.binary(min_size=4, max_size=5))
    def another_arrives_under_a_number(self, data: st.DataObject, payload: bytes) -> None:
        epoch = data.draw(st.sampled_from([each for each in self.arrived if self.arrived[each]]))
        seq = data.draw(st.sampled_from(sorted(self.arrived[epoch])))
        with self.engine.begin() as connection:
            kept = self._rows(connection, self.reader.incoming.events, epoch)
            received = self.reader.incoming.receive(
                connection, _WRITER, Position(_LANE, epoch, seq), payload, self.now
            )
        assert received is (Received.CONFLICT if seq in kept else Received.DUPLICATE)

    @rule()
    def acknowledges(self) -> None:
        with self.engine.begin() as connection:
            for each in self.reader.incoming.acknowledgements(connection, _WRITER, None):
                assert self.writer.readers.acknowledge(connection, _READER, each)

    @rule()
    def acknowledges_what_was_never_written(self) -> None:
        with self.engine.begin() as connection:
            far = Acknowledgement(_LANE, self.epoch, len(self.written[self.epoch]) + 1)
            assert not self.writer.readers.acknowledge(connection, _READER, far)

    @rule(days=st.sampled_from([1, 20, 36]))
    def forgets(self, days: int) -> None:
        self.now += timedelta(days=days)
        with self.engine.begin() as connection:
            self.reader.incoming.forget(connection, self.now - _KEPT)
            self.writer.readers.forget(connection, self.now - _KEPT)

    @rule(data=st.data())
    def loses_and_is_given_back(self, data: st.DataObject) -> None:
        """The writer is put back by some events of an epoch that is closed, and the reader returns
        what it has of them.
        """
        closed = [each for each in self.written if each != self.epoch and self.written[each]]
        if not closed:
            return
        epoch = data.draw(st.sampled_from(closed))
        with self.engine.begin() as connection:
            kept = self._rows(connection, self.writer.outgoing.events, epoch)
            dense = [seq for seq in kept if all(each in kept for each in range(1, seq + 1))]
            if len(dense) != len(self.written[epoch]):
                return
            to = data.draw(st.integers(0, len(dense)))
            self._put_back(connection, epoch, to)
            given = self.reader.incoming.history(
                connection, _WRITER, Position(_LANE, epoch, to), limit=100
            )
            count = to
            for event in given:
                taken = self.writer.readers.adopt(
                    connection, _READER, event.position, event.payload, self.now
                )
                follows = event.position.seq == count + 1
                assert taken is (Received.NEW if follows else Received.AHEAD)
                count += follows
            again = [
                self.writer.readers.adopt(
                    connection, _READER, each.position, each.payload, self.now
                )
                for each in given
            ]
            assert set(again[: count - to]) <= {Received.DUPLICATE}
            assert set(again[count - to :]) <= {Received.AHEAD}
            # What the reader had not: it is lost for good, and not sent from the way either.
            del self.written[epoch][count:]
            self.on_the_way = [
                each
                for each in self.on_the_way
                if each.position.epoch != epoch or each.position.seq <= count
            ]
            self.arrived[epoch] = {
                seq: payload for seq, payload in self.arrived.get(epoch, {}).items() if seq <= count
            }
            self.acted = [(of, seq) for of, seq in self.acted if of != epoch or seq <= count]
            self._reader_forgets_after(connection, epoch, count)

    def _put_back(self, connection: Connection, epoch: int, to: int) -> None:
        events, streams = self.writer.outgoing.events, self.writer.outgoing.streams
        running = NO_HASH
        for payload in self.written[epoch][:to]:
            running = next_hash(running, payload)
        connection.execute(events.delete().where(events.c.epoch == epoch, events.c.seq > to))
        row = connection.execute(select(streams).where(streams.c.epoch == epoch)).one()
        less = {"acknowledged": to, "acknowledged_hash": running}
        connection.execute(
            streams.update()
            .where(streams.c.epoch == epoch)
            .values(last_seq=to, running_hash=running, **(less if row.acknowledged > to else {}))
        )

    def _reader_forgets_after(self, connection: Connection, epoch: int, count: int) -> None:
        """Events ahead of a gap that nobody can fill: the model leaves them out."""
        events, streams = self.reader.incoming.events, self.reader.incoming.streams
        connection.execute(events.delete().where(events.c.epoch == epoch, events.c.seq > count))
        connection.execute(
            streams.update()
            .where(streams.c.epoch == epoch, streams.c.highest > count)
            .values(highest=count)
        )

    # What must hold

    @invariant()
    def every_event_acted_once(self) -> None:
        assert len(self.acted) == len(set(self.acted))

    @invariant()
    def the_cursor_stands_before_the_first_gap(self) -> None:
        with self.engine.begin() as connection:
            said = self.reader.incoming.acknowledgements(connection, _WRITER, None)
        for each in said:
            here = self.arrived.get(each.epoch, {})
            dense, running = 0, NO_HASH
            while dense + 1 in here:
                dense += 1
                running = next_hash(running, here[dense])
            assert (each.cursor, each.running_hash) == (dense, running)
            ahead = {seq for seq in here if dense < seq <= dense + 32}
            assert {seq for seq in range(dense + 1, dense + 33) if each.covers(seq)} == ahead

    @invariant()
    def what_is_owed_is_what_was_not_acknowledged(self) -> None:
        with self.engine.begin() as connection:
            owed = self.writer.outgoing.pending(connection, _READER)
            streams = self.writer.outgoing.streams
            rows = connection.execute(select(streams).order_by(streams.c.ordinal)).all()
        expected = [
            (row.epoch, seq)
            for row in rows
            for seq in range(row.acknowledged + 1, len(self.written[row.epoch]) + 1)
        ]
        assert [(each.position.epoch, each.position.seq) for each in owed] == expected
        for each in owed:
            assert each.payload == self.written[each.position.epoch][each.position.seq - 1]

    def _rows(self, connection: Connection, table: Table, epoch: int) -> set[int]:
        query = select(table.c.seq).where(table.c.epoch == epoch)
        return set(connection.execute(query).scalars())


TestTwoSides = TwoSides.TestCase
TestTwoSides.settings = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)
