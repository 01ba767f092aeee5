"""What SMS adds to the streams: which events of lane 1 were texted, what the other side has heard
of them, and which events came in brief.

An event that was heard by SMS is not acknowledged by that: its stream still waits for the whole
event by another bearer, and for the running hash.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    true,
)

from sync.heard import Heard, mark_of
from sync.packing import from_milliseconds, milliseconds
from sync.stream_log.incoming import IncomingStreams
from sync.stream_log.outgoing import OutgoingStreams
from sync.stream_log.values import (
    IN_KEY_ORDER,
    Connection,
    Outgoing,
    Position,
    insert,
)

LANE = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event of ours that its reader has neither acknowledged nor heard. `times` is how often it
    was texted, last at `texted_at`.
    """

    position: Position
    payload: bytes
    times: int
    texted_at: datetime | None


class Texts:
    """The tables of this bearer. The other node is `reader` of what we write, `writer` of what it
    writes.
    """

    def __init__(
        self,
        metadata: MetaData,
        prefix: str,
        outgoing: OutgoingStreams,
        incoming: IncomingStreams,
    ) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        big = BigInteger().with_variant(Integer, "sqlite")
        self.sent = Table(
            f"{prefix}_texts_sent",
            metadata,
            Column("reader", big, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("seq", BigInteger, primary_key=True, autoincrement=False),
            Column("times", Integer, nullable=False),
            Column("at_ms", BigInteger, nullable=False),
            **IN_KEY_ORDER,
        )
        self.heard = Table(
            f"{prefix}_texts_heard",
            metadata,
            Column("reader", big, primary_key=True, autoincrement=False),
            Column("mark", Integer, primary_key=True, autoincrement=False),
            Column("upto", BigInteger, nullable=False),
            Column("ahead", BigInteger, nullable=False),
            **IN_KEY_ORDER,
        )
        self.briefs = Table(
            f"{prefix}_briefs",
            metadata,
            Column("writer", big, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("seq", BigInteger, primary_key=True, autoincrement=False),
            Column("payload", LargeBinary, nullable=False),
            Column("at_ms", BigInteger, nullable=False),
            **IN_KEY_ORDER,
        )

    def waiting(self, connection: Connection, reader: int, since: datetime) -> list[Waiting]:
        """The events of lane 1 written since then that the reader neither has nor has heard, oldest
        first.
        """
        streams, written, sent = self._outgoing.streams, self._outgoing.events, self.sent
        rows = connection.execute(
            select(written, sent.c.times, sent.c.at_ms.label("texted_ms"))
            .join(
                streams,
                and_(
                    streams.c.reader == written.c.reader,
                    streams.c.lane == written.c.lane,
                    streams.c.epoch == written.c.epoch,
                ),
            )
            .outerjoin(
                sent,
                and_(
                    sent.c.reader == written.c.reader,
                    sent.c.epoch == written.c.epoch,
                    sent.c.seq == written.c.seq,
                ),
            )
            .where(
                written.c.reader == reader,
                written.c.lane == LANE,
                written.c.seq > streams.c.acknowledged,
                # Number 1 says only that an epoch has begun.
                written.c.seq > 1,
                streams.c.dropped.is_not(true()),
                # 0 is an event that has no date yet: nobody knows how old it is.
                or_(written.c.at_ms >= milliseconds(since), written.c.at_ms == 0),
            )
            .order_by(streams.c.ordinal, written.c.seq)
        ).all()
        heard = {
            epoch: self.heard_by(connection, reader, epoch) for epoch in {row.epoch for row in rows}
        }
        return [_waiting(row) for row in rows if not heard[row.epoch].covers(row.seq)]

    def readers_waiting(self, connection: Connection) -> list[int]:
        """Whose lane 1 is not wholly acknowledged."""
        streams = self._outgoing.streams
        query = select(streams.c.reader).where(
            streams.c.lane == LANE,
            streams.c.acknowledged < streams.c.last_seq,
            streams.c.dropped.is_not(true()),
        )
        return list(connection.execute(query.distinct().order_by(streams.c.reader)).scalars())

    def note_sent(self, connection: Connection, reader: int, at: Position, now: datetime) -> None:
        """It goes out as a text now, once more where it had before."""
        table = self.sent
        values = {"reader": reader, "epoch": at.epoch, "seq": at.seq, "times": 1}
        again = {"times": table.c.times + 1, "at_ms": milliseconds(now)}
        connection.execute(
            insert(connection, table)
            .values(**values, at_ms=milliseconds(now))
            .on_conflict_do_update(index_elements=["reader", "epoch", "seq"], set_=again)
        )

    def heard_by(self, connection: Connection, reader: int, epoch: int) -> Heard:
        """What the reader has said that it heard of this epoch of ours."""
        row = self._heard_row(connection, reader, mark_of(epoch))
        return Heard(mark_of(epoch)) if row is None else Heard(row.mark, row.upto, row.ahead)

    def _heard_row(
        self, connection: Connection, reader: int, mark: int
    ) -> Row[*tuple[Any, ...]] | None:
        table = self.heard
        here = and_(table.c.reader == reader, table.c.mark == mark)
        return connection.execute(select(table).where(here)).one_or_none()

    def note_heard(self, connection: Connection, reader: int, said: Heard) -> None:
        """The reader says what it has heard: that only grows, whatever order its texts come in."""
        row = self._heard_row(connection, reader, said.mark)
        known = said if row is None else Heard(row.mark, row.upto, row.ahead).grown_by(said)
        values = {"upto": known.upto, "ahead": known.ahead}
        connection.execute(
            insert(connection, self.heard)
            .values(reader=reader, mark=known.mark, **values)
            .on_conflict_do_update(index_elements=["reader", "mark"], set_=values)
        )

    def heard_of(self, connection: Connection, writer: int, epoch: int) -> Heard:
        """What we have of the writer's lane 1 in this epoch, whole or in brief: it is told."""
        streams, events, briefs = self._incoming.streams, self._incoming.events, self.briefs
        cursor = (
            connection.execute(
                select(streams.c.cursor).where(
                    streams.c.writer == writer, streams.c.lane == LANE, streams.c.epoch == epoch
                )
            ).scalar_one_or_none()
            or 1
        )
        whole = select(events.c.seq).where(
            events.c.writer == writer,
            events.c.lane == LANE,
            events.c.epoch == epoch,
            events.c.seq > cursor,
        )
        brief = select(briefs.c.seq).where(
            briefs.c.writer == writer, briefs.c.epoch == epoch, briefs.c.seq > cursor
        )
        numbers = {*connection.execute(whole).scalars(), *connection.execute(brief).scalars()}
        return Heard(mark_of(epoch), cursor).grown_by(Heard.of(mark_of(epoch), numbers | {cursor}))

    def keep_brief(
        self, connection: Connection, writer: int, at: Position, payload: bytes, now: datetime
    ) -> bool:
        """Notes an event that came in brief. False when it is known already, whole or in brief."""
        if self._incoming.has(connection, writer, at):
            return False
        table = self.briefs
        kept = connection.execute(
            insert(connection, table)
            .values(
                writer=writer,
                epoch=at.epoch,
                seq=at.seq,
                payload=payload,
                at_ms=milliseconds(now),
            )
            .on_conflict_do_nothing()
            .returning(table.c.seq)
        )
        return kept.first() is not None

    def furthest_briefs(self, connection: Connection, writer: int) -> list[Position]:
        """The furthest event of each epoch that came in brief, and not yet whole. What a snapshot
        replaced is left out.
        """
        streams, table = self._incoming.streams, self.briefs
        of_stream = and_(
            streams.c.writer == table.c.writer,
            streams.c.lane == LANE,
            streams.c.epoch == table.c.epoch,
        )
        query = (
            select(table.c.epoch, func.max(table.c.seq))
            .outerjoin(streams, of_stream)
            .where(table.c.writer == writer, streams.c.superseded.is_not(true()))
            .group_by(table.c.epoch)
        )
        return [Position(LANE, epoch, seq) for epoch, seq in connection.execute(query)]

    def briefs_after(
        self, connection: Connection, writer: int, after: Position, limit: int
    ) -> list[Outgoing]:
        """At most `limit` events after that one that came in brief, and not yet whole."""
        table = self.briefs
        query = (
            select(table.c.seq, table.c.payload)
            .where(table.c.writer == writer, table.c.epoch == after.epoch, table.c.seq > after.seq)
            .order_by(table.c.seq)
            .limit(limit)
        )
        return [
            Outgoing(Position(LANE, after.epoch, seq), payload)
            for seq, payload in connection.execute(query)
        ]

    def in_brief(
        self, connection: Connection, writer: int, epoch: int, first: int, last: int
    ) -> set[int]:
        """Of the numbers `first` to `last` those that came in brief, and not yet whole."""
        table = self.briefs
        query = select(table.c.seq).where(
            table.c.writer == writer, table.c.epoch == epoch, table.c.seq.between(first, last)
        )
        return set(connection.execute(query).scalars())

    def drop_brief(self, connection: Connection, writer: int, at: Position) -> None:
        """The whole event is there, or the brief one could not be acted on."""
        table = self.briefs
        connection.execute(
            delete(table).where(
                table.c.writer == writer, table.c.epoch == at.epoch, table.c.seq == at.seq
            )
        )

    def forget(self, connection: Connection, before: datetime) -> int:
        """Deletes what was noted before that moment. How many rows it were."""
        return sum(
            connection.execute(
                delete(table).where(table.c.at_ms < milliseconds(before), table.c.at_ms > 0)
            ).rowcount
            for table in (self.sent, self.briefs)
        )


def _waiting(row: Row[*tuple[Any, ...]]) -> Waiting:
    return Waiting(
        Position(LANE, row.epoch, row.seq),
        row.payload,
        row.times or 0,
        from_milliseconds(row.texted_ms) if row.texted_ms else None,
    )
