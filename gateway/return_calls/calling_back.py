"""Calls a caller back: the call leaves by the outbox, like every message.

Whoever asks is called once: another missed call while a call is on its way makes no second one. A
call that is not picked up is made once more; after that, and where there is none, an SMS says how
to get help. A phone that may be in the wrong hands is never called of our own accord.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select, update

from gateway.callers import store as callers
from gateway.database import exclusive
from gateway.emergencies import store, telling
from gateway.emergencies.tables import dispatches
from gateway.notifications.outbox import Channel, MessageState, enqueue
from gateway.notifications.tables import messages, spoken_calls
from gateway.return_calls.tables import return_calls
from gateway.unit_of_work import UnitOfWork

PURPOSE = "call_me"
# Whoever asked longer ago has found another way, or does not expect us any more.
_VALID = timedelta(minutes=10)
_MOST_AN_HOUR = 6
_HOUR = timedelta(hours=1)
_MOST_TRIES = 2
_AGAIN_AFTER = timedelta(minutes=1)
# Until then the phone that asks is still busy with asking.
_LINE_FREE_AFTER = timedelta(seconds=3)
# Longer than any phone rings; and longer than a caller can be silent before we ask again.
_RINGS_FOR = _SILENT_FOR = timedelta(minutes=2)
# AT may ask us what to say while the phone still rings: these say that nobody heard it.
_NOT_PICKED_UP = frozenset({"NO_ANSWER", "USER_BUSY", "CALL_REJECTED", "SUBSCRIBER_ABSENT"})
# How often one phone is told that it is not called.
_TOLD_EVERY = timedelta(minutes=10)


class CallState(StrEnum):
    """How far a return call has come."""

    ASKED = "asked"
    TALKING = "talking"
    OVER = "over"
    # Not made at all: asked for too often, or not possible.
    REFUSED = "refused"


def call_back(uow: UnitOfWork, phone: str, asked_by: str = "") -> bool:
    """Has this number called, unless that is being done; `asked_by` names the missed call. False
    when it will not be called.
    """
    index = uow.services.vault.index(phone)
    exclusive.one_at_a_time(uow.connection, f"return call {index.hex()}")
    recent = uow.connection.execute(
        select(return_calls)
        .where(return_calls.c.phone_index == index, return_calls.c.asked_at > uow.now - _HOUR)
        .order_by(return_calls.c.asked_at.desc())
    ).all()
    if asked_by and any(call.asked_by == asked_by for call in recent):
        return True
    if recent and _on_its_way(uow, recent[0]):
        return True
    caller = callers.find_or_add(uow, phone)
    values = {
        "id": uow.system.new_id(),
        "caller_id": caller.id,
        "phone_index": index,
        "asked_by": asked_by[:80],
        "state": CallState.REFUSED.value,
        "tries": 0,
        "message_id": None,
        "asked_at": uow.now,
        "changed_at": uow.now,
    }
    made = [call for call in recent if call.state != CallState.REFUSED]
    discreet = _discreet(uow, caller.id)
    if discreet is None and uow.services.config.voice_number and len(made) < _MOST_AN_HOUR:
        values |= {
            "state": CallState.ASKED.value,
            "tries": 1,
            "message_id": _enqueue(uow, phone, _LINE_FREE_AFTER),
        }
    elif not any(
        call.state == CallState.REFUSED and call.asked_at > uow.now - _TOLD_EVERY for call in recent
    ):
        if discreet is not None:
            telling.tell_caller(uow, discreet, "discreet", answers_them=True)
        else:
            _text(uow, caller, phone, "call_refused")
    uow.connection.execute(return_calls.insert(), values)
    return bool(values["state"] == CallState.ASKED)


def of_session(uow: UnitOfWork, session_id: str, phone: str) -> Row[Any] | None:
    """The return call that the provider means, locked; None when it is none of ours."""
    index = uow.services.vault.index(phone)
    ours = select(return_calls).where(return_calls.c.phone_index == index).with_for_update()
    found = uow.connection.execute(ours.where(return_calls.c.session_id == session_id)).first()
    if found is not None:
        return found
    named = uow.connection.execute(
        select(messages.c.id).where(messages.c.provider_id == session_id)
    ).scalar()
    if named is not None:
        found = uow.connection.execute(ours.where(return_calls.c.message_id == named)).first()
    elif not _is_of_staff(uow, session_id, phone):
        # Picked up before the provider's answer to our request was stored.
        being_made = (
            select(messages.c.id)
            .where(
                messages.c.id == return_calls.c.message_id,
                messages.c.state == MessageState.QUEUED.value,
                messages.c.attempts > 0,
            )
            .exists()
        )
        asked = return_calls.c.state == CallState.ASKED.value
        found = uow.connection.execute(ours.where(asked, being_made)).first()
    return None if found is None else _change(uow, found, session_id=session_id)


def goes_on(uow: UnitOfWork, session_id: str) -> None:
    """The caller has picked up, and is still there."""
    uow.connection.execute(
        update(return_calls)
        .where(return_calls.c.session_id == session_id)
        .values(state=CallState.TALKING.value, changed_at=uow.now)
    )


def ended(uow: UnitOfWork, session_id: str, phone: str, cause: str) -> None:
    """The provider says that the call is over, and why; one that was never picked up is made once
    more.
    """
    call = of_session(uow, session_id, phone)
    if call is None:
        return
    live = call.state in (CallState.ASKED, CallState.TALKING)
    if call.state == CallState.ASKED or (live and cause in _NOT_PICKED_UP):
        _not_picked_up(uow, call, phone)
    elif live:
        _change(uow, call, state=CallState.OVER.value)


def not_made(uow: UnitOfWork, message_id: int) -> None:
    """The call of this message will never be made."""
    call = uow.connection.execute(
        select(return_calls)
        .where(
            return_calls.c.message_id == message_id, return_calls.c.state == CallState.ASKED.value
        )
        .with_for_update()
    ).first()
    if call is not None:
        _change(uow, call, state=CallState.OVER.value)
        _say_so(uow, call, callers.phone(uow, call.caller_id), "call_refused")


def _not_picked_up(uow: UnitOfWork, call: Row[Any], phone: str) -> None:
    wait = _LINE_FREE_AFTER if _has_rung_since(uow, call) else _AGAIN_AFTER
    late = uow.now + wait > call.asked_at + _VALID
    if call.tries >= _MOST_TRIES or late or _discreet(uow, call.caller_id) is not None:
        _change(uow, call, state=CallState.OVER.value)
        _say_so(uow, call, phone, "call_missed")
        return
    message_id = _enqueue(uow, phone, wait)
    _change(uow, call, message_id=message_id, session_id=None, tries=call.tries + 1)


def _has_rung_since(uow: UnitOfWork, call: Row[Any]) -> bool:
    """True when the caller has asked again since the call was made: the phone is in their hand."""
    made_at = uow.connection.execute(
        select(messages.c.sent_at).where(messages.c.id == call.message_id)
    ).scalar()
    return made_at is not None and call.asked_at >= made_at


def _on_its_way(uow: UnitOfWork, call: Row[Any]) -> bool:
    """True while the call waits, rings or is talked on. One that waits for its second try is made
    soon: whoever rings us has the phone in their hand.
    """
    if call.state == CallState.TALKING:
        return bool(uow.now - call.changed_at < _SILENT_FOR)
    if call.state != CallState.ASKED:
        return False
    message = uow.connection.execute(
        select(messages.c.state, messages.c.sent_at).where(messages.c.id == call.message_id)
    ).one()
    if message.state != MessageState.QUEUED:
        # Rings, unless nobody ever told us what became of it.
        rings = message.sent_at is not None and uow.now - message.sent_at < _RINGS_FOR
        if rings:
            # Whoever rings us meanwhile has hung up on it, and its end has yet to reach us.
            _change(uow, call, asked_at=uow.now)
        return rings
    soon = uow.now + _LINE_FREE_AFTER
    uow.connection.execute(
        update(messages)
        .where(messages.c.id == call.message_id, messages.c.due_at > soon)
        .values(due_at=soon)
    )
    return True


def _is_of_staff(uow: UnitOfWork, session_id: str, phone: str) -> bool:
    """True when an offer to a hospital is read out on that call, or may be: its duty phone is being
    called about a patient right now.
    """
    heard = select(func.count()).where(spoken_calls.c.session_id == session_id)
    if uow.connection.execute(heard).scalar_one():
        return True
    hospital_ids = uow.services.hospitals.with_duty_phone(uow.connection, phone)
    if not hospital_ids:
        return False
    being_made = (
        select(func.count())
        .select_from(messages)
        .join(dispatches, dispatches.c.id == messages.c.dispatch_id)
        .where(
            dispatches.c.hospital_id.in_(hospital_ids),
            messages.c.channel == Channel.VOICE.value,
            messages.c.state == MessageState.QUEUED.value,
            messages.c.attempts > 0,
        )
    )
    return bool(uow.connection.execute(being_made).scalar_one())


def _discreet(uow: UnitOfWork, caller_id: int) -> Row[Any] | None:
    """The open alert of somebody who may be watched."""
    active = store.active(uow, caller_id)
    return next((each for each in active if telling.is_discreet(each)), None)


def _enqueue(uow: UnitOfWork, phone: str, wait: timedelta) -> int | None:
    return enqueue(
        uow,
        channel=Channel.VOICE,
        recipient=phone,
        text="",
        purpose=PURPOSE,
        urgency=1,
        wait=wait,
        valid_until=uow.now + _VALID,
    )


def _say_so(uow: UnitOfWork, call: Row[Any], phone: str, text_name: str) -> None:
    if _discreet(uow, call.caller_id) is None:
        _text(uow, callers.get(uow, call.caller_id), phone, text_name)


def _text(uow: UnitOfWork, caller: Row[Any], phone: str, text_name: str) -> None:
    language = caller.language or uow.services.menus.default_language
    enqueue(
        uow,
        channel=Channel.SMS,
        recipient=phone,
        text=uow.text(language, f"sms.{text_name}", {}),
        purpose=text_name,
        urgency=1,
    )


def _change(uow: UnitOfWork, call: Row[Any], **values: object) -> Row[Any]:
    return uow.connection.execute(
        update(return_calls)
        .where(return_calls.c.id == call.id)
        .values(changed_at=uow.now, **values)
        .returning(*return_calls.c)
    ).one()
