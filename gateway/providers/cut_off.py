"""Cuts connections off whose answer takes too long, from one thread for all of them.

A thread each, as `threading.Timer` has it, takes as long to start as an SMS takes to write.
"""

import heapq
import itertools
import socket
import threading
import time
from contextlib import suppress


class Watch:
    """A time limit on one connection. Safe to share among threads."""

    def __init__(self, connection: socket.socket) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = connection
        self._has_cut = False

    def end(self) -> bool:
        """Lifts the limit; whether it was too late, and the connection has been cut off."""
        with self._lock:
            self._connection = None
            return self._has_cut

    def cut(self) -> None:
        """Cuts the connection off, unless the limit was lifted: whoever reads wakes up at once, at
        the end.
        """
        with self._lock:
            if self._connection is not None:
                self._has_cut = True
                with suppress(OSError):
                    # Of the plain socket also under TLS.
                    socket.socket.shutdown(self._connection, socket.SHUT_RDWR)


class CutOff:
    """Watches connections; its thread starts with the first one. Safe to share among threads."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        # (when, number, watch), the earliest first; the number keeps watches from being compared.
        # One that has ended stays until its time: most are of the same length, so that the thread
        # need not be told of each.
        self._watches: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def after(self, limit_s: float, connection: socket.socket) -> Watch:
        """Cuts this connection off after so many seconds, unless the watch is ended before."""
        watch = Watch(connection)
        entry = (time.monotonic() + limit_s, next(self._numbers), watch)
        with self._condition:
            heapq.heappush(self._watches, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cut-off", daemon=True)
                self._thread.start()
            elif self._watches[0] is entry:
                self._condition.notify()
        return watch

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._watches:
                    self._condition.wait()
                when, _, watch = self._watches[0]
                left_s = when - time.monotonic()
                if left_s > 0:
                    self._condition.wait(left_s)
                    continue
                heapq.heappop(self._watches)
            watch.cut()
