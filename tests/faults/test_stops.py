"""Stopping under load, starting twice, starting with other keys."""

import signal
import socket
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.machine import real_system
from gateway.notifications.outbox import LEASE_S
from gateway.notifications.tables import messages
from tests.faults.callers import Callers, nothing_is_lost
from tests.faults.installation import Installation, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_loses_nothing(
    installation: Installation, number: signal.Signals
) -> None:
    installation.starts()
    callers = Callers(installation)
    callers.start()
    callers.wait_for(20)
    assert installation.up.stop(number) == 0
    for listen in ("HAVEN_LISTEN", "HAVEN_LIVE_LISTEN"):
        host, _, port = installation.environment[listen].partition(":")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    latest = real_system().now() + timedelta(seconds=LEASE_S)
    leased = select(messages.c.lease_until).where(messages.c.lease_until.is_not(None))
    assert all(row.lease_until <= latest for row in installation.read(leased))
    installation.up.start()
    callers.wait_for(40)
    callers.stop()
    nothing_is_lost(installation, callers.answered, None)


def test_a_second_gateway_on_the_same_data_is_refused(installation: Installation) -> None:
    installation.starts()
    second = Installation(
        installation.folder, HAVEN_DATA_DIR=installation.environment["HAVEN_DATA_DIR"]
    )
    refused = second.program("second", "gateway", "serve")
    refused.start()
    code = until("it ends", lambda: [refused.exit_code] if refused.exit_code is not None else None)
    assert code != [0]
    said = refused.log.read_text()
    assert "Another gateway is running" in said
    assert "Traceback" not in said


def test_another_database_key_is_refused(installation: Installation) -> None:
    key = installation.folder / "gateway" / "secrets" / "database.key"
    key.write_bytes(bytes(32))
    wrong = installation.program("wrong", "gateway", "serve")
    wrong.start()
    code = until("it ends", lambda: [wrong.exit_code] if wrong.exit_code is not None else None)
    assert code != [0]
    said = wrong.log.read_text()
    assert "cannot be read with the key" in said
    assert "Traceback" not in said
