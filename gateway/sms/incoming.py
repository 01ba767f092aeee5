"""An SMS that came in: from a hospital's duty phone, from an operator, from a caller, or from a
sender whom nobody can answer.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update

from gateway.alarms.alarm import raise_alarm
from gateway.callers import store as callers
from gateway.sms import from_callers, from_staff
from gateway.sms.tables import incoming_sms
from gateway.unit_of_work import Services, UnitOfWork

_LONGEST_TEXT = 1000
_LONGEST_SENDER = 40
# So many messages of one phone within this time are read, and answered.
_MOST_WRITTEN = 20
_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """One message as the carrier handed it over. `provider_id` is the carrier's name for it."""

    provider_id: str
    sender: str
    text: str


def receive(services: Services, sms: IncomingSms) -> None:
    """Takes the message in and does what it asks; one that comes again does nothing."""

    def take(uow: UnitOfWork) -> None:
        caller = callers.find_or_add(uow, sms.sender)
        if not _is_new(uow, sms, caller_id=caller.id):
            return
        if _answers_by_itself(uow, caller.id):
            uow.hushed = sms.sender
        text = sms.text.strip()[:_LONGEST_TEXT]
        if from_staff.take(uow, sms.sender, text):
            return
        emergency = from_callers.take(uow, caller, text)
        if emergency is None:
            return
        if uow.hushed:
            raise_alarm(uow, "answers_itself", emergency=emergency, again=False)
        uow.connection.execute(
            update(incoming_sms)
            .where(incoming_sms.c.provider_id == sms.provider_id)
            .values(emergency_id=emergency.id)
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


def _answers_by_itself(uow: UnitOfWork, caller_id: int) -> bool:
    """True when this phone writes more often than a person in need would: it answers each of our
    texts by itself, and would do so for ever, at a price for each.
    """
    lately = select(func.count()).where(
        incoming_sms.c.caller_id == caller_id,
        incoming_sms.c.received_at > uow.now - _WITHIN,
    )
    return uow.connection.execute(lately).scalar_one() > _MOST_WRITTEN


def _is_new(
    uow: UnitOfWork, sms: IncomingSms, *, sender: str = "", caller_id: int | None = None
) -> bool:
    known = select(incoming_sms.c.provider_id).where(incoming_sms.c.provider_id == sms.provider_id)
    if uow.connection.execute(known).first() is not None:
        return False
    uow.connection.execute(
        incoming_sms.insert(),
        {
            "provider_id": sms.provider_id,
            "sender": sender,
            "caller_id": caller_id,
            "text": sms.text[:_LONGEST_TEXT],
            "received_at": uow.now,
        },
    )
    return True
