"""A gateway that operators' commands are typed beside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import bootstrap
from gateway.config import from_environment
from gateway.machine import real_system
from tests.gateway.operators.installed import PROJECT, Installed
from tests.journeys.world import SECRET


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    environment = {
        "HAVEN_DATA_DIR": str(tmp_path / "data"),
        "HAVEN_CALLBACK_SECRET": SECRET,
        "HAVEN_AT_USERNAME": "sandbox",
        "HAVEN_AT_API_KEY": "no-key",
        "HAVEN_AT_SHORTCODE": "40404",
        "HAVEN_OPERATOR_PHONES": "+254700000001",
    }
    gateway = bootstrap.open_gateway(from_environment(environment), real_system())
    made = Installed(environment, gateway)
    made.runs("hospitals", "import", str(PROJECT / "deploy/demo/hospitals.csv"))
    made.runs("places", "import", str(PROJECT / "deploy/demo/places.csv"))
    yield made
    gateway.services.database.close()
