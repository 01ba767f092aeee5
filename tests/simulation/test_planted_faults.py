"""Each planted fault is found within so many seeds, by an invariant that says what went wrong. A
fault that nobody finds would be a hole in the simulation.
"""

import pytest

from tests.simulation.faults import Plant
from tests.simulation.seed import SeedFailed, live_through

# The fault, the seed to begin with, within how many, and the invariant that it breaks there.
_FOUND: list[tuple[Plant, int, str]] = []


@pytest.mark.parametrize(
    ("plant", "first", "invariant"), _FOUND, ids=[plant.__name__ for plant, *_ in _FOUND]
)
def test_a_planted_fault_is_found(
    plant: Plant, first: int, invariant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(SeedFailed) as found:
        for seed in range(first, first + _WITHIN):
            live_through(seed)
    assert found.value.invariant == invariant
