"""A program that another one started, and that must not outlive it."""

import os
import signal
import threading
from collections.abc import Mapping

VARIABLE = "HAVEN_PARENT"
_LOOK_EVERY_S = 0.5


def leave_with(parent: int, how: signal.Signals) -> None:
    """Watches in a thread, and signals this process once `parent` is no longer its parent: an
    orphan would keep the port and the database.
    """

    def watch() -> None:
        ticker = threading.Event()
        while os.getppid() == parent:
            ticker.wait(_LOOK_EVERY_S)
        os.kill(os.getpid(), how)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def leave_with_up(environment: Mapping[str, str]) -> None:
    """The same for a program that `haven-gateway up` started; one started alone stays."""
    named = environment.get(VARIABLE, "")
    if named.isdigit():
        leave_with(int(named), signal.SIGTERM)
