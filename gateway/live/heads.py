"""How far each box's streams have grown, watched cheaply."""

import threading
from typing import Protocol

from gateway.database.database import Database
from gateway.sites.tables import streams


class Heads:
    """The number of events for each box, by the box's id, and a way to wait for more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._condition = threading.Condition()
        self._heads: dict[int, int] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def refresh(self) -> None:
        """Reads the counters again; whoever waits for one that grew goes on."""
        heads = self._database.read(streams.outgoing.heads)
        with self._condition:
            if heads != self._heads:
                self._heads = heads
                self._condition.notify_all()

    def of(self, site_id: int) -> int:
        """How many events there are for this box."""
        return self._heads.get(site_id, 0)

    def wait(self, site_id: int, told: int, timeout_s: float) -> int:
        """The box's number as soon as it is another than `told`, or after `timeout_s` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self.of(site_id) != told, timeout_s)
            return self.of(site_id)

    def close(self) -> None:
        """The process stops: nobody waits any longer."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Watch(Protocol):
    """What tells `Heads` to look again."""

    def wait(self, timeout_s: float) -> bool:
        """True when something may have been committed; False after the time-out."""
        ...

    def close(self) -> None: ...


def keep_watching(heads: Heads, watch: Watch, stopping: threading.Event) -> None:
    """Keeps the heads fresh until `stopping`; a look every few seconds makes up for a lost hint."""
    while not stopping.is_set():
        if watch.wait(timeout_s=5.0) or not stopping.is_set():
            heads.refresh()
