from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edge_node.side import Side
from tests.edge_node.two_sides import Gateway, Hospital, running
from tests.sync.conftest import sqlite_engine


@pytest.fixture
def two_sides(tmp_path: Path) -> Iterator[tuple[Gateway, Hospital]]:
    """A gateway and one enrolled box."""
    engine = sqlite_engine()
    with running(engine, tmp_path) as both:
        yield both
    engine.dispose()


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    engine = sqlite_engine()
    with running(engine, tmp_path) as (gateway, hospital):
        yield Side(engine, gateway, hospital)
    engine.dispose()
