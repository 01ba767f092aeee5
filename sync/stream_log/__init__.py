"""The streams of one node, kept in a database that its user hands in.

This is the one place of `sync` that knows SQL. Every function works inside the caller's
transaction, so that an event exists exactly when the change that caused it does.

A stream is everything that one writer sends one reader on one lane. It is cut into epochs, and
within an epoch events are numbered 1, 2, 3 without a hole: a reader can prove that it has them all.
(Reading `seq > cursor` over a database sequence lost 4,746 of 19,109 rows under 8 writers.)
"""

from datetime import datetime

from sqlalchemy import MetaData

from sync.stream_log.incoming import IncomingStreams
from sync.stream_log.outgoing import OutgoingStreams
from sync.stream_log.readers import Readers
from sync.stream_log.texts import LANE as TEXTED_LANE
from sync.stream_log.texts import Texts, Waiting
from sync.stream_log.values import (
    Acknowledgement,
    Connection,
    KeptFrom,
    Outgoing,
    Position,
    Received,
    Standing,
    Trouble,
)

__all__ = [
    "Acknowledgement",
    "Connection",
    "KeptFrom",
    "Outgoing",
    "Position",
    "Received",
    "Standing",
    "StreamLog",
    "Trouble",
    "Waiting",
]


class StreamLog:
    """All streams of one node. The tables stand on `metadata` under `prefix`; migrations are the
    user's business. With `dated_later` the node's own clock may be wrong: how old an event is
    counts from `date`. With `tells_anew` the node writes a snapshot for readers that have lost all.
    """

    def __init__(
        self,
        metadata: MetaData,
        prefix: str,
        *,
        dated_later: bool = False,
        tells_anew: bool = True,
    ) -> None:
        self.outgoing = OutgoingStreams(metadata, prefix, dated_later=dated_later)
        self.readers = Readers(metadata, prefix, self.outgoing, tells_anew=tells_anew)
        self.incoming = IncomingStreams(metadata, prefix, dated_later=dated_later)
        self.texts = Texts(metadata, prefix, self.outgoing, self.incoming)

    def furthest(self, connection: Connection, writer: int) -> list[Position]:
        """How far the writer's streams are known beyond their cursors: the furthest event of each
        that came ahead of a gap, or in brief.
        """
        known = self.incoming.beyond_gaps(connection, writer)
        known += self.texts.furthest_briefs(connection, writer)
        furthest: dict[tuple[int, int], int] = {}
        for at in known:
            furthest[at.lane, at.epoch] = max(at.seq, furthest.get((at.lane, at.epoch), 0))
        return [Position(*stream, seq) for stream, seq in sorted(furthest.items())]

    def history(
        self, connection: Connection, writer: int, after: Position, limit: int
    ) -> list[Outgoing]:
        """At most `limit` of the writer's own events after that one, for a writer that has lost
        them: what is here of them, whole or in brief, in the order of their numbers.
        """
        found = self.incoming.history(connection, writer, after, limit)
        if after.lane == TEXTED_LANE:
            found += self.texts.briefs_after(connection, writer, after, limit)
            found.sort(key=lambda event: event.position.seq)
        return found[:limit]

    def date(self, connection: Connection, now: datetime) -> None:
        """Everything that has no date yet is from now, or a little older."""
        self.outgoing.date(connection, now)
        self.incoming.date(connection, now)
