"""What the readers of our streams have: noted, compared, taken back where we lost it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Row,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    true,
    update,
)

from sync.packing import milliseconds
from sync.stream_log.outgoing import OutgoingStreams
from sync.stream_log.values import (
    IN_KEY_ORDER,
    NO_DATE,
    NO_HASH,
    SHOWN_HASH_BYTES,
    Acknowledgement,
    KeptFrom,
    Position,
    Received,
    Standing,
    insert,
)

# Where histories part, so many of the latest events are asked back: what was written after a
# restore is recent.
_LOOKED_BACK = 500


class Readers:
    """The other ends of our own streams. `reader` is the other node's number."""

    def __init__(
        self, metadata: MetaData, prefix: str, outgoing: OutgoingStreams, *, tells_anew: bool
    ) -> None:
        self._outgoing = outgoing
        big = BigInteger().with_variant(Integer, "sqlite")
        self.given_up = Table(
            f"{prefix}_given_up",
            metadata,
            Column("reader", big, primary_key=True, autoincrement=False),
            Column("lane", Integer, primary_key=True, autoincrement=False),
            Column("epoch", BigInteger, primary_key=True, autoincrement=False),
            Column("seq", BigInteger, nullable=False),
            **IN_KEY_ORDER,
        )
        # Whoever has lost everything is told what matters today. A node that cannot do that sends
        # all that it has kept.
        self._tells_anew = tells_anew

    def acknowledge(self, connection: Connection, reader: int, said: Acknowledgement) -> bool:
        """Notes what the reader has by now. False when it claims events that we never wrote: one of
        the two sides was restored from a backup.
        """
        stream = self._outgoing.stream(connection, reader, said)
        if stream is None or said.cursor > stream.last_seq:
            return said.cursor == 0
        if said.cursor > stream.acknowledged:
            self._note(connection, stream, said.cursor)
        return True

    def standing(
        self,
        connection: Connection,
        reader: int,
        said: Iterable[Acknowledgement],
        furthest: Iterable[Position],
    ) -> Standing:
        """How all that the reader says it has fits ours; a stream that it does not name it has
        nothing of. `furthest` is what it has ahead of gaps or in brief. Every hash that it shows is
        compared. It only reads.
        """
        said, last = tuple(said), self._last_seqs(connection, reader)
        # Also of a stream that a snapshot has replaced: a clone of the reader may have more of it.
        lost = {
            Position(each.lane, each.epoch, last.get((each.lane, each.epoch), 0))
            for each in said
            if each.cursor > last.get((each.lane, each.epoch), 0)
        }
        lost |= self._never_written(connection, reader, furthest)
        diverged: list[Position] = []
        behind = False
        for each, stream in self._compared(connection, reader, said):
            if stream is None or each.cursor > stream.last_seq:
                continue
            if self._differs(connection, stream, each):
                before = max(0, each.cursor - _LOOKED_BACK)
                diverged.append(Position(each.lane, each.epoch, before))
            elif not self._can_go_on(connection, stream, each):
                behind = True
        in_order = sorted(lost, key=lambda at: (at.lane, at.epoch))
        return Standing(tuple(in_order), tuple(diverged), behind)

    def knows(self, connection: Connection, reader: int, furthest: Iterable[Position]) -> bool:
        """True when all those events were written here, or given up as lost."""
        return not self._never_written(connection, reader, furthest)

    def _never_written(
        self, connection: Connection, reader: int, furthest: Iterable[Position]
    ) -> set[Position]:
        """The streams of which the reader has further events than we wrote, each with our last
        number.
        """
        furthest = tuple(furthest)
        if not furthest:
            return set()
        last, table = self._last_seqs(connection, reader), self.given_up
        query = select(table.c.lane, table.c.epoch, table.c.seq).where(table.c.reader == reader)
        given_up = {(lane, epoch): seq for lane, epoch, seq in connection.execute(query)}
        return {
            Position(at.lane, at.epoch, last.get((at.lane, at.epoch), 0))
            for at in furthest
            if at.seq > max(last.get((at.lane, at.epoch), 0), given_up.get((at.lane, at.epoch), 0))
        }

    def _last_seqs(self, connection: Connection, reader: int) -> dict[tuple[int, int], int]:
        table = self._outgoing.streams
        query = select(table.c.lane, table.c.epoch, table.c.last_seq)
        rows = connection.execute(query.where(table.c.reader == reader))
        return {(lane, epoch): last_seq for lane, epoch, last_seq in rows}

    def acknowledge_all(
        self, connection: Connection, reader: int, said: Iterable[Acknowledgement]
    ) -> None:
        """Notes all that the reader has, which may be less than it once had; where that does not
        fit ours, nothing is noted.
        """
        for each, stream in self._compared(connection, reader, said):
            if (
                stream is not None
                and each.cursor <= stream.last_seq
                and each.cursor != stream.acknowledged
                and not self._differs(connection, stream, each)
                and self._can_go_on(connection, stream, each)
            ):
                self._note(connection, stream, each.cursor)

    def _compared(
        self, connection: Connection, reader: int, said: Iterable[Acknowledgement]
    ) -> list[tuple[Acknowledgement, Row[*tuple[Any, ...]] | None]]:
        """What the reader says beside our stream, which is None where we know of none."""
        table = self._outgoing.streams
        known = {
            (stream.lane, stream.epoch): stream
            for stream in connection.execute(
                select(table).where(table.c.reader == reader).order_by(table.c.lane, table.c.epoch)
            )
        }
        has = {(each.lane, each.epoch): each for each in said if each.cursor or each.ahead}
        compared = [(has[key], None) for key in has if key not in known]
        return compared + [
            (has.get(key) or Acknowledgement(*key, 0), stream)
            for key, stream in known.items()
            if not stream.dropped
        ]

    def _differs(
        self, connection: Connection, stream: Row[*tuple[Any, ...]], has: Acknowledgement
    ) -> bool:
        at = Position(stream.lane, stream.epoch, has.cursor)
        ours = self._outgoing.hash_at(connection, stream.reader, at)
        shown = has.running_hash[:SHOWN_HASH_BYTES]
        return ours is not None and ours[:SHOWN_HASH_BYTES] != shown

    def _can_go_on(
        self,
        connection: Connection,
        stream: Row[*tuple[Any, ...]],
        has: Acknowledgement,
    ) -> bool:
        """Whether the reader can be given what it lacks, from its next number on. One that had
        events and has none now is told what matters today instead of all that ever was.
        """
        if has.cursor >= stream.last_seq:
            return True
        lost_all = has.cursor == 0 and stream.acknowledged > 0 and not has.ahead
        if lost_all and self._tells_anew:
            return False
        following = Position(stream.lane, stream.epoch, has.cursor + 1)
        return self._outgoing.hash_at(connection, stream.reader, following) is not None

    def kept_from(
        self, connection: Connection, reader: int, said: Iterable[Acknowledgement]
    ) -> list[KeptFrom]:
        """The streams of which the reader lacks what is not kept any more."""
        events = self._outgoing.events
        found = []
        for each, stream in self._compared(connection, reader, said):
            if stream is None or self._can_go_on(connection, stream, each):
                continue
            query = (
                select(events.c.seq, events.c.running_hash)
                .where(
                    events.c.reader == reader,
                    events.c.lane == stream.lane,
                    events.c.epoch == stream.epoch,
                    events.c.seq > each.cursor,
                )
                .order_by(events.c.seq)
                .limit(1)
            )
            first = connection.execute(query).first()
            seq, hashed = first or (stream.last_seq, stream.running_hash)
            at = Position(stream.lane, stream.epoch, seq)
            found.append(KeptFrom(at, hashed, comes=first is not None))
        return found

    def send_from(self, connection: Connection, reader: int, kept: Iterable[KeptFrom]) -> None:
        """What is kept of these streams is sent again, from there on."""
        table = self._outgoing.streams
        for each in kept:
            connection.execute(
                update(table)
                .where(
                    table.c.reader == reader,
                    table.c.lane == each.position.lane,
                    table.c.epoch == each.position.epoch,
                )
                .values(acknowledged=each.position.seq - 1, acknowledged_hash=NO_HASH)
            )

    def believed(self, connection: Connection, reader: int) -> list[Acknowledgement]:
        """What we think the reader has, with the running hashes; what a snapshot replaced is left
        out.
        """
        table = self._outgoing.streams
        query = (
            select(table)
            .where(
                table.c.reader == reader, table.c.acknowledged > 0, table.c.dropped.is_not(true())
            )
            .order_by(table.c.lane, table.c.epoch)
        )
        return [
            Acknowledgement(row.lane, row.epoch, row.acknowledged, 0, row.acknowledged_hash)
            for row in connection.execute(query)
        ]

    def has_less(
        self, connection: Connection, reader: int, said: Iterable[Acknowledgement]
    ) -> bool:
        """True when the reader names less of a stream than it once had: it has lost the rest, or
        this is old news.
        """
        for each in said:
            stream = self._outgoing.stream(connection, reader, each)
            if stream is not None and each.cursor < stream.acknowledged:
                return True
        return False

    def nothing(self, connection: Connection, reader: int) -> list[Acknowledgement]:
        """Our streams as a reader would name them that has nothing of them."""
        table = self._outgoing.streams
        query = select(table.c.lane, table.c.epoch).where(table.c.reader == reader)
        return [Acknowledgement(lane, epoch, 0) for lane, epoch in connection.execute(query)]

    def adopt(
        self, connection: Connection, reader: int, at: Position, payload: bytes, now: datetime
    ) -> Received:
        """Takes back an event of our own that the reader kept and we lost, in the order of their
        numbers. AHEAD when it does not follow what we have: it cannot stand on its stream.
        """
        events = self._outgoing.events
        stream = self._outgoing.stream(connection, reader, at) or self._lost_stream(
            connection, reader, at
        )
        if at.seq <= stream.last_seq:
            present = connection.execute(
                select(events.c.payload).where(
                    events.c.reader == reader,
                    events.c.lane == at.lane,
                    events.c.epoch == at.epoch,
                    events.c.seq == at.seq,
                )
            ).scalar_one_or_none()
            return Received.DUPLICATE if present in (None, payload) else Received.CONFLICT
        if at.seq > stream.last_seq + 1:
            return Received.AHEAD
        if stream.is_open:
            return Received.CONFLICT
        self._outgoing.take_back(connection, stream, payload, now)
        # It may have come to the reader ahead of others that we still have to send.
        if stream.acknowledged == stream.last_seq:
            self._note(connection, stream, at.seq)
        return Received.NEW

    def give_up(self, connection: Connection, reader: int, furthest: Iterable[Position]) -> None:
        """Events up to these numbers are not asked back any more. The reader has some of them ahead
        of gaps that nobody can fill.
        """
        for at in furthest:
            values = {"reader": reader, "lane": at.lane, "epoch": at.epoch, "seq": at.seq}
            connection.execute(
                insert(connection, self.given_up)
                .values(values)
                .on_conflict_do_update(
                    index_elements=["reader", "lane", "epoch"], set_={"seq": at.seq}
                )
            )

    def believe(self, connection: Connection, reader: int, said: Iterable[Acknowledgement]) -> None:
        """Takes the reader's word for streams of which it has more than we do and nobody can give
        back the rest: it is not expected any more.
        """
        table = self._outgoing.streams
        for each in said:
            at = Position(each.lane, each.epoch, each.cursor)
            stream = self._outgoing.stream(connection, reader, at)
            if stream is None:
                stream = self._lost_stream(connection, reader, at)
            if stream.last_seq >= each.cursor or stream.is_open:
                continue
            connection.execute(
                update(table)
                .where(table.c.reader == reader, table.c.lane == at.lane, table.c.epoch == at.epoch)
                .values(
                    last_seq=each.cursor,
                    running_hash=each.running_hash,
                    acknowledged=each.cursor,
                    acknowledged_hash=each.running_hash,
                )
            )

    def _lost_stream(
        self, connection: Connection, reader: int, at: Position
    ) -> Row[*tuple[Any, ...]]:
        table = self._outgoing.streams
        lost = table.insert().values(
            reader=reader,
            lane=at.lane,
            epoch=at.epoch,
            ordinal=-1,  # before every stream that we know
            last_seq=0,
            running_hash=NO_HASH,
            acknowledged=0,
            acknowledged_hash=NO_HASH,
            is_open=False,
            dropped=False,
        )
        return connection.execute(lost.returning(*table.c)).one()

    def forget(self, connection: Connection, before: datetime) -> int:
        """Deletes events written before that moment which their readers have, or need no more. The
        streams themselves, their numbers and hashes stay. How many it were.
        """
        table, streams = self._outgoing.events, self._outgoing.streams
        done = (
            select(streams.c.epoch)
            .where(
                streams.c.reader == table.c.reader,
                streams.c.lane == table.c.lane,
                streams.c.epoch == table.c.epoch,
                or_(streams.c.acknowledged > table.c.seq, streams.c.dropped.is_(true())),
            )
            .exists()
        )
        old = and_(table.c.at_ms < milliseconds(before), table.c.at_ms != NO_DATE)
        return connection.execute(delete(table).where(old, done)).rowcount

    def _note(self, connection: Connection, stream: Row[*tuple[Any, ...]], cursor: int) -> None:
        table = self._outgoing.streams
        hashed = self._outgoing.hash_at(
            connection, stream.reader, Position(stream.lane, stream.epoch, cursor)
        )
        connection.execute(
            update(table)
            .where(
                table.c.reader == stream.reader,
                table.c.lane == stream.lane,
                table.c.epoch == stream.epoch,
            )
            .values(acknowledged=cursor, acknowledged_hash=hashed or NO_HASH)
        )

    def unacknowledged(self, connection: Connection, reader: int) -> int:
        """How many events the reader has not confirmed."""
        table = self._outgoing.streams
        query = select(func.sum(table.c.last_seq - table.c.acknowledged)).where(
            table.c.reader == reader, table.c.dropped.is_not(true())
        )
        return int(connection.execute(query).scalar_one() or 0)
