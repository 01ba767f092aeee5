"""What this node writes: dense streams, one for each reader and lane, cut into epochs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    Table,
    and_,
    bindparam,
    func,
    select,
    true,
    update,
)

from sync.codec import encode
from sync.events import EpochStarted
from sync.packing import milliseconds
from sync.prepared import Prepared
from sync.stream_log.values import (
    HASH_BYTES,
    IN_KEY_ORDER,
    NO_DATE,
    NO_HASH,
    Acknowledgement,
    Outgoing,
    Position,
    insert,
    next_hash,
)


class OutgoingStreams:
    """Our own streams. `reader` is the other node's number."""

    def __init__(self, metadata: MetaData, prefix: str, *, dated_later: bool) -> None:
        self._dated_later = dated_later
        big = BigInteger().with_variant(Integer, "sqlite")
        self.own = Table(
            f"{prefix}_own_epoch",
            metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, nullable=False),
        )
        self.streams = Table(
            f"{prefix}_outgoing_streams",
            metadata,
            Column("reader", big, primary_key=True, autoincrement=False),
            Column("lane", Integer, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("ordinal", Integer, nullable=False),
            Column("last_seq", BigInteger, nullable=False),
            Column("running_hash", LargeBinary(HASH_BYTES), nullable=False),
            Column("acknowledged", BigInteger, nullable=False),
            Column("acknowledged_hash", LargeBinary(HASH_BYTES), nullable=False),
            Column("is_open", Boolean, nullable=False),  # events are added here, one of a lane
            Column("dropped", Boolean, nullable=False),  # a snapshot told all that mattered of it
            **IN_KEY_ORDER,
        )
        self.events = Table(
            f"{prefix}_outgoing",
            metadata,
            Column("reader", big, primary_key=True, autoincrement=False),
            Column("lane", Integer, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("seq", BigInteger, primary_key=True, autoincrement=False),
            Column("payload", LargeBinary, nullable=False),
            Column("running_hash", LargeBinary(HASH_BYTES), nullable=False),
            Column("at_ms", BigInteger, nullable=False),
            **IN_KEY_ORDER,
        )
        # Prepared: an append is on the way of every emergency.
        streams = self.streams
        of_stream = and_(
            streams.c.reader == bindparam("of_reader"), streams.c.lane == bindparam("of_lane")
        )
        self._counter = Prepared(
            select(streams.c.epoch, streams.c.last_seq, streams.c.running_hash)
            .where(of_stream, streams.c.is_open.is_(true()))
            .with_for_update()
        )
        self._count = Prepared(
            update(streams)
            .where(of_stream, streams.c.epoch == bindparam("of_epoch"))
            .values(last_seq=bindparam("seq"), running_hash=bindparam("hash"))
        )
        self._add = Prepared(self.events.insert(), self.events.c.keys())

    def date(self, connection: Connection, now: datetime) -> None:
        """See `StreamLog.date`."""
        table = self.events
        connection.execute(
            update(table).where(table.c.at_ms == NO_DATE).values(at_ms=milliseconds(now))
        )

    def epoch(self, connection: Connection) -> int | None:
        """The epoch that we write in, or None before the first one was begun."""
        return connection.execute(select(self.own.c.epoch)).scalar_one_or_none()

    def begin_epoch(self, connection: Connection, epoch: int) -> None:
        """From now on we write in `epoch`, a random number of 32 bits that is not 0.

        A box calls this at every start, the gateway when it was restored. Events of earlier
        epochs stay and are sent until they are acknowledged.
        """
        table = self.streams
        connection.execute(update(table).where(table.c.is_open.is_(true())).values(is_open=False))
        values = {"id": 1, "epoch": epoch}
        connection.execute(
            insert(connection, self.own)
            .values(values)
            .on_conflict_do_update(index_elements=["id"], set_={"epoch": epoch})
        )

    def append(
        self, connection: Connection, reader: int, lane: int, payload: bytes, at: datetime
    ) -> Position:
        """Adds an event to the reader's stream and gives the number that it got.

        Call it last in a transaction, and for several readers in ascending order: from here on
        other writers to this stream wait for our commit, which is what keeps numbers dense and
        visible in order. Raises RuntimeError when no epoch was begun.
        """
        counter = self._counter.first(connection, of_reader=reader, of_lane=lane)
        if counter is None:
            self._open_stream(connection, reader, lane, at)
            counter = self._counter.one(connection, of_reader=reader, of_lane=lane)
        return self._write(connection, reader, lane, counter, payload, at)

    def open_epochs(self, connection: Connection, reader: int) -> set[int]:
        """The epochs in which events for this reader are added at present."""
        table = self.streams
        query = select(table.c.epoch).where(table.c.reader == reader, table.c.is_open.is_(true()))
        return set(connection.execute(query).scalars())

    def renew(
        self, connection: Connection, reader: int, epoch: int, at: datetime, *, snapshot: bool
    ) -> None:
        """Goes on in a new epoch with this reader. With `snapshot` everything that still matters is
        appended anew by the caller: what the reader lacks of earlier epochs is dropped.

        Other readers' streams stay open; a stream that is yet to be opened, of whomever, will be in
        the new epoch too, because in the one before it may have been lost.
        """
        connection.execute(update(self.own).values(epoch=epoch))
        table = self.streams
        of_reader = table.c.reader == reader
        existing = connection.execute(
            select(table.c.lane).where(of_reader).order_by(table.c.lane).with_for_update()
        ).scalars()
        lanes = sorted(set(existing))
        connection.execute(update(table).where(of_reader).values(is_open=False))
        for lane in lanes:
            self._open_stream(connection, reader, lane, at, epoch, snapshot=snapshot)
        if snapshot:
            connection.execute(
                update(table).where(of_reader, table.c.epoch != epoch).values(dropped=True)
            )

    def _open_stream(
        self,
        connection: Connection,
        reader: int,
        lane: int,
        at: datetime,
        epoch: int | None = None,
        *,
        snapshot: bool = False,
    ) -> None:
        epoch = epoch or self.epoch(connection)
        if epoch is None:
            raise RuntimeError("begin_epoch() comes before the first append()")
        table = self.streams
        last = connection.execute(
            select(table)
            .where(table.c.reader == reader, table.c.lane == lane, table.c.epoch != epoch)
            .order_by(table.c.ordinal.desc())
            .limit(1)
        ).one_or_none()
        new = {
            "reader": reader,
            "lane": lane,
            "epoch": epoch,
            "ordinal": last.ordinal + 1 if last else 0,
            "last_seq": 0,
            "running_hash": NO_HASH,
            "acknowledged": 0,
            "acknowledged_hash": NO_HASH,
            "is_open": True,
            "dropped": False,
        }
        opened = connection.execute(
            insert(connection, table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(table.c.epoch, table.c.last_seq, table.c.running_hash)
        ).one_or_none()
        if opened is None:  # another writer opened it while we waited for its commit
            return
        start = EpochStarted(
            at=at,
            previous_epoch=last.epoch if last else 0,
            previous_seq=last.last_seq if last else 0,
            previous_hash=last.running_hash if last else NO_HASH,
            snapshot=snapshot,
        )
        self._write(connection, reader, lane, opened, encode(start), at)

    def _write(
        self,
        connection: Connection,
        reader: int,
        lane: int,
        counter: Sequence[Any],
        payload: bytes,
        at: datetime,
    ) -> Position:
        epoch, last_seq, previous_hash = counter
        seq, running_hash = last_seq + 1, next_hash(previous_hash, payload)
        self._count.run(
            connection,
            of_reader=reader,
            of_lane=lane,
            of_epoch=epoch,
            seq=seq,
            hash=running_hash,
        )
        self._add.run(
            connection,
            reader=reader,
            lane=lane,
            epoch=epoch,
            seq=seq,
            payload=payload,
            running_hash=running_hash,
            at_ms=NO_DATE if self._dated_later else milliseconds(at),
        )
        return Position(lane, epoch, seq)

    def pending(
        self,
        connection: Connection,
        reader: int,
        said: Iterable[Acknowledgement] = (),
        limit: int = 1000,
    ) -> list[Outgoing]:
        """At most `limit` events that the reader does not have, lane by lane, oldest first.

        `said` is what the reader has just said of some streams; for the others our notes count.
        """
        streams, table = self.streams, self.events
        of_reader = connection.execute(
            select(streams)
            .where(streams.c.reader == reader, streams.c.dropped.is_not(true()))
            .order_by(streams.c.lane, streams.c.ordinal)
        ).all()
        has = {(each.lane, each.epoch): each for each in said}
        found: list[Outgoing] = []
        for stream in of_reader:
            known = has.get((stream.lane, stream.epoch)) or Acknowledgement(
                stream.lane, stream.epoch, stream.acknowledged
            )
            if known.cursor >= stream.last_seq:
                continue
            rows = connection.execute(
                select(table.c.seq, table.c.payload)
                .where(
                    table.c.reader == reader,
                    table.c.lane == stream.lane,
                    table.c.epoch == stream.epoch,
                    table.c.seq > known.cursor,
                )
                .order_by(table.c.seq)
                .limit(limit - len(found))
            )
            found += [
                Outgoing(Position(stream.lane, stream.epoch, seq), payload)
                for seq, payload in rows
                if not known.covers(seq)
            ]
            if len(found) >= limit:
                break
        return found

    def replaced(self, connection: Connection, reader: int, lane: int) -> Iterator[bytes]:
        """The events, as far as they are kept, that a snapshot has taken the place of."""
        streams, table = self.streams, self.events
        of_stream = and_(
            streams.c.reader == table.c.reader,
            streams.c.lane == table.c.lane,
            streams.c.epoch == table.c.epoch,
        )
        query = (
            select(table.c.payload)
            .join(streams, of_stream)
            .where(table.c.reader == reader, table.c.lane == lane, streams.c.dropped.is_(true()))
            .order_by(streams.c.ordinal, table.c.seq)
        )
        yield from connection.execute(query).scalars()

    def unsaid(
        self, connection: Connection, reader: int, lane: int, has: Mapping[int, int]
    ) -> list[bytes]:
        """The events, as far as they are kept, that come after what the reader `has`, by epoch.
        Epochs before all of those it has no part of any more; what a snapshot has replaced since
        counts too, because the reader may have been put back to before it. Of one that has nothing,
        what it was never known to have.
        """
        streams, table = self.streams, self.events
        of_stream = and_(
            streams.c.reader == table.c.reader,
            streams.c.lane == table.c.lane,
            streams.c.epoch == table.c.epoch,
        )
        of_lane = and_(streams.c.reader == reader, streams.c.lane == lane)
        if not has:
            noted = select(streams.c.epoch, streams.c.acknowledged)
            rows = connection.execute(noted.where(of_lane, streams.c.dropped.is_not(true())))
            has = dict(tuple(row) for row in rows)
        first = select(func.min(streams.c.ordinal)).where(of_lane, streams.c.epoch.in_(has))
        query = (
            select(table.c.epoch, table.c.seq, table.c.payload)
            .join(streams, of_stream)
            .where(of_lane, streams.c.ordinal >= first.scalar_subquery())
            .order_by(streams.c.ordinal, table.c.seq)
        )
        return [row.payload for row in connection.execute(query) if row.seq > has.get(row.epoch, 0)]

    def stream(
        self, connection: Connection, reader: int, at: Position | Acknowledgement
    ) -> Row[*tuple[Any, ...]] | None:
        """The row of one stream, None when there is none."""
        table = self.streams
        here = and_(table.c.reader == reader, table.c.lane == at.lane, table.c.epoch == at.epoch)
        return connection.execute(select(table).where(here)).one_or_none()

    def take_back(
        self,
        connection: Connection,
        stream: Row[*tuple[Any, ...]],
        payload: bytes,
        now: datetime,
    ) -> None:
        """Adds an event of our own that we had lost to the stream that it once stood in."""
        counter = (stream.epoch, stream.last_seq, stream.running_hash)
        self._write(connection, stream.reader, stream.lane, counter, payload, now)

    def hash_at(self, connection: Connection, reader: int, at: Position) -> bytes | None:
        """Our running hash after that event; None when we have no such event, or not any more."""
        if at.seq == 0:
            return NO_HASH
        table = self.events
        kept: bytes | None = connection.execute(
            select(table.c.running_hash).where(
                table.c.reader == reader,
                table.c.lane == at.lane,
                table.c.epoch == at.epoch,
                table.c.seq == at.seq,
            )
        ).scalar_one_or_none()
        if kept is not None:
            return kept
        stream = self.stream(connection, reader, at)
        return stream.running_hash if stream is not None and stream.last_seq == at.seq else None

    def heads(self, connection: Connection) -> dict[int, int]:
        """How many events each reader's streams hold together: it grows with every append."""
        table = self.streams
        query = (
            select(table.c.reader, func.sum(table.c.last_seq))
            .where(table.c.dropped.is_not(true()))
            .group_by(table.c.reader)
        )
        return {reader: int(total) for reader, total in connection.execute(query)}
