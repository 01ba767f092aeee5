"""How long to wait before the doorbell is tried again: every attempt costs the battery of the phone
that a hospital may be connected by.
"""

from random import Random

_FIRST_S = 1.0
# Where it has worked before, it will again; where it never has, sockets may be blocked for good.
# Asking by the clock goes on in any case.
_LONGEST_S, _LONGEST_WHERE_BLOCKED_S = 300.0, 3600.0
# What breaks off sooner than this has not worked: a proxy may open every socket and close it again.
_WORKS_AFTER_S = 30.0


class BackOff:
    """Waits that double with each failure, with chance in them, so that a thousand boxes do not
    come back at the same moment.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._failures = 0
        self._has_worked = False

    def lost(self, after_s: float) -> None:
        """A connection that had been made was lost after so many seconds."""
        if after_s < _WORKS_AFTER_S:
            self._failures += 1
            return
        self._has_worked = True
        self._failures = 0

    def failed(self) -> None:
        """No connection could be made."""
        self._failures += 1

    def wait_s(self) -> float:
        """How long to wait now, in seconds."""
        longest_s = _LONGEST_S if self._has_worked else _LONGEST_WHERE_BLOCKED_S
        whole_s = min(longest_s, _FIRST_S * 2.0 ** min(self._failures, 20))
        return whole_s * (0.5 + self._rng.random() / 2)
