"""What truly happened, noted beside both sides: what was written, received, told to staff."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from sync.events import DispatchOffered
from sync.stream_log import StreamLog
from sync.stream_log.values import NO_HASH, next_hash
from tests.simulation.broken import require

# Both sides keep what they said for so long; the last day is the daily job's.
KEPT = timedelta(days=35)


@dataclass(frozen=True)
class Stream:
    """One epoch of a stream, to (`goes_up` false) or from the box `site_id`."""

    goes_up: bool
    site_id: int
    lane: int
    epoch: int


@dataclass
class Written:
    """What stood under one number: one event, and only after a gateway's restore several."""

    at: datetime
    payloads: set[bytes] = field(default_factory=set)
    hashes: set[bytes] = field(default_factory=set)


class Ledger:
    """The oracle."""

    def __init__(self) -> None:
        self.offers: dict[int, DispatchOffered] = {}
        # Claims of which staff were told that they are stored, with the dispatch of each.
        self.said: dict[int, int] = {}
        self.reports: set[int] = set()
        self.written: defaultdict[Stream, dict[int, Written]] = defaultdict(dict)
        self._received: dict[tuple[str, int, Stream, int], bytes] = {}

    def note_written(
        self, stream_of: Stream, rows: Iterable[Row[Any]], now: datetime, *, once: bool
    ) -> None:
        """Compares with what was written before. `once`: a number is never used again."""
        written = self.written[stream_of]
        previous: tuple[int, bytes] = (0, NO_HASH)
        for row in rows:
            if row.seq == previous[0] + 1:
                follows = row.running_hash == next_hash(previous[1], row.payload)
                require(follows, "the running hash covers what was written", f"{stream_of} {row}")
            previous = (row.seq, row.running_hash)
            known = written.setdefault(row.seq, Written(now))
            known.payloads.add(row.payload)
            known.hashes.add(row.running_hash)
            where = f"{stream_of} number {row.seq} holds {len(known.payloads)} events"
            require(not once or len(known.payloads) == 1, "a number is used once", where)

    def parted(self, stream_of: Stream, up_to: int) -> bool:
        """True when the writer has two histories up to there, because it was put back and did not
        notice.
        """
        written = self.written[stream_of]
        return any(len(each.payloads) > 1 for seq, each in written.items() if seq <= up_to)

    def note_received(
        self, holder: tuple[str, int], stream_of: Stream, rows: Iterable[Row[Any]]
    ) -> None:
        """Everything that arrives was written, and the first version counts."""
        written = self.written[stream_of]
        for row in rows:
            where = f"{holder} {stream_of} number {row.seq}"
            known = written.get(row.seq)
            require(
                known is not None and row.payload in known.payloads, "nothing is invented", where
            )
            first = self._received.setdefault((*holder, stream_of, row.seq), row.payload)
            require(first == row.payload, "the first version of an event counts", where)


def events_by_stream(
    connection: Connection, log: StreamLog, other: int, *, outgoing: bool
) -> dict[tuple[int, int], list[Row[Any]]]:
    """The events that are kept, by lane and epoch, in the order of their numbers."""
    table = log.outgoing.events if outgoing else log.incoming.events
    of_other = table.c.reader if outgoing else table.c.writer
    query = select(table).where(of_other == other)
    found: defaultdict[tuple[int, int], list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.order_by(table.c.lane, table.c.epoch, table.c.seq)):
        found[row.lane, row.epoch].append(row)
    return found
