"""What is said on a call to a hospital's duty phone, and what the digits pressed there mean."""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import Row, Select, select

from gateway.emergencies import hospital_answers
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches
from gateway.hospitals.reachability import duty_phone_answered
from gateway.notifications.outbox import VALID, Channel, MessageState
from gateway.notifications.tables import messages, spoken_calls
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
    if digits[:1] in ("1", "2"):
        answer = _answer(uow, call.dispatch_id, number, digits)
        return _say(uow.text(_LANGUAGE, f"voice.{answer}", {}))
    state = uow.connection.execute(
        select(dispatches.c.state).where(dispatches.c.id == call.dispatch_id)
    ).scalar_one()
    if DispatchState(state) not in {*WAITING, DispatchState.EXPIRED}:
        return _say(uow.text(_LANGUAGE, "voice.over", {}))
    return _ask(call.text, callback_url)


def _answer(uow: UnitOfWork, dispatch_id: int, number: str, digits: str) -> str:
    who = Answerer(via="voice")
    if digits.startswith("1"):
        answered, text = hospital_answers.accept(uow, dispatch_id, who), "accepted"
    else:
        reason = CannotTreatReason.OTHER
        answered = hospital_answers.cannot_treat(uow, dispatch_id, reason, "", who)
        text = "cannot_treat"
    duty_phone_answered(uow.connection, uow.system, answered.dispatch.hospital_id, number)
    return text if answered.accepted else "over"


def _call(uow: UnitOfWork, session_id: str, number: str) -> Row[Any] | None:
    """The message that is read out on this call, the same one from its first step to its last: a
    key answers what was heard, whatever else concerns the phone by then.
    """
    heard = select(spoken_calls.c.message_id).where(spoken_calls.c.session_id == session_id)
    of_dispatch = select(messages).where(
        messages.c.channel == Channel.VOICE.value, messages.c.dispatch_id.is_not(None)
    )
    found = uow.connection.execute(of_dispatch.where(messages.c.id.in_(heard))).first()
    if found is not None:
        return found
    ours = of_dispatch.where(messages.c.provider_id == session_id).limit(1)
    found = uow.connection.execute(ours).first() or _likeliest(uow, of_dispatch, number)
    if found is not None:
        uow.connection.execute(
            spoken_calls.insert(),
            {"session_id": session_id, "message_id": found.id, "at": uow.now},
        )
    return found


def _likeliest(
    uow: UnitOfWork, of_dispatch: Select[tuple[Any, ...]], number: str
) -> Row[Any] | None:
    """The phone may be picked up before the provider's answer to our request has been stored: the
    call to it that is being made now, before one that no other session has read out, before the
    latest.
    """
    hospital_ids = uow.services.hospitals.with_duty_phone(uow.connection, number)
    if not hospital_ids:
        return None
    being_made = (messages.c.state == MessageState.QUEUED.value) & (messages.c.attempts > 0)
    return uow.connection.execute(
        of_dispatch.join(dispatches, dispatches.c.id == messages.c.dispatch_id)
        .where(dispatches.c.hospital_id.in_(hospital_ids), messages.c.created_at >= uow.now - VALID)
        .order_by(
            being_made.desc(),
            messages.c.id.in_(select(spoken_calls.c.message_id)),
            messages.c.id.desc(),
        )
        .limit(1)
    ).first()


def _say(text: str) -> str:
    return f"<Response><Say>{escape(text)}</Say></Response>"


def _ask(text: str, callback_url: str) -> str:
    return (
        f'<Response><GetDigits timeout="{_ANSWER_WITHIN_S}" finishOnKey="#" numDigits="1" '
        f"callbackUrl={quoteattr(callback_url)}><Say>{escape(text)}</Say></GetDigits></Response>"
    )
