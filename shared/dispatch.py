"""One hospital's share of an emergency: its states and the moves between them."""

from enum import IntEnum, StrEnum

from shared.errors import IllegalMove


class DispatchState(StrEnum):
    """Where one hospital stands with one patient."""

    OFFERED = "offered"  # written for the hospital, not yet known to have reached it
    DELIVERED = "delivered"  # its box or phone has it and rings
    ACCEPTED = "accepted"
    CANNOT_TREAT = "cannot_treat"
    # nobody answered in time; a late acceptance still counts while nobody else has the patient
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # another hospital accepted first
    WITHDRAWN = "withdrawn"  # the caller cancelled, or the gateway took it back
    ARRIVED = "arrived"


_S = DispatchState

MOVES: dict[DispatchState, frozenset[DispatchState]] = {
    _S.OFFERED: frozenset(
        {
            _S.DELIVERED,
            _S.ACCEPTED,
            _S.CANNOT_TREAT,
            _S.EXPIRED,
            _S.SUPERSEDED,
            _S.WITHDRAWN,
            _S.ARRIVED,
        }
    ),
    _S.DELIVERED: frozenset(
        {_S.ACCEPTED, _S.CANNOT_TREAT, _S.EXPIRED, _S.SUPERSEDED, _S.WITHDRAWN, _S.ARRIVED}
    ),
    _S.EXPIRED: frozenset({_S.ACCEPTED, _S.CANNOT_TREAT, _S.SUPERSEDED, _S.WITHDRAWN, _S.ARRIVED}),
    _S.ACCEPTED: frozenset({_S.CANNOT_TREAT, _S.WITHDRAWN, _S.ARRIVED}),
    # Whoever arrives is stabilised, even where the dispatch had gone elsewhere (Constitution of
    # Kenya, art. 43(2)).
    _S.SUPERSEDED: frozenset({_S.ARRIVED}),
    # Pressed by mistake, or a bed got free: staff may take it back.
    _S.CANNOT_TREAT: frozenset({_S.ACCEPTED, _S.ARRIVED}),
    _S.WITHDRAWN: frozenset({_S.ARRIVED}),
    _S.ARRIVED: frozenset(),
}

WAITING = frozenset({_S.OFFERED, _S.DELIVERED})
LIVE = WAITING | {_S.ACCEPTED}
# Who may still treat the patient: a late acceptance counts.
MAY_TREAT = LIVE | {_S.EXPIRED}


def move(present: DispatchState, to: DispatchState) -> DispatchState:
    """`to`, if the table allows it from `present`.

    Raises IllegalMove otherwise.
    """
    if to not in MOVES[present]:
        raise IllegalMove(f"A dispatch that is {present} cannot become {to}.")
    return to


class Part(IntEnum):
    """What a hospital is asked to do for a patient. The numbers are part of the sync protocol."""

    TREAT = 1
    # It is much nearer than whoever can treat: another one takes the patient over.
    STABILISE = 2
    # It can treat, and another one stabilises the patient on the way.
    TAKE_OVER = 3


class CannotTreatReason(IntEnum):
    """Why a hospital cannot treat here. Nobody may be refused emergency care: whoever arrives is
    stabilised.

    The numbers are part of the sync protocol.
    """

    NO_BED = 1
    NO_STAFF = 2
    NO_EQUIPMENT = 3
    NO_BLOOD_OR_DRUG = 4
    NO_POWER_OR_OXYGEN = 5
    NOT_SAFE = 6
    OTHER = 7
