"""A fresh installation for each test, cleared away afterwards whatever happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import country
from tests.faults.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """The demo's country on encrypted SQLite; nothing runs yet."""
    made = Installation(tmp_path)
    made.imports_the_demo()
    yield made
    made.close()
    # Shown only when the test has failed.
    print(made.logs())


@pytest.fixture
def installation_with_beds(tmp_path: Path) -> Iterator[Installation]:
    """A country of ten thousand hospitals, one of them with beds for everybody."""
    made = Installation(tmp_path)
    country.fill(made)
    yield made
    made.close()
    print(made.logs())
