"""What follows when a patient turns out to be worse off than when hospitals were asked."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gateway.emergencies import dispatching, store, timers
from gateway.emergencies.raising import send_to_hospital
from gateway.emergencies.timers import TimerKind
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import WAITING, DispatchState
from shared.emergency import EmergencyState, Priority


def hasten(uow: UnitOfWork, before: Row[Any], emergency: Row[Any]) -> None:
    """Every hospital that has not answered gets the deadlines of the higher priority, counted from
    its own offer: what would be over by now is over at the next sweep. No deadline becomes later.
    """
    if emergency.priority >= before.priority:
        return
    deadlines = dispatching.DEADLINES[Priority(emergency.priority)]
    for row in store.dispatches_of(uow.connection, emergency.id):
        if DispatchState(row.state) not in WAITING:
            continue
        answer_by = row.offered_at + timedelta(seconds=deadlines.ask_next_s)
        if answer_by < row.answer_by:
            store.change_dispatch(uow, row, answer_by=answer_by)
        timers.bring_forward(uow, TimerKind.ASK_NEXT, emergency.id, answer_by, row.id)
        if deadlines.not_answered_s is not None:
            due_at = row.offered_at + timedelta(seconds=deadlines.not_answered_s)
            timers.bring_forward(uow, TimerKind.NOT_ANSWERED, emergency.id, due_at, row.id)
        unheard = row.state == DispatchState.OFFERED or uow.is_unheard(row.hospital_id)
        if deadlines.not_delivered_s is not None and unheard:
            # The lower priority had no such moment.
            due_at = row.offered_at + timedelta(seconds=deadlines.not_delivered_s)
            timers.put(uow, TimerKind.NOT_DELIVERED, emergency.id, due_at, row.id)


def ask_better(uow: UnitOfWork, before: Row[Any], emergency: Row[Any]) -> Row[Any]:
    """Asks another hospital as well when the patient now needs what the best of those asked was not
    chosen for. One that has accepted decides with the caller. Where nobody is left to answer, it
    looks again: a hospital may have opened since.
    """
    state = EmergencyState(emergency.state)
    nobody = state is EmergencyState.UNANSWERED
    if emergency.lat is None or not (nobody or state is EmergencyState.DISPATCHED):
        return emergency
    needs_more = emergency.needs & ~before.needs
    if not (nobody or needs_more or emergency.stabilise_first > before.stabilise_first):
        return emergency
    asked = store.dispatches_of(uow.connection, emergency.id)
    waiting = {row.hospital_id for row in asked if DispatchState(row.state) in WAITING}
    silent = dispatching.asked_hospitals(asked) - waiting
    query = dispatching.query_for(uow.connection, uow.now, emergency, silent)
    ranked = uow.services.hospitals.rank(uow.connection, query, uow.now, 1)
    if not ranked or ranked[0].hospital_id in waiting:
        return emergency
    return send_to_hospital(uow, emergency).emergency
