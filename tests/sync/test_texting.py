"""Which events go by SMS, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.dispatch import DispatchState
from shared.emergency import Priority
from sync import texting
from sync.codec import encode
from sync.events import (
    AcceptDispatch,
    DispatchChanged,
    DispatchDelivered,
    Event,
    Verdict,
)
from sync.stream_log import Position, Waiting
from sync.texting import TextRules
from tests.bench.corpus import emergencies

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GATEWAY = TextRules(after=timedelta(seconds=60), urgent_at_once=True)
BOX = TextRules(after=timedelta(seconds=20), urgent_at_once=False)


def offer(priority: Priority, at: datetime = NOON, dispatch_id: int = 1) -> Event:
    return replace(
        emergencies(1)[0],
        at=at,
        dispatch_id=dispatch_id,
        priority=priority,
        valid_until=at + timedelta(hours=2),
    )


def change(state: DispatchState, dispatch_id: int = 1) -> DispatchChanged:
    return DispatchChanged(at=NOON, dispatch_id=dispatch_id, version=2, state=state)


VERDICT = Verdict(
    at=NOON, claim_id=1, dispatch_id=1, accepted=True, state=DispatchState.ACCEPTED, version=2
)
ACCEPT = AcceptDispatch(at=NOON, claim_id=1, dispatch_id=1)
DELIVERED = DispatchDelivered(at=NOON, claim_id=1, dispatch_id=1, audible=True)


def waits(*events: Event, times: int = 0, texted_at: datetime | None = None) -> list[Waiting]:
    return [
        Waiting(Position(1, 9, seq), encode(event), times, texted_at)
        for seq, event in enumerate(events, start=2)
    ]


def due(
    waiting: list[Waiting], after: timedelta, rules: TextRules = GATEWAY, *, silent: bool = False
) -> list[int]:
    found = texting.due(waiting, NOON + after, rules, silent=silent)
    return [each.position.seq for each in found]


@pytest.mark.parametrize(
    ("event", "rules", "silent", "first_due_s"),
    [
        (offer(Priority.CRITICAL), GATEWAY, False, 0),
        (offer(Priority.HIGH), GATEWAY, False, 60),
        (offer(Priority.MEDIUM), GATEWAY, False, 60),
        (offer(Priority.MEDIUM), GATEWAY, True, 0),
        (VERDICT, GATEWAY, False, 60),
        (VERDICT, GATEWAY, True, 0),
        (replace(change(DispatchState.ACCEPTED), priority=Priority.CRITICAL), GATEWAY, False, 0),
        (change(DispatchState.WITHDRAWN), GATEWAY, False, 60),
        (ACCEPT, BOX, False, 20),
        (ACCEPT, BOX, True, 0),
        (DELIVERED, BOX, False, 20),
    ],
)
def test_when_an_event_is_texted_first(
    event: Event, rules: TextRules, silent: bool, first_due_s: int
) -> None:
    waiting = waits(event)
    if first_due_s:
        before = timedelta(seconds=first_due_s - 1)
        assert due(waiting, before, rules, silent=silent) == []
    assert due(waiting, timedelta(seconds=first_due_s), rules, silent=silent) == [2]


def test_critical_goes_first_then_by_age() -> None:
    waiting = waits(
        offer(Priority.MEDIUM, dispatch_id=1),
        VERDICT,
        offer(Priority.CRITICAL, dispatch_id=3),
        offer(Priority.HIGH, dispatch_id=4),
        offer(Priority.CRITICAL, dispatch_id=5),
    )
    assert due(waiting, timedelta(), silent=True) == [4, 6, 3, 5, 2]


@pytest.mark.parametrize(("times", "after_s"), [(1, 120), (2, 480), (3, 1800)])
def test_what_nobody_heard_is_texted_again_ever_later(times: int, after_s: int) -> None:
    waiting = waits(offer(Priority.CRITICAL), times=times, texted_at=NOON)
    assert due(waiting, timedelta(seconds=after_s - 1)) == []
    assert due(waiting, timedelta(seconds=after_s)) == [2]


def test_after_four_texts_nothing_more_is_spent() -> None:
    waiting = waits(offer(Priority.CRITICAL), times=4, texted_at=NOON)
    assert due(waiting, timedelta(minutes=119)) == []


@pytest.mark.parametrize("event", [offer(Priority.CRITICAL), VERDICT, ACCEPT])
def test_nothing_is_texted_after_its_time(event: Event) -> None:
    assert due(waits(event), timedelta(hours=2), silent=True) == [2]
    assert due(waits(event), timedelta(hours=2, seconds=1), silent=True) == []


def test_no_more_than_32_are_under_way() -> None:
    told = waits(*(offer(Priority.HIGH, dispatch_id=number) for number in range(1, 31)))
    told = [replace(each, times=1, texted_at=NOON) for each in told]
    fresh = waits(*(offer(Priority.CRITICAL, dispatch_id=number) for number in range(50, 60)))
    fresh = [
        replace(each, position=replace(each.position, seq=each.position.seq + 100))
        for each in fresh
    ]
    assert len(due([*told, *fresh], timedelta(seconds=5))) == 2
    assert len(due(told, timedelta(minutes=2))) == 30  # again: they are counted already


def test_a_patient_who_is_over_before_anybody_heard_costs_no_text() -> None:
    gone = [offer(Priority.CRITICAL), change(DispatchState.WITHDRAWN)]
    assert due(waits(*gone), timedelta(minutes=5), silent=True) == []
    told = waits(offer(Priority.CRITICAL), times=1, texted_at=NOON)
    over = [replace(waits(gone[1])[0], position=Position(1, 9, 3))]
    assert due([*told, *over], timedelta(minutes=1)) == [3]


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    assert due(waits(ACCEPT), -timedelta(days=400), BOX) == [2]
    sent = waits(ACCEPT, times=1, texted_at=NOON + timedelta(days=400))
    assert due(sent, timedelta(seconds=30), BOX) == [2]
