"""Notices what another program on this box has stored, such as `haven-edge bundle import`: the
console rings for that as well.
"""

import threading

from edge_node.notifier import Notifier
from edge_node.store import Store

_LOOK_EVERY_S = 0.5


class StoreWatch:
    """A thread that tells the consoles whenever the store was changed past them."""

    def __init__(self, store: Store, notifier: Notifier) -> None:
        self._store = store
        self._notifier = notifier
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _look(self) -> None:
        with self._store.watched() as changes:
            seen = changes()
            while not self._stopping.wait(_LOOK_EVERY_S):
                now = changes()
                if now != seen:
                    seen = now
                    self._notifier.changed()
