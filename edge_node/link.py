"""The truth about the link to the gateway, for people: what works, since when, what waits."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node.tables import link

_MINUTE = timedelta(minutes=1)
# A gateway that seems to be further ahead of what was last heard of it is a clock of ours that was
# set: a box is told everything anew after as long (docs/protocol.md).
_LONGEST_AWAY = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class LinkState:
    """How things stand. `offset` is the gateway's clock minus ours, None until it was heard.

    `connected` says that the latest attempt to exchange succeeded; `problem` is what a person can
    do about it when not. `heard_at` is the gateway's clock in its latest answer since this program
    started; `last_heard_at` also in one before that. `bearer` is what brought it.
    """

    enrolled: bool = False
    connected: bool = False
    doorbell: bool = False
    last_exchange_at: datetime | None = None
    heard_at: datetime | None = None
    last_heard_at: datetime | None = None
    bearer: str = ""
    offset: timedelta | None = None
    differs: bool = False
    retired: bool = False
    problem: str = ""
    modem_problem: str = ""


class Link:
    """The state of the link, shared by the agent's threads and the screens."""

    def __init__(self, start: LinkState) -> None:
        self._state = start
        self._lock = threading.Lock()

    @property
    def state(self) -> LinkState:
        return self._state

    def gateway_now(self, now: datetime) -> datetime | None:
        """The gateway's clock at this moment of ours: never before what it said itself. None while
        nobody knows: then nothing may be called late, because silence costs more than a ring.
        """
        state = self._state
        if state.offset is None:
            return state.heard_at
        return max(now + state.offset, state.heard_at or now + state.offset)

    def update(self, **changes: object) -> bool:
        """Notes changes. True when people should see something new."""
        with self._lock:
            before = self._state
            self._state = replace(before, **changes)  # type: ignore[arg-type]
        now = self._state
        return (before.connected, before.doorbell, before.differs, before.retired) != (
            now.connected,
            now.doorbell,
            now.differs,
            now.retired,
        ) or (before.problem, before.modem_problem) != (now.problem, now.modem_problem)


def _may_be(gateway_now: datetime, heard_at: datetime) -> bool:
    return heard_at - _MINUTE <= gateway_now <= heard_at + _LONGEST_AWAY


def stored(connection: Connection, now: datetime) -> LinkState:
    """What was known when a program last wrote it down. `now` is this box's clock: where it was set
    since, the offset of then is worth nothing.
    """
    row = connection.execute(select(link)).one_or_none()
    if row is None:
        return LinkState()
    offset = None if row.offset_ms is None else timedelta(milliseconds=row.offset_ms)
    if offset is not None and not _may_be(now + offset, row.heard_at):
        offset = None
    return LinkState(
        last_exchange_at=row.last_exchange_at,
        last_heard_at=row.heard_at,
        bearer=row.bearer,
        offset=offset,
        differs=row.differs,
        retired=row.retired,
    )


def store(connection: Connection, state: LinkState) -> None:
    """Writes down what should survive a restart."""
    values = {
        "id": 1,
        "last_exchange_at": state.last_exchange_at,
        "heard_at": state.last_heard_at,
        "offset_ms": None if state.offset is None else state.offset // timedelta(milliseconds=1),
        "bearer": state.bearer,
        "differs": state.differs,
        "retired": state.retired,
    }
    connection.execute(
        insert(link).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
    )
