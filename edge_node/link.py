"""The truth about the link to the gateway, for people: what works, since when, what waits."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node.tables import link


@dataclass(frozen=True, slots=True)
class LinkState:
    """How things stand. `offset` is the gateway's clock minus ours, None until it was heard.

    `connected` says that the latest attempt to exchange succeeded; `problem` is what a person can
    do about it when not. `heard_at` is the gateway's clock in its latest answer.
    """

    enrolled: bool = False
    connected: bool = False
    doorbell: bool = False
    last_exchange_at: datetime | None = None
    heard_at: datetime | None = None
    offset: timedelta | None = None
    differs: bool = False
    retired: bool = False
    problem: str = ""


class Link:
    """The state of the link, shared by the agent's threads and the screens."""

    def __init__(self, start: LinkState) -> None:
        self._state = start
        self._lock = threading.Lock()

    @property
    def state(self) -> LinkState:
        return self._state

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
        ) or before.problem != now.problem


def stored(connection: Connection) -> LinkState:
    """What was known when the program last wrote it down."""
    row = connection.execute(select(link)).one_or_none()
    if row is None:
        return LinkState()
    return LinkState(
        last_exchange_at=row.last_exchange_at,
        offset=timedelta(milliseconds=row.offset_ms),
        differs=row.differs,
        retired=row.retired,
    )


def store(connection: Connection, state: LinkState) -> None:
    """Writes down what should survive a restart."""
    values = {
        "id": 1,
        "last_exchange_at": state.last_exchange_at,
        "offset_ms": (state.offset or timedelta()) // timedelta(milliseconds=1),
        "differs": state.differs,
        "retired": state.retired,
    }
    connection.execute(
        insert(link).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
    )
