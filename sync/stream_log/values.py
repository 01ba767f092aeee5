"""What the stream log is asked and answers, and the hash that runs along every stream."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

HASH_BYTES = 16
AHEAD_BITS = 32
# Of a stream's hash, where it is spelled out on the wire.
SHOWN_HASH_BYTES = 8
NO_HASH = b""
# When an event was written, by a clock that had not been set or may be wrong.
NO_DATE = 0
# On SQLite, rows that stand in the tree of their key: half the pages to write of a second tree.
IN_KEY_ORDER: Mapping[str, Any] = {"sqlite_with_rowid": False}


class Received(Enum):
    """What an arriving event was to this node."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"  # the same number was used for something else: kept out, and counted
    AHEAD = "ahead"  # of our own, given back: it does not follow what we have of its stream


@dataclass(frozen=True, slots=True)
class Position:
    """Where in its reader's stream an event stands."""

    lane: int
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event of ours, as it is sent."""

    position: Position
    payload: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a reader has of one stream: everything up to `cursor`, and further ones bit by bit.

    Bit `i` of `ahead` stands for number `cursor + 1 + i`. `running_hash` covers every event up to
    the cursor; it is empty where the reader did not say.
    """

    lane: int
    epoch: int
    cursor: int
    ahead: int = 0
    running_hash: bytes = NO_HASH

    def covers(self, seq: int) -> bool:
        """True when the reader has this number."""
        distance = seq - self.cursor - 1
        return distance < 0 or (distance < AHEAD_BITS and bool(self.ahead >> distance & 1))


@dataclass(frozen=True, slots=True)
class KeptFrom:
    """The first event of a stream that its writer still keeps, and `comes` again, with the running
    hash there; or the last there was, where none is kept.
    """

    position: Position
    running_hash: bytes
    comes: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reader's whole account of our streams fits ours.

    `lost` names streams of which the reader has more than we do, each with our last number in it:
    our database was set back to an older copy. `diverged` names those in which it has other events
    under the same numbers, each with a number before which both are believed to be the same.
    `behind`: it lacks events that are not kept any more, or has lost all it had.
    """

    lost: tuple[Position, ...] = ()
    diverged: tuple[Position, ...] = ()
    behind: bool = False

    @property
    def agrees(self) -> bool:
        return not (self.lost or self.diverged or self.behind)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something in a writer's streams that a person must see."""

    writer: int
    lane: int
    epoch: int
    what: str


def next_hash(previous: bytes, payload: bytes) -> bytes:
    """The running hash after one more event."""
    return hashlib.blake2s(previous + payload, digest_size=HASH_BYTES).digest()


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens on a conflict, in the database's own dialect."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
