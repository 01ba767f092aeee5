"""A patient who walks into a hospital that nobody sent them to, and shows the code on their phone:
whoever expects them elsewhere hears of it.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from gateway.emergencies import box_events, hospital_answers, store
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches, emergencies
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState, Part
from shared.emergency import EmergencyState
from shared.emergency import move as move_emergency

_WHY = "The patient came here by themselves."
# Nobody was asked, or nobody is left: from here the life cycle leads over the hospital that has
# them.
_ASKS_NOBODY = frozenset({EmergencyState.OPEN, EmergencyState.UNANSWERED})


@dataclass(frozen=True, slots=True)
class Found:
    """Whose code it was. `took_bed` is true when the patient's bed here is counted by that."""

    emergency_id: int | None
    took_bed: bool
    words: str


def with_code(codes: set[str]) -> ColumnElement[bool]:
    """The emergencies in which somebody may still come with one of these help codes."""
    open_states = [state.value for state in (*store.ACTIVE, EmergencyState.ARRIVED)]
    return emergencies.c.help_code.in_(codes) & emergencies.c.state.in_(open_states)


def came(uow: UnitOfWork, hospital_id: int, help_code: str, who: Answerer) -> Found:
    """The patient with this help code is at this hospital. What is open elsewhere is withdrawn, and
    the hospital gets what the patient has said. A code that belongs to no open emergency changes
    nothing.
    """
    row = uow.connection.execute(
        select(emergencies.c.id).where(with_code({help_code})).order_by(emergencies.c.id.desc())
    ).first()
    if row is None:
        return Found(None, False, f"no open alert has the code {help_code}")
    emergency = store.lock(uow, row.id)
    state = EmergencyState(emergency.state)
    if state is EmergencyState.PROVISIONAL:
        return Found(emergency.id, False, f"{help_code} is still being reported")
    here = [
        each
        for each in store.dispatches_of(uow.connection, emergency.id)
        if each.hospital_id == hospital_id
    ]
    if state is EmergencyState.ARRIVED:
        if here and here[-1].state == DispatchState.ARRIVED:
            return Found(emergency.id, True, f"{help_code} was known to be with you")
        return Found(emergency.id, False, f"{help_code} had arrived at another hospital before")
    expected_at = _expected_at(uow, emergency, hospital_id)
    dispatch = here[-1] if here else _add(uow, emergency, hospital_id)
    if state in _ASKS_NOBODY:
        moved = move_emergency(state, EmergencyState.DISPATCHED)
        store.change(uow, emergency, state=moved.value)
    hospital_answers.arrived(uow, dispatch.id, who)
    if expected_at:
        return Found(emergency.id, True, f"{help_code} was expected at {expected_at}: it knows now")
    return Found(emergency.id, True, f"{help_code} is noted as arrived here")


def _expected_at(uow: UnitOfWork, emergency: Row[Any], hospital_id: int) -> str:
    """The name of the other hospital that the patient was sent to, empty where it was none."""
    sent_to = emergency.accepted_dispatch_id or emergency.told_dispatch_id
    if sent_to is None:
        return ""
    other = store.dispatch(uow, sent_to).hospital_id
    return "" if other == hospital_id else uow.services.hospitals.card(uow.connection, other).name


def _add(uow: UnitOfWork, emergency: Row[Any], hospital_id: int) -> Row[Any]:
    """A share of this hospital's, so that everything that hangs on one holds for it as well."""
    asked = store.dispatches_of(uow.connection, emergency.id)
    dispatch_id = uow.system.new_id()
    uow.connection.execute(
        dispatches.insert().values(
            id=dispatch_id,
            emergency_id=emergency.id,
            hospital_id=hospital_id,
            version=1,
            state=DispatchState.DELIVERED.value,
            position=max((row.position for row in asked), default=0) + 1,
            answer_code=store.unused_answer_code(uow),
            travel_min=0,
            distance_m=0,
            explanation=[_WHY],
            part=Part.TREAT.value,
            reserved=False,
            reachable=True,
            offered_at=uow.now,
            answer_by=uow.now,
            delivered_at=uow.now,
        )
    )
    dispatch = store.dispatch(uow, dispatch_id)
    uow.tell_hospital(hospital_id, box_events.offered(uow, emergency, dispatch))
    return dispatch
