"""What a caller chose of the places that were offered for their words: the next one is offered it
first (gateway.places.confirmations).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from gateway.emergencies import telling
from gateway.places import confirmations
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork


def picked(uow: UnitOfWork, emergency: Row[Any], place: FoundPlace) -> None:
    """Says that this is the place of the emergency; any other than those that were offered says
    that it was none of them. Call it before the place is stored with the emergency.
    """
    if place in _offered(emergency):
        confirmations.picked(uow, emergency.caller_id, emergency.place_text, place)
    else:
        refused(uow, emergency)


def refused(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Says that it is none of those that were offered, if any were."""
    offered = _offered(emergency)
    if offered:
        confirmations.refused(uow, emergency.caller_id, emergency.place_text, offered)


def _offered(emergency: Row[Any]) -> Sequence[FoundPlace]:
    """Nothing is learnt of somebody who may be watched."""
    if telling.is_discreet(emergency):
        return ()
    return [FoundPlace(*choice) for choice in emergency.place_choices or ()]
