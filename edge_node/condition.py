"""How this box stands: what of its word has reached the gateway and what has not, and what is wrong
with it. It never says that something is done when it is not.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select, true

from edge_node.dispatch import ANSWERS, ClaimState
from edge_node.lease import LeaseState
from edge_node.link import LinkState
from edge_node.store import Store, damaged_beside
from edge_node.tables import claims, reports, streams
from sync import peer

# A patient takes a kilobyte, but the journal may grow while a backlog comes in.
_LOW_BYTES = 64 * 1024 * 1024
_KINDS_OF_ANSWERS = tuple(kind.value for kind in ANSWERS)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far what staff said has come. `waiting` is not known to be at the gateway; `sent` is
    there, and not decided on; `refused` was not counted.
    """

    waiting: int
    sent: int
    refused: int


@dataclass(frozen=True, slots=True)
class Condition:
    """Everything that people may want to know of the box.

    `unsent_events` counts all that the gateway is not known to have, also what the box says by
    itself. `oldest_waiting_at` is by the box's clock. `set_aside` events of the gateway could not
    be read or acted on, `conflicts` came in two versions, and `forks` say that two copies of the
    gateway's database were in use. `audible` is None while nothing runs that could ring.
    `damaged_stores` are files that were moved aside; `trouble` is why nothing can be stored.
    """

    link: LinkState
    lease: LeaseState
    answers: Progress
    reports: Progress
    unsent_events: int
    oldest_waiting_at: datetime | None
    set_aside: int
    conflicts: int
    forks: int
    audible: bool | None
    damaged_stores: tuple[str, ...]
    disk_free_bytes: int
    disk_read_only: bool
    trouble: str

    @property
    def all_at_gateway(self) -> bool:
        """True when the gateway is known to have everything that this box has said."""
        return self.link.enrolled and self.unsent_events == 0

    @property
    def can_store(self) -> bool:
        return not (self.trouble or self.disk_read_only)

    @property
    def problems(self) -> list[str]:
        """What a person has to see to and no other field says, in sentences."""
        found = [self.link.problem, self.link.modem_problem, self.trouble]
        if self.disk_read_only and not self.trouble:
            found.append("This box's disk can only be read: nothing can be saved.")
        if self.disk_free_bytes < _LOW_BYTES:
            left_mb = self.disk_free_bytes // (1024 * 1024)
            found.append(f"Only {left_mb} MB are left on this box's disk. Make room on it.")
        if self.set_aside or self.conflicts:
            found.append(
                f"{self.set_aside + self.conflicts} events of the gateway could not be acted on: "
                "update this box's program, and ask the gateway's operators."
            )
        if self.damaged_stores:
            found.append(
                "A store was damaged and set aside; answers that were not sent then are missing: "
                f"{', '.join(self.damaged_stores)}. Delete it when nobody needs it any more."
            )
        return [sentence for sentence in found if sentence]


def look(
    store: Store, link: LinkState, lease: LeaseState, audible: bool | None = None
) -> Condition:
    """How the box stands now. It only reads. Raises StoreUnusable."""
    counted = store.read(_count)
    disk = os.statvfs(store.path.parent)
    return Condition(
        link=link,
        lease=lease,
        audible=audible,
        damaged_stores=damaged_beside(store.path),
        disk_free_bytes=disk.f_bavail * disk.f_frsize,
        disk_read_only=bool(disk.f_flag & os.ST_RDONLY),
        trouble=store.trouble,
        **counted,
    )


def _count(connection: Connection) -> dict[str, Any]:
    said_here = claims.c.kind.in_(_KINDS_OF_ANSWERS)
    oldest = [
        connection.execute(
            select(func.min(table.c.at)).where(table.c.state == ClaimState.WAITING, which)
        ).scalar_one()
        for table, which in ((claims, said_here), (reports, true()))
    ]
    incoming = streams.incoming.events
    wrong = connection.execute(
        select(func.count(incoming.c.parked), func.count().filter(incoming.c.conflicts > 0))
    ).one()
    return {
        "answers": _progress(connection, claims, said_here),
        "reports": _progress(connection, reports, true()),
        "unsent_events": streams.readers.unacknowledged(connection, peer.GATEWAY),
        "oldest_waiting_at": min((at for at in oldest if at is not None), default=None),
        "set_aside": wrong[0],
        "conflicts": wrong[1],
        "forks": len(streams.incoming.forks(connection)),
    }


def _progress(connection: Connection, table: Table, which: ColumnElement[bool]) -> Progress:
    query = select(table.c.state, func.count()).where(which).group_by(table.c.state)
    states: dict[str, int] = {row[0]: row[1] for row in connection.execute(query)}
    return Progress(
        waiting=states.get(ClaimState.WAITING, 0),
        sent=states.get(ClaimState.SENT, 0),
        refused=states.get(ClaimState.REJECTED, 0),
    )
