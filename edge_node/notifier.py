"""Tells everybody in this process that something changed: consoles, streams to browsers."""

import threading


class Notifier:
    """A number that grows with every change, and a way to wait for it."""

    def __init__(self) -> None:
        self._version = 0
        self._closed = False
        self._condition = threading.Condition()

    @property
    def version(self) -> int:
        return self._version

    @property
    def closed(self) -> bool:
        return self._closed

    def changed(self) -> None:
        """Something was stored; call it after the commit."""
        with self._condition:
            self._version += 1
            self._condition.notify_all()

    def close(self) -> None:
        """The program stops: nobody waits any longer."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def wait(self, after: int, timeout_s: float) -> int:
        """The present version, as soon as it is above `after`, or after `timeout_s` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._version > after, timeout_s)
            return self._version
