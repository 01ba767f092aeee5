"""Tells the caller, by SMS and in their language, what happens with their emergency."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import duty_phones, store
from gateway.notifications.outbox import Channel, enqueue
from gateway.ports import HospitalCard
from gateway.unit_of_work import UnitOfWork
from shared import gsm
from shared.dispatch import DispatchState
from shared.emergency import DISCREET_KINDS, EmergencyState, Kind, Priority
from shared.identifier import to_text

# Three of them fit one SMS.
_CHOICE_WIDTH = 30


def is_discreet(emergency: Row[Any]) -> bool:
    """True when the phone may be in the wrong hands: nothing is sent to it of our own accord. The
    staff who refer somebody are asked like any other.
    """
    return emergency.referred_by is None and Kind(emergency.kind) in DISCREET_KINDS


def state_shown(emergency: Row[Any]) -> EmergencyState:
    """Where it stands as whoever raised it may know: what they called off is cancelled."""
    if emergency.cancel_asked_at is not None:
        return EmergencyState.CANCELLED
    return EmergencyState(emergency.state)


def ended_shown(emergency: Row[Any]) -> datetime | None:
    """When it ended, as whoever raised it may know."""
    moment: datetime | None = emergency.cancel_asked_at or emergency.ended_at
    return moment


def has_heard(dispatch: Row[Any]) -> bool:
    """True when the hospital may be said to know of the patient: it was asked through a channel
    that was tested, or its box has it, or its people answered. Any other one is still being phoned.
    """
    waits = dispatch.state in (DispatchState.OFFERED, DispatchState.EXPIRED)
    return bool(dispatch.reachable or dispatch.delivered_at is not None or not waits)


def anybody_has_heard(uow: UnitOfWork, emergency: Row[Any]) -> bool:
    """True when some hospital knows of the patient."""
    return any(map(has_heard, store.dispatches_of(uow.connection, emergency.id)))


def actor(emergency: Row[Any]) -> str:
    """Who speaks for the patient, as the audit trail names them."""
    if emergency.referred_by is not None:
        return f"hospital:{to_text(emergency.referred_by)}"
    return f"caller:{to_text(emergency.caller_id)}" if emergency.caller_id else "reporter"


def tell_no_alert(uow: UnitOfWork, caller: Row[Any]) -> None:
    """Tells somebody who answers an alert that has ended how to raise a new one."""
    language = caller.language or uow.services.menus.default_language
    enqueue(
        uow,
        channel=Channel.SMS,
        recipient=callers.phone(uow, caller.id),
        text=uow.text(language, "sms.no_alert", {}),
        purpose="no_alert",
        urgency=2,
    )


def tell_of_another(uow: UnitOfWork, emergency: Row[Any], other: HospitalCard) -> None:
    """Tells the caller that another hospital is asked as well, and that they go on meanwhile to the
    one that they were told of: nobody is redirected before a hospital has accepted.
    """
    if emergency.told_dispatch_id is None:
        return
    told = store.dispatch(uow, emergency.told_dispatch_id)
    hospitals = uow.services.hospitals
    tell_caller(
        uow,
        emergency,
        "cannot_treat" if told.state == DispatchState.CANNOT_TREAT else "asking_another",
        {
            "hospital": hospitals.card(uow.connection, told.hospital_id).name,
            "other": other.name,
        },
    )


def tell_nobody_left(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Tells the caller that no hospital is left to ask. One that has said it cannot treat them must
    still stabilise them, so they go on there.
    """
    if emergency.told_dispatch_id is not None:
        told = store.dispatch(uow, emergency.told_dispatch_id)
        if told.state == DispatchState.CANNOT_TREAT:
            hospital = uow.services.hospitals.card(uow.connection, told.hospital_id)
            tell_caller(uow, emergency, "nobody_else", {"hospital": hospital.name})
            return
    tell_caller(uow, emergency, "unanswered")


def ask_which_place(uow: UnitOfWork, emergency: Row[Any], *, answers_them: bool = False) -> None:
    """Asks which of the places that the caller's words may mean it is: a number chooses."""
    names = [gsm.clip(gsm.to_gsm(name), _CHOICE_WIDTH) for name, *_ in emergency.place_choices]
    choices = ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1))
    words = {"choices": choices}
    tell_caller(uow, emergency, "place_unclear", words, answers_them=answers_them)


def tell_caller(
    uow: UnitOfWork,
    emergency: Row[Any],
    text_name: str,
    words: Mapping[str, str] | None = None,
    *,
    answers_them: bool = False,
) -> None:
    """Queues the text `sms.<text_name>` for the caller.

    Where a hospital refers the patient, its staff are told instead. A reporter without a verified
    number gets none; somebody who may be watched gets none that they
    did not just ask for, and then a neutral one, and none at all once it seems to have ended.
    """
    if emergency.referred_by is not None:
        duty_phones.text_referrer(uow, emergency, text_name, words or {})
        return
    if emergency.caller_id is None or emergency.cancel_asked_at is not None:
        return
    if is_discreet(emergency):
        if not answers_them:
            return
        # Also a question about the place names none: it would tell that one was given.
        text_name, words = "discreet_place" if emergency.lat is None else "discreet", {}
    _text(uow, emergency, text_name, words or {})


def tell_cancelled(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Confirms to the caller that it is cancelled: in the same words whether it is or seems so."""
    if emergency.caller_id is not None:
        _text(uow, emergency, "cancelled", {})


def _text(uow: UnitOfWork, emergency: Row[Any], text_name: str, words: Mapping[str, str]) -> None:
    enqueue(
        uow,
        channel=Channel.SMS,
        recipient=callers.phone(uow, emergency.caller_id),
        text=uow.text(
            emergency.language, f"sms.{text_name}", {"code": emergency.help_code, **words}
        ),
        purpose=text_name,
        urgency=1 if emergency.priority == Priority.CRITICAL else 2,
        emergency_id=emergency.id,
    )
