"""When a text will never reach a caller, a person has to phone them."""

from sqlalchemy import select

from gateway.emergencies.tables import emergencies
from gateway.notifications.tables import messages
from gateway.operators.alarms import raise_alarm
from gateway.unit_of_work import UnitOfWork


def alarm_if_caller_unreached(uow: UnitOfWork, message_id: int) -> None:
    """Has operators phone a caller whom our text will never reach."""
    emergency = uow.connection.execute(
        select(emergencies)
        .join(messages, emergencies.c.id == messages.c.emergency_id)
        .where(
            messages.c.id == message_id,
            messages.c.dispatch_id.is_(None),
            messages.c.purpose.not_like("alarm %"),
        )
    ).first()
    if emergency is not None:
        raise_alarm(uow, "undelivered", emergency=emergency)
