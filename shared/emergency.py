"""The life of an emergency: its states, the moves between them, and the words that describe it.

Members' numbers are part of the sync protocol: new ones go at the end, and none is ever reused.
"""

from enum import IntEnum, StrEnum

from shared.errors import IllegalMove


class EmergencyState(StrEnum):
    """Where an emergency stands, as the gateway sees it."""

    PROVISIONAL = "provisional"  # stored from the first answer on; no hospital knows of it yet
    OPEN = "open"  # raised; a hospital is being looked for
    DISPATCHED = "dispatched"  # at least one hospital has been asked
    ACCEPTED = "accepted"  # a hospital is expecting the patient
    ARRIVED = "arrived"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"  # nobody is left to ask: operators own it
    NOT_ARRIVED = "not_arrived"  # twice the estimated time has passed: operators own it


_S = EmergencyState

MOVES: dict[EmergencyState, frozenset[EmergencyState]] = {
    _S.PROVISIONAL: frozenset({_S.OPEN, _S.CANCELLED}),
    _S.OPEN: frozenset({_S.DISPATCHED, _S.UNANSWERED, _S.CANCELLED, _S.CLOSED}),
    # A patient may reach a hospital that has not answered, hence arrived and closed from nearly
    # everywhere.
    _S.DISPATCHED: frozenset({_S.ACCEPTED, _S.UNANSWERED, _S.ARRIVED, _S.CANCELLED, _S.CLOSED}),
    _S.ACCEPTED: frozenset(
        {_S.DISPATCHED, _S.UNANSWERED, _S.ARRIVED, _S.NOT_ARRIVED, _S.CANCELLED, _S.CLOSED}
    ),
    _S.UNANSWERED: frozenset({_S.DISPATCHED, _S.ACCEPTED, _S.ARRIVED, _S.CANCELLED, _S.CLOSED}),
    _S.NOT_ARRIVED: frozenset({_S.DISPATCHED, _S.ARRIVED, _S.CANCELLED, _S.CLOSED}),
    _S.ARRIVED: frozenset({_S.CLOSED}),
    _S.CLOSED: frozenset(),
    _S.CANCELLED: frozenset(),
}

ENDED = frozenset({_S.CLOSED, _S.CANCELLED})


def move(present: EmergencyState, to: EmergencyState) -> EmergencyState:
    """`to`, if the life cycle allows it from `present`.

    Raises IllegalMove otherwise.
    """
    if to not in MOVES[present]:
        raise IllegalMove(f"An emergency that is {present} cannot become {to}.")
    return to


class Priority(IntEnum):
    """How fast. The colour names are those of WHO's Interagency Integrated Triage Tool."""

    CRITICAL = 1  # red
    HIGH = 2  # yellow
    MEDIUM = 3  # green


class Kind(IntEnum):
    """What kind of emergency, as the caller's answers name it."""

    UNKNOWN = 0
    UNRESPONSIVE = 1  # cannot be woken, or does not breathe well
    BLEEDING = 2
    FITS = 3
    PREGNANCY = 4
    INJURY = 5
    SNAKEBITE = 6
    POISON = 7
    SICKNESS = 8
    NEWBORN = 9
    CHILD = 10
    BURN = 11
    CHEST_PAIN = 12
    STROKE = 13
    THROAT = 14
    ASSAULT = 15
    SELF_HARM = 16


class Transport(IntEnum):
    """The four answers to the transport question of the first SMS."""

    NONE = 1
    ON_THE_WAY = 2
    ARRIVED = 3
    NOT_COMING = 4


# No call, no contact and no hospital's name in a text: the phone may be in the wrong hands.
DISCREET_KINDS = frozenset({Kind.ASSAULT, Kind.SELF_HARM})
