"""Wakes those who wait for work: as many of them as there is work for."""

import threading


class Bell:
    """A bell that is rung once for each piece of work. Safe to share among threads.

    An event would wake everybody for one message: all but one of them would look, claim nothing,
    and keep callers waiting meanwhile.
    """

    def __init__(self, most: int = 16) -> None:
        self._condition = threading.Condition()
        self._rung = 0
        # Whoever works looks for more by itself: beyond this many rings nobody need be told.
        self._most = most

    def ring(self, times: int = 1) -> None:
        """Wakes so many of those who wait, or spares the next ones their waiting."""
        with self._condition:
            self._rung = min(self._rung + times, self._most)
            self._condition.notify(times)

    def wait(self, longest_s: float) -> bool:
        """Waits until it is rung, `longest_s` seconds at most; whether it was."""
        with self._condition:
            rung = self._condition.wait_for(lambda: self._rung > 0, longest_s)
            if rung:
                self._rung -= 1
            return rung
