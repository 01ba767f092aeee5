"""Counts what callers picked, in a thread of its own: in a caller's turn it took a tenth of the
time that raising takes.
"""

import threading

import structlog

from gateway.places import confirmations
from gateway.unit_of_work import Services

_log = structlog.get_logger(__name__)

_EVERY_S = 1.0


class PickCounter:
    """Counts once a second whatever waits, for the process whose callers picked it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="picks", daemon=True)

    def start(self) -> None:
        """Lets it run."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Counts what still waits."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def count_waiting(self) -> int:
        """Counts what waits; how much it was."""
        picks = self._services.picks.take()
        if picks:
            self._services.write(lambda uow: confirmations.count(uow, picks))
        return len(picks)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            self._count()
        self._count()

    def _count(self) -> None:
        try:
            self.count_waiting()
        except Exception:
            # Nobody is harmed by a pick that is not counted.
            _log.exception("picks were not counted")
