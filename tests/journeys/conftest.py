"""What holds in every journey."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.database.database import Database
from tests.gateway.menus.made_known import made_known, undeclared
from tests.journeys.box_with_modem import HELLO_S, BoxWithModem, world_with_boxes


@pytest.fixture(autouse=True)
def _no_fact_is_made_known_that_is_not_declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Menus that ask for it would be refused."""
    told = made_known(monkeypatch)
    yield
    assert undeclared(told) == {}


@pytest.fixture
def box(database: Database, tmp_path: Path) -> Iterator[BoxWithModem]:
    """In touch over the network, and its SIM's number known."""
    made = BoxWithModem(world_with_boxes(database, tmp_path), tmp_path)
    made.hospital.box.report_alarm(audible=True)
    made.passes(HELLO_S)
    made.up.clear()
    made.down.clear()
    yield made
    made.hospital.store.close()
