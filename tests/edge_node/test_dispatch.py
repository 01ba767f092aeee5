"""Whatever the order in which changes arrive, a dispatch comes out the same."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from edge_node import dispatches
from edge_node.dispatch import fold, news_since
from shared.dispatch import DispatchState
from shared.emergency import Kind, Priority
from shared.errors import NotFound
from sync.events import DispatchChanged, DispatchOffered, Event, Verdict
from tests.edge_node.two_sides import Gateway, Hospital

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFFER = DispatchOffered(
    at=NOON,
    dispatch_id=5,
    emergency_id=6,
    version=1,
    help_code="7K2F",
    answer_code="4831",
    kind=Kind.BLEEDING,
    priority=Priority.HIGH,
    needs=1,
    raised_at=NOON,
    answer_by=NOON,
    valid_until=NOON,
    note="first",
)


def a_change(version: int, state: DispatchState, **facts: Any) -> DispatchChanged:
    return DispatchChanged(at=NOON, dispatch_id=5, version=version, state=state, **facts)


@given(
    st.lists(
        st.tuples(st.sampled_from(DispatchState), st.none() | st.text(max_size=5)), max_size=6
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_does_not_matter(
    states: list[tuple[DispatchState, str | None]], rng: Random
) -> None:
    changes = [
        a_change(version, state, note=note) for version, (state, note) in enumerate(states, start=2)
    ]
    shuffled = list(changes)
    rng.shuffle(shuffled)
    known = fold(OFFER, shuffled)
    assert known == fold(OFFER, changes)
    notes = [note for _, note in states if note is not None]
    assert known.offer is not None
    assert known.offer.note == (notes[-1] if notes else "first")
    assert known.state == (states[-1][0] if states else DispatchState.OFFERED)
    assert news_since(1, OFFER, shuffled) == news_since(1, OFFER, changes)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_store_agrees_in_every_order(
    order: tuple[int, ...], two_sides: tuple[Gateway, Hospital]
) -> None:
    _, hospital = two_sides
    events: list[Event] = [
        OFFER,
        a_change(2, DispatchState.EXPIRED, note="second", reason="nobody answered"),
        a_change(3, DispatchState.WITHDRAWN, priority=Priority.CRITICAL),
        Verdict(
            at=NOON,
            claim_id=9,
            dispatch_id=5,
            accepted=False,
            state=DispatchState.WITHDRAWN,
            version=3,
            reason="withdrawn before",
        ),
    ]
    for position in order:
        event = events[position]
        hospital.store.write(lambda c, event=event: _take(c, event))  # type: ignore[misc]
    shown = hospital.box.dispatch(5)
    assert shown.offer is not None
    assert (shown.offer.note, shown.offer.priority) == ("second", Priority.CRITICAL)
    assert (shown.state, shown.version) == (DispatchState.WITHDRAWN, 3)


def _take(connection: Connection, event: Event) -> None:
    match event:
        case DispatchOffered():
            dispatches.take_offer(connection, event, NOON, NOON)
        case DispatchChanged():
            dispatches.take_change(connection, event, NOON, NOON)
        case Verdict():
            dispatches.take_verdict(connection, event, NOON, NOON)


def test_an_older_offer_does_not_replace_a_newer_one(
    two_sides: tuple[Gateway, Hospital],
) -> None:
    _, hospital = two_sides
    newer = replace(OFFER, version=4, note="newer")
    for event in (newer, OFFER, newer):
        hospital.store.write(lambda c, event=event: _take(c, event))  # type: ignore[misc]
    shown = hospital.box.dispatch(5)
    assert shown.offer is not None
    assert (shown.offer.note, shown.version) == ("newer", 4)


def test_an_unknown_dispatch_is_not_found(two_sides: tuple[Gateway, Hospital]) -> None:
    with pytest.raises(NotFound, match="Load the list again"):
        two_sides[1].box.dispatch(404)
