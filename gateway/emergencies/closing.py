"""Ends an emergency: by an operator, or because nothing more was heard of it for a day, so that
none stays open for ever.
"""

from typing import Any

from sqlalchemy import Row

from gateway.emergencies import onward, store
from gateway.emergencies.withdrawing import withdraw
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState
from shared.identifier import to_text

# States in which only people act: a day after one was entered, what is left is history.
ENDS_BY_ITSELF = frozenset(
    {EmergencyState.ARRIVED, EmergencyState.UNANSWERED, EmergencyState.NOT_ARRIVED}
)
# Whoever was taken over elsewhere may have gone past the hospital that only expected them.
HANDED_OVER_FROM = frozenset(
    {EmergencyState.ARRIVED, EmergencyState.ACCEPTED, EmergencyState.NOT_ARRIVED}
)


def close(
    uow: UnitOfWork,
    emergency: Row[Any],
    *,
    reason: str = "nothing was heard for a day",
    actor: str = "gateway",
) -> Row[Any]:
    """Closes it: beds are free again, boxes hear why, alarms are solved, and the caller's next
    words are a new emergency. Raises IllegalMove while it is provisional or has ended.
    """
    was = emergency.state
    emergency = withdraw(uow, emergency, reason, EmergencyState.CLOSED)
    if was != EmergencyState.ARRIVED:
        onward.call_off(uow, emergency, reason)
    free_beds(uow, emergency)
    uow.audit(
        actor,
        "emergency closed",
        f"emergency:{to_text(emergency.id)}",
    )
    return emergency


def free_beds(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Gives back what is still held, also of a patient who came after they had cancelled."""
    for row in store.dispatches_of(uow.connection, emergency.id):
        if row.reserved:
            uow.services.hospitals.give_back(uow.connection, row.hospital_id)
            store.change_dispatch(uow, row, reserved=False)
