"""What happens when a moment has come. Each is one transaction that removes the timer with it."""

from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm, remind
from gateway.emergencies import (
    boxes_told,
    closing,
    dispatching,
    duty_phones,
    onward,
    store,
    telling,
    timers,
    urgency,
    watched,
)
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.timers import Timer, TimerKind
from gateway.unit_of_work import Services, UnitOfWork
from shared.dispatch import WAITING, DispatchState
from shared.emergency import ENDED, EmergencyState, move

_log = structlog.get_logger(__name__)

_BATCH = 100
_REMINDED_FOR = timedelta(hours=1)
_AGAIN_AFTER = timedelta(seconds=30)


def fire_due(services: Services) -> int:
    """Fires every timer that is due; how many there were. One that fails is put off and handed to
    operators, so that it keeps no other emergency waiting.
    """
    now = services.system.now()
    due = services.database.read(lambda connection: timers.next_due(connection, now, _BATCH))
    for timer in due:
        try:
            services.write(partial(_fire, timer=timer))
        except Exception:
            _log.exception("a timer failed", emergency=timer.emergency_id)
            services.write(partial(_hand_to_operators, timer=timer))
    return len(due)


def _hand_to_operators(uow: UnitOfWork, timer: Timer) -> None:
    emergency = store.lock(uow, timer.emergency_id)
    timers.postpone(uow, timer, uow.now + _AGAIN_AFTER)
    raise_alarm(uow, "stuck", emergency=emergency)


def _fire(uow: UnitOfWork, timer: Timer) -> None:
    emergency = store.lock(uow, timer.emergency_id)
    if not timers.take(uow, timer):
        return
    kind = TimerKind(timer.kind)
    if kind is TimerKind.SESSION_QUIET:
        if emergency.state == EmergencyState.PROVISIONAL:
            raise_emergency(uow, emergency)
        return
    if kind is TimerKind.NOT_ARRIVED:
        if emergency.state in (EmergencyState.ACCEPTED, EmergencyState.NOT_ARRIVED):
            _not_arrived(uow, timer.emergency_id)
        return
    if kind is TimerKind.REMIND:
        if emergency.state == EmergencyState.UNANSWERED:
            _remind(uow, emergency)
        return
    if kind is TimerKind.CLOSE:
        undecided = emergency.cancel_asked_at is not None
        if undecided and emergency.state in store.ACTIVE:
            watched.ask_operators_again(uow, emergency)
        elif emergency.state in closing.ENDS_BY_ITSELF:
            closing.close(uow, emergency)
        elif emergency.state in ENDED:
            closing.free_beds(uow, emergency)
            boxes_told.forget(uow, emergency)
        return
    if kind is TimerKind.LEAVE_BOXES:
        if emergency.state in ENDED:
            boxes_told.forget(uow, emergency)
        return
    if kind is TimerKind.HANDED_OVER:
        if emergency.state in closing.HANDED_OVER_FROM:
            closing.close(uow, emergency, reason="the patient was handed over")
        return
    dispatch = store.dispatch(uow, timer.dispatch_id)
    if DispatchState(dispatch.state) not in WAITING:
        return
    if kind is TimerKind.ASK_NEXT:
        _ask_next(uow, timer.emergency_id, timer.dispatch_id)
    else:
        duty_phones.call(uow, emergency, dispatch)


def _ask_next(uow: UnitOfWork, emergency_id: int, dispatch_id: int) -> None:
    emergency = store.lock(uow, emergency_id)
    dispatching.settle(
        uow,
        emergency,
        store.dispatch(uow, dispatch_id),
        DispatchState.EXPIRED,
        "no answer in time; another hospital is asked as well",
    )
    asked = dispatching.offer_next(uow, emergency)
    if asked.hospital is not None:
        telling.tell_of_another(uow, asked.emergency, asked.hospital)


def _remind(uow: UnitOfWork, emergency: Row[Any]) -> None:
    # A hospital may have opened, or got a box, since the last one was asked.
    asked = urgency.ask_better(uow, emergency, emergency)
    if asked.state != EmergencyState.UNANSWERED:
        return
    remind(uow, emergency)
    if uow.now - emergency.raised_at < _REMINDED_FOR:
        timers.put(uow, TimerKind.REMIND, emergency.id, uow.now + timers.REMIND_AFTER)


def _not_arrived(uow: UnitOfWork, emergency_id: int) -> None:
    emergency = store.lock(uow, emergency_id)
    if emergency.state != EmergencyState.NOT_ARRIVED:
        state = move(EmergencyState(emergency.state), EmergencyState.NOT_ARRIVED)
        emergency = store.change(uow, emergency, state=state.value)
    timers.put(uow, TimerKind.CLOSE, emergency.id, uow.now + timers.CLOSE_AFTER)
    accepted = store.dispatch(uow, emergency.accepted_dispatch_id)
    if accepted.reserved:
        # The bed is free for others; the hospital still expects the patient if they come late.
        uow.services.hospitals.give_back(uow.connection, accepted.hospital_id)
        accepted = store.change_dispatch(uow, accepted, reserved=False)
    boxes_told.tell(uow, emergency, accepted, "the patient has not arrived")
    onward.call_off(uow, emergency, "the patient has not arrived at the hospital before")
    raise_alarm(uow, "not_arrived", emergency=emergency)
    telling.tell_caller(uow, emergency, "not_arrived")
