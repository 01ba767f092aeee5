"""What happens when a moment has come. Each is one transaction that removes the timer with it."""

from datetime import timedelta

import structlog

from gateway.emergencies import dispatching, store, telling, timers
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.timers import TimerKind
from gateway.operators.alarms import raise_alarm
from gateway.unit_of_work import Services, UnitOfWork
from shared.dispatch import WAITING, DispatchState
from shared.emergency import EmergencyState, move

_log = structlog.get_logger(__name__)

_BATCH = 100
_AGAIN_AFTER = timedelta(seconds=30)


def fire_due(services: Services) -> int:
    """Fires every timer that is due; how many there were. One that fails is put off and handed to
    operators, so that it keeps no other emergency waiting.
    """
    now = services.system.now()
    due = services.database.read(lambda connection: timers.next_due(connection, now, _BATCH))
    for timer_id, emergency_id in due:

        def fire(uow: UnitOfWork, timer_id: int = timer_id, of: int = emergency_id) -> None:
            _fire(uow, timer_id, of)

        try:
            services.write(fire)
        except Exception:
            _log.exception("a timer failed", emergency=emergency_id)

            def put_off(uow: UnitOfWork, timer_id: int = timer_id, of: int = emergency_id) -> None:
                _hand_to_operators(uow, timer_id, of)

            services.write(put_off)
    return len(due)


def _hand_to_operators(uow: UnitOfWork, timer_id: int, emergency_id: int) -> None:
    emergency = store.lock(uow, emergency_id)
    timers.postpone(uow, timer_id, uow.now + _AGAIN_AFTER)
    raise_alarm(uow, "stuck", emergency=emergency)


def _fire(uow: UnitOfWork, timer_id: int, emergency_id: int) -> None:
    emergency = store.lock(uow, emergency_id)
    timer = timers.take(uow, timer_id)
    if timer is None:
        return
    kind = TimerKind(timer.kind)
    if kind is TimerKind.SESSION_QUIET:
        if emergency.state == EmergencyState.PROVISIONAL:
            raise_emergency(uow, emergency)
        return
    if kind is TimerKind.NOT_ARRIVED:
        if emergency.state == EmergencyState.ACCEPTED:
            _not_arrived(uow, emergency_id)
        return
    dispatch = store.dispatch(uow, timer.dispatch_id)
    if DispatchState(dispatch.state) not in WAITING:
        return
    if kind is TimerKind.ASK_NEXT:
        _ask_next(uow, emergency_id, timer.dispatch_id)
    elif kind is TimerKind.NOT_ANSWERED or dispatch.state == DispatchState.OFFERED:
        dispatching.ring_phone(uow, emergency, dispatch)


def _ask_next(uow: UnitOfWork, emergency_id: int, dispatch_id: int) -> None:
    emergency = store.lock(uow, emergency_id)
    dispatching.settle(
        uow,
        emergency,
        store.dispatch(uow, dispatch_id),
        DispatchState.EXPIRED,
        "no answer in time; another hospital is asked as well",
    )
    emergency, following = dispatching.offer_next(uow, emergency)
    if following is None:
        return
    telling.tell_of_another(uow, emergency, following)


def _not_arrived(uow: UnitOfWork, emergency_id: int) -> None:
    emergency = store.lock(uow, emergency_id)
    state = move(EmergencyState.ACCEPTED, EmergencyState.NOT_ARRIVED)
    emergency = store.change(uow, emergency, state=state.value)
    accepted = store.dispatch(uow, emergency.accepted_dispatch_id)
    if accepted.reserved:
        # The bed is free for others; the hospital still expects the patient if they come late.
        uow.services.hospitals.give_back(uow.connection, accepted.hospital_id)
        accepted = store.change_dispatch(uow, accepted, reserved=False)
    dispatching.tell_box(uow, emergency, accepted, "the patient has not arrived")
    raise_alarm(uow, "not_arrived", emergency=emergency)
    telling.tell_caller(uow, emergency, "not_arrived")
