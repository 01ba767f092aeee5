"""Which events go by SMS, and when: pure rules, the same for gateway and box.

A text costs money and takes seconds to minutes. So an event is texted when the network has not
carried it for a while, at once where the network is known to be silent, and at once where seconds
count; never after its time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.dispatch import DispatchState
from shared.emergency import Priority
from sync.codec import decode
from sync.events import (
    Claim,
    DispatchChanged,
    DispatchDelivered,
    DispatchOffered,
    EpochStarted,
    Event,
)
from sync.packing import Unreadable
from sync.stream_log import Waiting

# Texts of which nobody says that they were heard are sent again after so long: they may be lost.
_AGAIN = (timedelta(minutes=2), timedelta(minutes=8), timedelta(minutes=30))
# As many as the acknowledgement of this bearer can name beyond the first gap.
MOST_UNHEARD = 32
# What has no validity of its own.
_VALID = timedelta(hours=2)
# A clock that was set back makes an event or a text look as if it were of the future.
_CLOCK_STEP = timedelta(minutes=1)
_OVER = frozenset({DispatchState.WITHDRAWN, DispatchState.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class TextRules:
    """`after` is how long the network has for an event; with `urgent_at_once` what is critical does
    not wait for it.
    """

    after: timedelta
    urgent_at_once: bool


def due(
    waiting: Sequence[Waiting], now: datetime, rules: TextRules, *, silent: bool
) -> list[Waiting]:
    """What is to be texted now, in this order: critical first, then by age. `silent` says that the
    network is known to carry nothing. At most 32 are ever under way and not heard.
    """
    known = [(each, event) for each in waiting if (event := _event(each)) is not None]
    told = [each for each in _worth_telling(known) if _is_valid(each[1], now)]
    under_way = sum(each.times > 0 for each, _ in told)
    room = max(0, MOST_UNHEARD - under_way)
    again, first = [], []
    for each, event in told:
        if each.times:
            again += [(each, event)] if _is_due_again(each, now) else []
        elif silent or _is_due(event, now, rules):
            first.append((each, event))
    first.sort(key=_order)
    return [each for each, _ in sorted([*again, *first[:room]], key=_order)]


def _order(one: tuple[Waiting, Event]) -> tuple[int, int]:
    each, event = one
    # Within one stream numbers grow with time; between epochs the urgency is what matters.
    return urgency(event), each.position.seq


def urgency(event: Event) -> int:
    """0 where seconds count, 1 where somebody waits for it, else 2."""
    match event:
        case DispatchOffered(priority=priority) | DispatchChanged(priority=Priority() as priority):
            return int(priority) - 1
        case DispatchChanged():
            return 1 if event.state in _OVER else 2
        case Claim() if not isinstance(event, DispatchDelivered):
            return 0
    return 1


def _event(each: Waiting) -> Event | None:
    try:
        event = decode(each.payload)
    except Unreadable:
        return None  # written by a newer version that ran here before: it goes another way
    return None if isinstance(event, EpochStarted) else event


def _worth_telling(known: Iterable[tuple[Waiting, Event]]) -> list[tuple[Waiting, Event]]:
    """Without patients of whom the reader has heard nothing and who are over by now."""
    known = list(known)
    untold = {
        event.dispatch_id
        for each, event in known
        if isinstance(event, DispatchOffered) and not each.times
    }
    over = {
        event.dispatch_id
        for _, event in known
        if isinstance(event, DispatchChanged) and event.state in _OVER
    }
    gone = untold & over
    return [
        (each, event)
        for each, event in known
        if not (isinstance(event, DispatchOffered | DispatchChanged) and event.dispatch_id in gone)
    ]


def _is_valid(event: Event, now: datetime) -> bool:
    return now <= valid_until(event)


def valid_until(event: Event) -> datetime:
    """After this it is not texted any more."""
    if isinstance(event, DispatchOffered):
        return event.valid_until
    return event.at + _VALID


def _is_due(event: Event, now: datetime, rules: TextRules) -> bool:
    if rules.urgent_at_once and urgency(event) == 0:
        return True
    age = now - event.at
    return age >= rules.after or age < -_CLOCK_STEP


def _is_due_again(each: Waiting, now: datetime) -> bool:
    if each.texted_at is None or each.times > len(_AGAIN):
        return False
    age = now - each.texted_at
    return age >= _AGAIN[each.times - 1] or age < -_CLOCK_STEP
