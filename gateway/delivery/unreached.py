"""When a message will never reach whom it is for, a person has to phone them."""

from sqlalchemy import select

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies.tables import dispatches, emergencies
from gateway.notifications.tables import messages
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import DispatchState


def alarm_if_unreached(uow: UnitOfWork, message_id: int) -> None:
    """Has operators phone a caller whom our text does not reach, or a hospital that has not got its
    patient by any other way.
    """
    message = uow.connection.execute(select(messages).where(messages.c.id == message_id)).one()
    if message.emergency_id is None or message.purpose.startswith("alarm "):
        return
    emergency = uow.connection.execute(
        select(emergencies).where(emergencies.c.id == message.emergency_id)
    ).one()
    hospitals = uow.services.hospitals
    if message.dispatch_id is None:
        if emergency.referred_by is None:
            raise_alarm(uow, "undelivered", emergency=emergency)
            return
        # The staff who refer the patient, and wait for an answer.
        referrer = hospitals.card(uow.connection, emergency.referred_by).name
        raise_alarm(uow, "not_reachable", emergency=emergency, hospital=referrer, again=False)
        return
    dispatch = uow.connection.execute(
        select(dispatches).where(dispatches.c.id == message.dispatch_id)
    ).one()
    if dispatch.state == DispatchState.OFFERED:
        hospital = hospitals.card(uow.connection, dispatch.hospital_id)
        raise_alarm(uow, "not_reachable", emergency=emergency, hospital=hospital.name, again=False)
