"""The fields of events as far as columns and the text model know them.

What came to an event later, and everything of a type that is not named here, is a tail of bytes to
them, so that neither form changes with the table of events.
"""

from sync.codec import LAYOUTS, Field

# By the number of an event's type: how many of its groups. Part of the wire's form.
GROUPS = dict.fromkeys(range(1, 19), 1) | {1: 2, 2: 3, 3: 2, 9: 2}


def frozen_groups(kind: int) -> tuple[tuple[Field, ...], ...]:
    """The groups of fields of this type of event."""
    return _GROUPS_BY_TYPE.get(kind, ())


_GROUPS_BY_TYPE = {
    layout.number: layout.groups[: GROUPS.get(layout.number, 0)] for layout in LAYOUTS
}
