"""A hospital's patients as its duty phone may show them: no name, and no medical fact but how
urgent it is.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from gateway.emergencies.tables import dispatches, emergencies
from gateway.hospitals.tables import hospitals
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import LIVE, DispatchState, Part
from shared.emergency import EmergencyState, Priority


@dataclass(frozen=True, slots=True)
class PatientLine:
    """One patient of a hospital, and its `part` in treating them. `travel_min` is how far they were
    when it was asked; `since` is when the dispatch came into its `state`; `referred_by` names the
    hospital that refers them.
    """

    dispatch_id: int
    answer_code: str
    priority: Priority
    travel_min: int
    state: DispatchState
    since: datetime
    referred_by: str
    part: Part


def open_dispatches(uow: UnitOfWork, hospital_id: int) -> list[PatientLine]:
    """Patients whom the hospital was asked for and has not answered, also too late while nobody
    else has them, and those whom it expects: the most urgent first, then whoever waits longest.
    """
    may_answer = or_(
        dispatches.c.state.in_([state.value for state in LIVE]),
        and_(
            dispatches.c.state == DispatchState.EXPIRED.value,
            emergencies.c.accepted_dispatch_id.is_(None),
        ),
    )
    order = (emergencies.c.priority, dispatches.c.offered_at, dispatches.c.id)
    return _lines(uow, _of(hospital_id).where(may_answer).order_by(*order))


def arrived_patients(uow: UnitOfWork, hospital_id: int) -> list[PatientLine]:
    """Patients who are at the hospital, until their emergency is closed: the latest first."""
    here = (dispatches.c.state == DispatchState.ARRIVED.value) & (
        emergencies.c.state == EmergencyState.ARRIVED.value
    )
    order = (dispatches.c.answered_at.desc(), dispatches.c.id.desc())
    return _lines(uow, _of(hospital_id).where(here).order_by(*order))


def _of(hospital_id: int) -> Select[Any]:
    return (
        select(dispatches, emergencies.c.priority, hospitals.c.name.label("referrer"))
        .join(emergencies, emergencies.c.id == dispatches.c.emergency_id)
        .outerjoin(hospitals, hospitals.c.id == emergencies.c.referred_by)
        .where(dispatches.c.hospital_id == hospital_id)
    )


def _lines(uow: UnitOfWork, query: Select[Any]) -> list[PatientLine]:
    return [
        PatientLine(
            dispatch_id=row.id,
            answer_code=row.answer_code,
            priority=Priority(row.priority),
            travel_min=row.travel_min,
            state=DispatchState(row.state),
            since=row.answered_at or row.offered_at,
            referred_by=row.referrer or "",
            part=Part(row.part),
        )
        for row in uow.connection.execute(query)
    ]
