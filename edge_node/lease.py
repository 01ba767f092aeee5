"""The lease on summaries: for how long this box may show what patients state about themselves
without another answer of its gateway (docs/adr/030). A box that was stolen or taken out of service
gets none, and goes dark by itself; dispatches, answers and ringing never hang on it.

It counts the seconds that this program runs, which nobody can set. Every start costs as much as may
not have been written down, so that pulling the plug wins nothing.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node.link import Link
from edge_node.notifier import Notifier
from edge_node.store import Store, StoreUnusable
from edge_node.tables import lease as lease_table
from sync.note import USUAL_LEASE_H

_START_COSTS_S = 300
# Together with how often it is looked at, less than what a start costs.
_WRITTEN_AFTER_S = 240
_LOOKS_EVERY_S = 30
# No gateway means more than a box keeps.
_LONGEST_H = 35 * 24
_HOUR_S = 3600


class Dark(StrEnum):
    """Why summaries are not given out."""

    RUN_OUT = "run_out"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class LeaseState:
    """How the lease stands: `left_s` seconds of running of the `granted_h` hours are left."""

    left_s: int
    granted_h: int = USUAL_LEASE_H
    retired: bool = False

    @property
    def dark(self) -> Dark | None:
        """Why summaries are not given out; None while they are."""
        if self.retired:
            return Dark.RETIRED
        return None if self.left_s > 0 else Dark.RUN_OUT

    @property
    def problem(self) -> str:
        """Why they are not given out and what a person can do, in a sentence; empty while they
        are.
        """
        if self.dark is Dark.RETIRED:
            return (
                "Medical facts are hidden: another box has taken this one's place. Look there, or "
                "ask the patient."
            )
        if self.dark is Dark.RUN_OUT:
            return (
                f"Medical facts are hidden: this box has not reached Haven for "
                f"{in_words(self.granted_h)} of running. Reconnect it, or ask the patient."
            )
        return ""


def in_words(hours: int) -> str:
    """How long, for people: 7 days, 36 hours."""
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


class Lease:
    """The lease of a running program. Starting costs five minutes of it. Raises StoreUnusable when
    that cannot be written down.
    """

    def __init__(
        self,
        store: Store,
        link: Link,
        notifier: Notifier,
        running_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._link = link
        self._notifier = notifier
        self._running_s = running_s
        left_s, self._granted_h = store.write(_begin)
        self._written_s = left_s
        self._asked_s = running_s()
        self._until_s = self._asked_s + left_s
        self._was_dark = self.state.dark
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, name="lease", daemon=True)

    @property
    def state(self) -> LeaseState:
        left_s = max(0, int(self._until_s - self._running_s()))
        return LeaseState(left_s, self._granted_h, self._link.state.retired)

    def asked(self) -> float:
        """The moment of a request, for `renew`: an answer that is held up on the way wins
        nothing.
        """
        return self._running_s()

    def renew(self, asked_s: float, granted_h: int) -> None:
        """The gateway has answered a request of this moment, and grants so many hours from then on;
        the latest request counts.
        """
        with self._lock:
            if asked_s < self._asked_s:
                return
            self._asked_s = asked_s
            self._granted_h = max(0, min(granted_h, _LONGEST_H))
            self._until_s = asked_s + self._granted_h * _HOUR_S
        self.look()

    def look(self) -> None:
        """Writes down what is left when that is worth it, and tells the consoles when summaries go
        dark or come back.
        """
        state = self.state
        with self._lock:
            moved = abs(state.left_s - self._written_s) >= _WRITTEN_AFTER_S
            turned, self._was_dark = state.dark is not self._was_dark, state.dark
        if moved:
            # A disk that takes nothing says so elsewhere; this is tried again.
            with suppress(StoreUnusable):
                self._store.write(lambda connection: _write(connection, state))
                self._written_s = state.left_s
        if turned:
            self._notifier.changed()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _keep_looking(self) -> None:
        while not self._stopping.wait(_LOOKS_EVERY_S):
            self.look()


def stored(connection: Connection, *, retired: bool) -> LeaseState:
    """What was left when a program last wrote it down: nothing before the first answer."""
    row = connection.execute(select(lease_table)).one_or_none()
    if row is None:
        return LeaseState(0, retired=retired)
    return LeaseState(row.left_s, row.granted_h, retired)


def _begin(connection: Connection) -> tuple[int, int]:
    before = stored(connection, retired=False)
    left = LeaseState(max(0, before.left_s - _START_COSTS_S), before.granted_h)
    _write(connection, left)
    return left.left_s, left.granted_h


def _write(connection: Connection, state: LeaseState) -> None:
    values = {"id": 1, "left_s": state.left_s, "granted_h": state.granted_h}
    connection.execute(
        insert(lease_table).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
    )
