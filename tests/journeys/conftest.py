"""What holds in every journey."""

from collections.abc import Iterator

import pytest

from tests.gateway.menus.made_known import made_known, undeclared


@pytest.fixture(autouse=True)
def _no_fact_is_made_known_that_is_not_declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Menus that ask for it would be refused."""
    told = made_known(monkeypatch)
    yield
    assert undeclared(told) == {}
