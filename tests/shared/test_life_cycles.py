"""Both state tables, whole: every move that is allowed, and no other."""

from itertools import product

import pytest

from shared import dispatch, emergency
from shared.dispatch import DispatchState
from shared.emergency import EmergencyState
from shared.errors import IllegalMove

EMERGENCY_MOVES = """
provisional  -> open cancelled
open         -> dispatched unanswered cancelled closed
dispatched   -> accepted unanswered arrived cancelled closed
accepted     -> dispatched unanswered arrived not_arrived cancelled closed
unanswered   -> dispatched accepted arrived cancelled closed
not_arrived  -> dispatched arrived cancelled closed
arrived      -> closed
closed       ->
cancelled    ->
"""

DISPATCH_MOVES = """
offered      -> delivered accepted cannot_treat expired superseded withdrawn arrived
delivered    -> accepted cannot_treat expired superseded withdrawn arrived
expired      -> accepted cannot_treat superseded withdrawn arrived
accepted     -> cannot_treat withdrawn arrived
superseded   -> arrived
cannot_treat -> accepted arrived
withdrawn    -> arrived
arrived      ->
"""


def _pairs(table: str) -> set[tuple[str, str]]:
    pairs = set()
    for line in table.strip().splitlines():
        before, _, after = line.partition("->")
        pairs |= {(before.strip(), word) for word in after.split()}
    return pairs


@pytest.mark.parametrize(("before", "after"), list(product(EmergencyState, EmergencyState)))
def test_moves_of_an_emergency(before: EmergencyState, after: EmergencyState) -> None:
    if (before, after) in _pairs(EMERGENCY_MOVES):
        assert emergency.move(before, after) is after
    else:
        with pytest.raises(IllegalMove, match=f"{before} cannot become {after}"):
            emergency.move(before, after)


@pytest.mark.parametrize(("before", "after"), list(product(DispatchState, DispatchState)))
def test_moves_of_a_dispatch(before: DispatchState, after: DispatchState) -> None:
    if (before, after) in _pairs(DISPATCH_MOVES):
        assert dispatch.move(before, after) is after
    else:
        with pytest.raises(IllegalMove, match=f"{before} cannot become {after}"):
            dispatch.move(before, after)
