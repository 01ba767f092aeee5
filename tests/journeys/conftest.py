"""The world in which stories happen, on both databases."""

from pathlib import Path

import pytest

from gateway.database.database import Database
from tests.journeys.world import World, build_world


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return build_world(database, tmp_path)
