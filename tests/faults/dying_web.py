"""The web process of `haven-gateway serve`, which is killed with -9 once, at the moment that
HAVEN_DIES_WHEN names, while it commits an emergency that has been sent to a hospital.

A test cannot hit the moment between the commit and the answer by chance. The file HAVEN_DIES_ONCE
is gone afterwards, so that the process which takes its place lives.
"""

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from granian import Granian
from sqlalchemy import Connection

from gateway.config import from_environment
from gateway.database.write_queue import WriteQueue
from gateway.processes import serve, wsgi

BEFORE_THE_COMMIT, AFTER_THE_COMMIT = "before the commit", "after the commit"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def load() -> Wsgi:
    """Haven's own application, on a write queue that dies."""
    moment = os.environ["HAVEN_DIES_WHEN"]
    carry_out = WriteQueue._carry_out
    require_transaction = WriteQueue._require_transaction

    def dies_before(queue: WriteQueue, connection: Connection) -> None:
        require_transaction(queue, connection)
        _die_if_sent(connection)

    def dies_after(queue: WriteQueue, group: Any) -> None:
        carry_out(queue, group)
        with queue._connection.begin():
            _die_if_sent(queue._connection)

    if moment == BEFORE_THE_COMMIT:
        patch.object(WriteQueue, "_require_transaction", dies_before).start()
    elif moment == AFTER_THE_COMMIT:
        patch.object(WriteQueue, "_carry_out", dies_after).start()
    else:
        raise ValueError(f"nobody dies {moment!r}")
    return wsgi.load()


def _die_if_sent(connection: Connection) -> None:
    fuse = Path(os.environ["HAVEN_DIES_ONCE"])
    sent = connection.exec_driver_sql("SELECT count(*) FROM dispatches").scalar_one()
    if sent and fuse.exists():
        fuse.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":

    def this_application(_: str, **options: Any) -> Any:
        return Granian("tests.faults.dying_web:load", **options)

    with patch.object(serve, "Granian", this_application):
        serve.serve(from_environment(os.environ))
