"""What hospitals' duty phones are texted, in the language that was chosen on each, and called for
in English, beside the hospital's box.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm
from gateway.callers import store as callers
from gateway.emergencies import stop_before
from gateway.hospitals.contacts import DutyPhones
from gateway.notifications.outbox import Channel, enqueue
from gateway.ports import HospitalCard
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import Part
from shared.emergency import Priority

_SPOKEN = "en"


def text_offer(
    uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], hospital: HospitalCard
) -> None:
    """Texts the offer, with the code that answers it."""
    urgency = 1 if emergency.priority == Priority.CRITICAL else 2
    words = _words(uow, emergency, dispatch, hospital)
    name = f"hospital.{_offer(emergency, dispatch)}"
    for phone in _phones(uow, hospital.id).sms:
        language = _language(uow, phone)
        priority = _priority(uow, emergency, language)
        text = uow.text(language, name, {**words, "priority": priority})
        _send(uow, Channel.SMS, phone, dispatch, text, "hospital offer", urgency)


def call(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """Has the hospital's duty phones called; when there are none, operators are alarmed."""
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    phones = _phones(uow, hospital.id).voice
    if not phones:
        raise_alarm(uow, "not_reachable", emergency=emergency, hospital=hospital.name, again=False)
        return
    words = _words(uow, emergency, dispatch, hospital)
    priority = _priority(uow, emergency, _SPOKEN)
    name = f"voice.{_offer(emergency, dispatch)}"
    text = uow.text(_SPOKEN, name, {**words, "priority": priority})
    for phone in phones:
        _send(uow, Channel.VOICE, phone, dispatch, text, "hospital call", 1)


def text_over(uow: UnitOfWork, dispatch: Row[Any], text_name: str) -> None:
    """Tells staff who were asked, and may have accepted by SMS, that they need not expect the
    patient: `hospital.<text_name>`.
    """
    words = {"answer_code": dispatch.answer_code}
    for phone in _phones(uow, dispatch.hospital_id).sms:
        text = uow.text(_language(uow, phone), f"hospital.{text_name}", words)
        _send(uow, Channel.SMS, phone, dispatch, text, "hospital over", 2)


def text_referrer(
    uow: UnitOfWork, emergency: Row[Any], text_name: str, words: Mapping[str, str]
) -> None:
    """Tells the staff who referred the patient onward what a patient's own phone would be told:
    `hospital.referral.<text_name>`, or `hospital.ahead.<text_name>` while they only expect the
    patient, where that says anything to them.
    """
    catalogue = uow.services.menus.catalogue(uow.services.menus.default_language)
    name, ahead = f"hospital.referral.{text_name}", f"hospital.ahead.{text_name}"
    if catalogue.has(ahead) and stop_before.minutes_until_there(uow, emergency) is not None:
        name = ahead
    if not catalogue.has(name):
        return
    for phone in _phones(uow, emergency.referred_by).sms:
        enqueue(
            uow,
            channel=Channel.SMS,
            recipient=phone,
            text=uow.text(_language(uow, phone), name, {"code": emergency.help_code, **words}),
            purpose="referral",
            urgency=1 if emergency.priority == Priority.CRITICAL else 2,
            emergency_id=emergency.id,
        )


def _phones(uow: UnitOfWork, hospital_id: int) -> DutyPhones:
    return uow.services.hospitals.phones(uow.connection, hospital_id, uow.now)


def _offer(emergency: Row[Any], dispatch: Row[Any]) -> str:
    part = Part(dispatch.part)
    if part is Part.TREAT:
        return "offer" if emergency.referred_by is None else "offer_referral"
    return f"offer_{part.name.lower()}"


def _words(
    uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], hospital: HospitalCard
) -> dict[str, str]:
    referrer = emergency.referred_by
    from_whom = (
        "" if referrer is None else uow.services.hospitals.card(uow.connection, referrer).name
    )
    return {
        "answer_code": dispatch.answer_code,
        "other": from_whom,
        # Several hospitals may share one duty phone.
        "hospital": hospital.name,
        "minutes": str(dispatch.travel_min),
    }


def _priority(uow: UnitOfWork, emergency: Row[Any], language: str) -> str:
    return uow.text(language, f"priorities.{Priority(emergency.priority).name.lower()}", {})


def _language(uow: UnitOfWork, phone: str) -> str:
    return callers.language_of(uow, phone) or uow.services.menus.default_language


def _send(
    uow: UnitOfWork,
    channel: Channel,
    phone: str,
    dispatch: Row[Any],
    text: str,
    purpose: str,
    urgency: int,
) -> None:
    enqueue(
        uow,
        channel=channel,
        recipient=phone,
        text=text,
        purpose=purpose,
        urgency=urgency,
        emergency_id=dispatch.emergency_id,
        dispatch_id=dispatch.id,
    )
