"""What is said on a call to a hospital's duty phone, and what the digits pressed there mean."""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import Row, select

from gateway.emergencies import hospital_answers
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches
from gateway.notifications.tables import messages
from gateway.unit_of_work import Services, UnitOfWork
from shared.dispatch import WAITING, CannotTreatReason, DispatchState

_ANSWER_WITHIN_S = 20
_LANGUAGE = "en"


def answer_call(
    services: Services, session_id: str, number: str, digits: str, callback_url: str
) -> str:
    """The XML for one step of the call: the offer, or what became of the key that was pressed."""
    return services.write(lambda uow: _step(uow, session_id, number, digits, callback_url))


def _step(uow: UnitOfWork, session_id: str, number: str, digits: str, callback_url: str) -> str:
    call = _call(uow, session_id, number)
    if call is None or call.dispatch_id is None:
        return _say(uow.text(_LANGUAGE, "voice.over", {}))
    who = Answerer(via="voice")
    if digits.startswith("1"):
        answered = hospital_answers.accept(uow, call.dispatch_id, who)
        return _say(
            uow.text(_LANGUAGE, "voice.accepted" if answered.accepted else "voice.over", {})
        )
    if digits.startswith("2"):
        answered = hospital_answers.cannot_treat(
            uow, call.dispatch_id, CannotTreatReason.OTHER, "", who
        )
        text = "voice.cannot_treat" if answered.accepted else "voice.over"
        return _say(uow.text(_LANGUAGE, text, {}))
    state = uow.connection.execute(
        select(dispatches.c.state).where(dispatches.c.id == call.dispatch_id)
    ).scalar_one()
    if DispatchState(state) not in {*WAITING, DispatchState.EXPIRED}:
        return _say(uow.text(_LANGUAGE, "voice.over", {}))
    return _ask(call.text, callback_url)


def _call(uow: UnitOfWork, session_id: str, number: str) -> Row[Any] | None:
    voice = select(messages).where(
        messages.c.channel == "voice", messages.c.dispatch_id.is_not(None)
    )
    found = uow.connection.execute(
        voice.where(messages.c.provider_id == session_id).limit(1)
    ).first()
    if found is not None:
        return found
    # The phone may be picked up before the provider's answer to our request has been stored.
    hospital_id = uow.services.hospitals.by_duty_phone(uow.connection, number)
    if hospital_id is None:
        return None
    return uow.connection.execute(
        voice.join(dispatches, dispatches.c.id == messages.c.dispatch_id)
        .where(dispatches.c.hospital_id == hospital_id)
        .order_by(messages.c.id.desc())
        .limit(1)
    ).first()


def _say(text: str) -> str:
    return f"<Response><Say>{escape(text)}</Say></Response>"


def _ask(text: str, callback_url: str) -> str:
    return (
        f'<Response><GetDigits timeout="{_ANSWER_WITHIN_S}" finishOnKey="#" numDigits="1" '
        f"callbackUrl={quoteattr(callback_url)}><Say>{escape(text)}</Say></GetDigits></Response>"
    )
