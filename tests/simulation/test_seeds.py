"""Three hundred seeds of the whole of sync; `make soak` goes on with new ones.

HAVEN_TEST_SEED=n lives through that one alone.
"""

import os

import pytest

from tests.simulation.seed import live_through

_EACH = 10
_ALONE = os.environ.get("HAVEN_TEST_SEED")


@pytest.mark.parametrize("first", [int(_ALONE)] if _ALONE else range(0, 300, _EACH))
def test_nothing_is_lost_and_nothing_doubled(first: int) -> None:
    for seed in range(first, first + (1 if _ALONE else _EACH)):
        live_through(seed)
