"""The hospital that stabilises a patient on the way to the one that takes them over."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select

from gateway.emergencies.tables import dispatches, emergencies
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState
from sync.prepared import Prepared, one_of

# The patient has not come to the first hospital yet.
ON_THE_WAY = (EmergencyState.ACCEPTED, EmergencyState.NOT_ARRIVED)
_EXPECTED = Prepared(
    select(dispatches.c.offered_at, dispatches.c.travel_min)
    .join(emergencies, emergencies.c.accepted_dispatch_id == dispatches.c.id)
    .where(
        emergencies.c.id == bindparam("earlier"),
        one_of(emergencies.c.state, [state.value for state in ON_THE_WAY]),
    )
)


def minutes_until_there(uow: UnitOfWork, emergency: Row[Any]) -> float | None:
    """How long the patient still needs to the hospital that refers them; None once they are there,
    or where nobody refers them.
    """
    if emergency.referred_from is None:
        return None
    # Read without its lock: it comes before this one in the order of locks.
    expected = _EXPECTED.first(uow.connection, earlier=emergency.referred_from)
    if expected is None:
        return None
    there_at: datetime = expected.offered_at + timedelta(minutes=expected.travel_min)
    return max((there_at - uow.now).total_seconds() / 60, 0.0)
