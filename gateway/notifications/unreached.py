"""When a text will never reach a caller, a person has to phone them."""

from sqlalchemy import Row, select

from gateway.emergencies.tables import emergencies
from gateway.notifications.tables import messages
from gateway.operators.alarms import raise_alarm
from gateway.unit_of_work import UnitOfWork


def alarm_if_caller_unreached(uow: UnitOfWork, message_id: int) -> None:
    """Has operators phone a caller whom our text will never reach."""
    row = _message_of_caller(uow, message_id)
    if row is not None:
        raise_alarm(uow, "undelivered", emergency_id=row.emergency_id, code=row.help_code)


def _message_of_caller(uow: UnitOfWork, message_id: int) -> Row[int, str] | None:
    query = (
        select(messages.c.emergency_id, emergencies.c.help_code)
        .join(emergencies, emergencies.c.id == messages.c.emergency_id)
        .where(
            messages.c.id == message_id,
            messages.c.dispatch_id.is_(None),
            messages.c.purpose.not_like("alarm %"),
        )
    )
    return uow.connection.execute(query).first()
