"""An SMS that came in: from a hospital's duty phone, from an operator, from a caller, or from a
sender whom nobody can answer.
"""

from dataclasses import dataclass

from sqlalchemy import select, update

from gateway.alarms.alarm import raise_alarm
from gateway.callers import store as callers
from gateway.sms import from_callers, from_staff
from gateway.sms.tables import incoming_sms
from gateway.unit_of_work import Services, UnitOfWork

_LONGEST_TEXT = 1000
_LONGEST_SENDER = 40


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """One message as the carrier handed it over. `provider_id` is the carrier's name for it."""

    provider_id: str
    sender: str
    text: str


def receive(services: Services, sms: IncomingSms) -> None:
    """Takes the message in and does what it asks; one that comes again does nothing."""

    def take(uow: UnitOfWork) -> None:
        if not _is_new(uow, sms, sender=""):
            return
        text = sms.text.strip()[:_LONGEST_TEXT]
        if from_staff.take(uow, sms.sender, text):
            return
        caller = callers.find_or_add(uow, sms.sender)
        emergency = from_callers.take(uow, caller, text)
        uow.connection.execute(
            update(incoming_sms)
            .where(incoming_sms.c.provider_id == sms.provider_id)
            .values(caller_id=caller.id, emergency_id=None if emergency is None else emergency.id)
        )

    services.write(take)


def keep_for_operators(services: Services, sms: IncomingSms) -> None:
    """Keeps a message whose sender is no phone number (a company's name, a short code, a number
    that the carrier hid): nobody can be answered, so a person reads it.
    """

    def keep(uow: UnitOfWork) -> None:
        sender = sms.sender[:_LONGEST_SENDER]
        if _is_new(uow, sms, sender=sender):
            words = f"{sender or 'nobody named'}: {sms.text.strip()[:_LONGEST_TEXT]}"
            raise_alarm(uow, "no_number", detail=words)

    services.write(keep)


def _is_new(uow: UnitOfWork, sms: IncomingSms, *, sender: str) -> bool:
    known = select(incoming_sms.c.provider_id).where(incoming_sms.c.provider_id == sms.provider_id)
    if uow.connection.execute(known).first() is not None:
        return False
    uow.connection.execute(
        incoming_sms.insert(),
        {
            "provider_id": sms.provider_id,
            "sender": sender,
            "text": sms.text[:_LONGEST_TEXT],
            "received_at": uow.now,
        },
    )
    return True
