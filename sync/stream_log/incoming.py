"""What other nodes wrote, as it arrived: acted on in any order, counted without a gap."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    and_,
    bindparam,
    delete,
    or_,
    select,
    true,
    update,
)

from sync.codec import decode
from sync.events import EpochStarted
from sync.packing import Unreadable, milliseconds
from sync.stream_log.values import (
    AHEAD_BITS,
    HASH_BYTES,
    IN_KEY_ORDER,
    NO_DATE,
    NO_HASH,
    Acknowledgement,
    KeptFrom,
    Outgoing,
    Position,
    Received,
    Trouble,
    insert,
    next_hash,
)

# What may arrive ahead of a gap; beyond it a writer is broken or hostile, not merely unordered.
_FURTHEST_AHEAD = 1 << 20


class IncomingStreams:
    """The streams of others. `writer` is the other node's number."""

    def __init__(self, metadata: MetaData, prefix: str, *, dated_later: bool) -> None:
        self._dated_later = dated_later
        big = BigInteger().with_variant(Integer, "sqlite")
        self.streams = Table(
            f"{prefix}_incoming_streams",
            metadata,
            Column("writer", big, primary_key=True, autoincrement=False),
            Column("lane", Integer, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("cursor", BigInteger, nullable=False),
            Column("highest", BigInteger, nullable=False),
            Column("running_hash", LargeBinary(HASH_BYTES), nullable=False),
            # All three are null until the epoch's first event is here.
            Column("previous_epoch", BigInteger),
            Column("previous_seq", BigInteger),
            Column("previous_hash", LargeBinary(HASH_BYTES)),
            Column(
                "superseded", Boolean, nullable=False
            ),  # a snapshot told all that mattered of it
            **IN_KEY_ORDER,
        )
        self.events = Table(
            f"{prefix}_incoming",
            metadata,
            Column("writer", big, primary_key=True, autoincrement=False),
            Column("lane", Integer, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("seq", BigInteger, primary_key=True, autoincrement=False),
            Column("payload", LargeBinary, nullable=False),
            Column("at_ms", BigInteger, nullable=False),
            Column("parked", String(300)),  # why it could not be read or applied
            Column("conflicts", Integer, nullable=False),
            **IN_KEY_ORDER,
        )
        # Written out once: these run for every event that arrives.
        streams, events = self.streams, self.events
        here = and_(
            streams.c.writer == bindparam("of_writer"),
            streams.c.lane == bindparam("of_lane"),
            streams.c.epoch == bindparam("of_epoch"),
        )
        self._stream = select(streams).where(here).with_for_update()
        self._move = (
            update(streams)
            .where(here)
            .values(
                cursor=bindparam("to"), running_hash=bindparam("hash"), highest=bindparam("top")
            )
        )
        self._payload = select(events.c.payload).where(
            events.c.writer == bindparam("of_writer"),
            events.c.lane == bindparam("of_lane"),
            events.c.epoch == bindparam("of_epoch"),
            events.c.seq == bindparam("of_seq"),
        )
        self._insert_event = events.insert()

    def date(self, connection: Connection, now: datetime) -> None:
        """See `StreamLog.date`."""
        table = self.events
        connection.execute(
            update(table).where(table.c.at_ms == NO_DATE).values(at_ms=milliseconds(now))
        )

    def receive(
        self, connection: Connection, writer: int, at: Position, payload: bytes, now: datetime
    ) -> Received:
        """Takes an authentic event, in whatever order it comes.

        The caller acts on it at once when it is NEW; only the cursor waits for what is missing.
        Raises Unreadable when its number is absurd.
        """
        stream = self._incoming_stream(connection, writer, at.lane, at.epoch)
        if not 1 <= at.seq <= stream.cursor + _FURTHEST_AHEAD:
            raise Unreadable(f"Number {at.seq} is too far ahead of {stream.cursor}.")
        here = {"of_writer": writer, "of_lane": at.lane, "of_epoch": at.epoch}
        present = connection.execute(self._payload, here | {"of_seq": at.seq}).scalar_one_or_none()
        if present == payload:
            return Received.DUPLICATE
        if present is None and at.seq <= stream.cursor:
            return Received.DUPLICATE  # it came, was acted on, and is not kept any more
        if present is not None:
            self._count_conflict(connection, writer, at)
            return Received.CONFLICT
        connection.execute(
            self._insert_event,
            {
                "writer": writer,
                "lane": at.lane,
                "epoch": at.epoch,
                "seq": at.seq,
                "payload": payload,
                "at_ms": NO_DATE if self._dated_later else milliseconds(now),
                "conflicts": 0,
            },
        )
        if at.seq == 1:
            self._note_start(connection, writer, at, payload)
        self._advance(connection, stream, at, payload)
        return Received.NEW

    def skip_to(self, connection: Connection, writer: int, kept: KeptFrom) -> None:
        """Waits no longer for what stands before that event: its writer does not keep it any more.
        The event itself is waited for, if it comes.
        """
        at = kept.position
        stream = self._incoming_stream(connection, writer, at.lane, at.epoch)
        if stream.cursor < at.seq and (not kept.comes or self.has(connection, writer, at)):
            self._move_over(connection, stream, at.seq, kept.running_hash)

    def epochs(self, connection: Connection, writer: int, lane: int) -> list[int]:
        """The epochs of the writer's lane of which something is known, the liveliest first."""
        table = self.streams
        query = select(table.c.epoch).where(table.c.writer == writer, table.c.lane == lane)
        lively = query.order_by(table.c.superseded, table.c.highest.desc())
        return list(connection.execute(lively).scalars())

    def has(self, connection: Connection, writer: int, at: Position) -> bool:
        """True when this event has come, whole."""
        here = {"of_writer": writer, "of_lane": at.lane, "of_epoch": at.epoch}
        stream = connection.execute(self._stream, here).one_or_none()
        if stream is None:
            return False
        present = connection.execute(self._payload, here | {"of_seq": at.seq}).first()
        return at.seq <= stream.cursor or present is not None

    def _incoming_stream(
        self, connection: Connection, writer: int, lane: int, epoch: int
    ) -> Row[*tuple[Any, ...]]:
        here = {"of_writer": writer, "of_lane": lane, "of_epoch": epoch}
        stream = connection.execute(self._stream, here).one_or_none()
        if stream is not None:
            return stream
        new = {"writer": writer, "lane": lane, "epoch": epoch, "cursor": 0, "highest": 0}
        connection.execute(
            insert(connection, self.streams)
            .values(**new, running_hash=NO_HASH, superseded=False)
            .on_conflict_do_nothing()
        )
        return connection.execute(self._stream, here).one()

    def _count_conflict(self, connection: Connection, writer: int, at: Position) -> None:
        table = self.events
        connection.execute(
            update(table)
            .where(
                table.c.writer == writer,
                table.c.lane == at.lane,
                table.c.epoch == at.epoch,
                table.c.seq == at.seq,
            )
            .values({"conflicts": table.c.conflicts + 1})
        )

    def _advance(
        self, connection: Connection, stream: Row[*tuple[Any, ...]], at: Position, payload: bytes
    ) -> None:
        """Moves the cursor over everything that now stands without a gap."""
        if at.seq == stream.cursor + 1:
            running_hash = next_hash(stream.running_hash, payload)
            self._move_over(connection, stream, at.seq, running_hash)
        elif at.seq > stream.highest:
            self._move_to(connection, stream, stream.cursor, stream.running_hash, at.seq)

    def _move_over(
        self,
        connection: Connection,
        stream: Row[*tuple[Any, ...]],
        cursor: int,
        running_hash: bytes,
    ) -> None:
        """The cursor to there, and on over what has arrived after it."""
        if stream.highest > cursor:
            for seq, waiting in self._arrived_after(connection, stream, cursor):
                if seq != cursor + 1:
                    break
                cursor, running_hash = seq, next_hash(running_hash, waiting)
        self._move_to(connection, stream, cursor, running_hash, max(stream.highest, cursor))

    def _move_to(
        self,
        connection: Connection,
        stream: Row[*tuple[Any, ...]],
        cursor: int,
        running_hash: bytes,
        highest: int,
    ) -> None:
        connection.execute(
            self._move,
            {
                "of_writer": stream.writer,
                "of_lane": stream.lane,
                "of_epoch": stream.epoch,
                "to": cursor,
                "hash": running_hash,
                "top": highest,
            },
        )

    def _arrived_after(
        self, connection: Connection, stream: Row[*tuple[Any, ...]], cursor: int
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        table = self.events
        return connection.execute(
            select(table.c.seq, table.c.payload)
            .where(
                table.c.writer == stream.writer,
                table.c.lane == stream.lane,
                table.c.epoch == stream.epoch,
                table.c.seq > cursor,
            )
            .order_by(table.c.seq)
        ).all()

    def _note_start(
        self, connection: Connection, writer: int, at: Position, payload: bytes
    ) -> None:
        """Notes which epoch this one continues; `troubles` tells when two continue the same."""
        try:
            start = decode(payload)
        except Unreadable:
            start = None
        if not isinstance(start, EpochStarted):
            return
        table = self.streams
        of_lane = and_(table.c.writer == writer, table.c.lane == at.lane)
        connection.execute(
            update(table)
            .where(of_lane, table.c.epoch == at.epoch)
            .values(
                previous_epoch=start.previous_epoch,
                previous_seq=start.previous_seq,
                previous_hash=start.previous_hash,
            )
        )
        if start.snapshot:
            self._supersede(connection, writer, at)

    def _supersede(self, connection: Connection, writer: int, at: Position) -> None:
        """Waits no longer for what is missing of the epochs before this one. One that came sooner
        although it is later continues this one, directly or over others.
        """
        table = self.streams
        of_lane = and_(table.c.writer == writer, table.c.lane == at.lane)
        previous = {
            row.epoch: row.previous_epoch
            for row in connection.execute(select(table).where(of_lane))
        }
        later = {at.epoch}
        while more := {epoch for epoch, before in previous.items() if before in later} - later:
            later |= more
        connection.execute(
            update(table)
            .where(of_lane, table.c.epoch.not_in(later), table.c.previous_epoch.is_not(None))
            .values(superseded=True)
        )

    def acknowledgements(
        self, connection: Connection, writer: int, mentioned: Collection[tuple[int, int]] | None
    ) -> list[Acknowledgement]:
        """What we have of the writer's streams: of the `mentioned` (lane, epoch) pairs and of
        those with gaps, or of all when that is None. What a snapshot replaced is left out.
        """
        table = self.streams
        query = select(table).where(table.c.writer == writer, table.c.superseded.is_not(true()))
        if mentioned is not None:
            pairs = [
                and_(table.c.lane == lane, table.c.epoch == epoch) for lane, epoch in mentioned
            ]
            query = query.where(or_(table.c.highest > table.c.cursor, *pairs))
        found = []
        for stream in connection.execute(query.order_by(table.c.lane, table.c.epoch)).all():
            ahead = 0
            if stream.highest > stream.cursor:
                for seq, _ in self._arrived_after(connection, stream, stream.cursor):
                    distance = seq - stream.cursor - 1
                    ahead |= 1 << distance if distance < AHEAD_BITS else 0
            found.append(
                Acknowledgement(
                    stream.lane, stream.epoch, stream.cursor, ahead, stream.running_hash
                )
            )
        return found

    def beyond_gaps(self, connection: Connection, writer: int) -> list[Position]:
        """The furthest event that is here of each stream with a gap before it."""
        table = self.streams
        query = select(table.c.lane, table.c.epoch, table.c.highest).where(
            table.c.writer == writer,
            table.c.highest > table.c.cursor,
            table.c.superseded.is_not(true()),
        )
        return [Position(*row) for row in connection.execute(query)]

    def history(
        self, connection: Connection, writer: int, after: Position, limit: int
    ) -> list[Outgoing]:
        """At most `limit` of the writer's own events after that one, as far as they are here, for a
        writer that has lost them.
        """
        table = self.events
        rows = connection.execute(
            select(table.c.seq, table.c.payload)
            .where(
                table.c.writer == writer,
                table.c.lane == after.lane,
                table.c.epoch == after.epoch,
                table.c.seq > after.seq,
            )
            .order_by(table.c.seq)
            .limit(limit)
        ).all()
        return [Outgoing(Position(after.lane, after.epoch, seq), payload) for seq, payload in rows]

    def kept(self, connection: Connection, writer: int, lane: int) -> Iterator[bytes]:
        """Every event of the writer's lane that is still kept, whatever its epoch."""
        table = self.events
        query = select(table.c.payload).where(table.c.writer == writer, table.c.lane == lane)
        yield from connection.execute(query).scalars()

    def forget(self, connection: Connection, before: datetime) -> int:
        """Deletes events that came before that moment and stand without a gap; the streams, their
        numbers and hashes stay. Parked ones stay for people. How many it were.
        """
        table, streams = self.events, self.streams
        done = (
            select(streams.c.epoch)
            .where(
                streams.c.writer == table.c.writer,
                streams.c.lane == table.c.lane,
                streams.c.epoch == table.c.epoch,
                or_(streams.c.cursor >= table.c.seq, streams.c.superseded.is_(true())),
            )
            .exists()
        )
        old = and_(table.c.at_ms < milliseconds(before), table.c.at_ms != NO_DATE)
        return connection.execute(delete(table).where(old, table.c.parked.is_(None), done)).rowcount

    def parked(self, connection: Connection, writer: int) -> list[Outgoing]:
        """The writer's events that could not be read or applied, in their order."""
        table = self.events
        rows = connection.execute(
            select(table)
            .where(table.c.writer == writer, table.c.parked.is_not(None))
            .order_by(table.c.lane, table.c.at_ms, table.c.epoch, table.c.seq)
        )
        return [Outgoing(Position(row.lane, row.epoch, row.seq), row.payload) for row in rows]

    def writers_of_parked(self, connection: Connection) -> list[int]:
        """Of whom there are such events."""
        table = self.events
        query = select(table.c.writer).where(table.c.parked.is_not(None)).distinct()
        return list(connection.execute(query.order_by(table.c.writer)).scalars())

    def unpark(self, connection: Connection, writer: int, at: Position) -> None:
        """The event was acted on after all."""
        self._park(connection, writer, at, None)

    def park(self, connection: Connection, writer: int, at: Position, why: str) -> None:
        """Sets an event aside that could not be read or applied: it is counted and shown."""
        self._park(connection, writer, at, why[:300])

    def _park(self, connection: Connection, writer: int, at: Position, why: str | None) -> None:
        table = self.events
        connection.execute(
            update(table)
            .where(
                table.c.writer == writer,
                table.c.lane == at.lane,
                table.c.epoch == at.epoch,
                table.c.seq == at.seq,
            )
            .values(parked=why)
        )

    def troubles(self, connection: Connection) -> list[Trouble]:
        """Parked events, conflicts and forks, for people to see."""
        events = self.events
        wrong = connection.execute(
            select(events)
            .where(or_(events.c.parked.is_not(None), events.c.conflicts > 0))
            .order_by(events.c.writer, events.c.lane, events.c.epoch, events.c.seq)
        ).all()
        found = [
            Trouble(
                row.writer,
                row.lane,
                row.epoch,
                f"Event {row.seq} is set aside: {row.parked}"
                if row.parked is not None
                else f"Event {row.seq} came in two versions; the first one counts.",
            )
            for row in wrong
        ]
        return found + self.forks(connection)

    def forks(self, connection: Connection) -> list[Trouble]:
        """The epochs of which there are two stories; a small table is read for that."""
        streams = self.streams
        rows = connection.execute(
            select(streams).order_by(streams.c.writer, streams.c.lane, streams.c.epoch)
        ).all()
        return [
            Trouble(
                row.writer,
                row.lane,
                row.epoch,
                "Two copies of this box's disk are or were in use, or it was set back to an older "
                "copy. Everything it says is heard; enrol a box anew.",
            )
            for row in rows
            if _is_fork(row, rows)
        ]


def _is_fork(stream: Row[*tuple[Any, ...]], streams: Sequence[Row[*tuple[Any, ...]]]) -> bool:
    """True when another epoch continues the same one, or when this one continues it from a point
    that its writer had already passed: a disk was cloned or restored.
    """
    others = [
        other
        for other in streams
        if (other.writer, other.lane) == (stream.writer, stream.lane)
        and other.epoch != stream.epoch
    ]
    if stream.previous_epoch is None:
        return False
    return any(
        other.previous_epoch == stream.previous_epoch
        or (other.epoch == stream.previous_epoch and other.highest > stream.previous_seq)
        for other in others
    )
