"""Shorter forms of an event, for a bearer that cannot carry it whole: what is optional goes first.

Whatever decides about the patient always stays: which dispatch it is, its version, the codes, kind,
priority, needs, deadlines, travel time, telephone, how many and how old. What is said of the
patient is worth more to a hospital than where exactly they come from.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sync.events import DispatchChanged, DispatchOffered, Event

# Latitude, longitude and radius go together.
_POSITION = "position"
# From first to last: each step leaves out a little more. A number is how many letters stay.
_STEPS: tuple[tuple[str, int], ...] = (
    ("ruleset", 0),
    ("rule_id", 0),
    ("place_text", 40),
    ("reason", 60),
    ("place_text", 20),
    ("referred_by", 24),
    ("place_text", 0),
    (_POSITION, 0),
    ("note", 90),
    ("place_name", 24),
    ("note", 60),
    ("reason", 24),
    ("by", 12),
    ("referred_by", 12),
    ("note", 40),
    ("place_name", 12),
    ("note", 24),
    ("signs", 0),
    ("note", 12),
    ("reason", 0),
    ("note", 0),
    ("referred_by", 0),
    ("by", 0),
    ("place_name", 0),
)


def shorter_forms(event: Event) -> Iterator[Event]:
    """The event, shorter each time; nothing for one that has nothing optional."""
    for name, letters in _STEPS:
        if name == _POSITION:
            if isinstance(event, DispatchOffered | DispatchChanged) and event.lat is not None:
                event = replace(event, lat=None, lon=None, radius_m=None)
                yield event
            continue
        value: Any = getattr(event, name, None)
        # The reason of `CannotTreat` is a number, which decides.
        if not value or not isinstance(value, str | tuple):
            continue
        cut = _cut(event, value, letters)
        if cut != value:
            event = replace(event, **{name: cut})
            yield event


def _cut(event: Event, value: Any, letters: int) -> Any:
    if isinstance(value, str) and letters:
        return value if len(value) <= letters else f"{value[: letters - 1].rstrip()}…"
    if isinstance(event, DispatchChanged):
        # Nothing said of a fact is no change of it; an empty one would be. Reasons are said anew.
        return None if value is not event.reason else ""
    return () if isinstance(value, tuple) and isinstance(event, DispatchOffered) else ""
