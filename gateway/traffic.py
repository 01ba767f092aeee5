"""How many callers wait for an answer right now, so that background work can give way to them."""

import threading


class Traffic:
    """Counts requests under way. Safe to share among threads."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._under_way = 0

    def __enter__(self) -> None:
        with self._condition:
            self._under_way += 1

    def __exit__(self, *exception: object) -> None:
        with self._condition:
            self._under_way -= 1
            if not self._under_way:
                self._condition.notify_all()

    def give_way(self, longest_s: float) -> None:
        """Returns as soon as nobody waits, and after `longest_s` seconds at the latest."""
        with self._condition:
            self._condition.wait_for(lambda: not self._under_way, longest_s)
