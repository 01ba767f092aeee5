"""What hospitals' duty phones are texted and called for, beside the hospital's box."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import raise_alarm
from gateway.notifications.outbox import Channel, enqueue
from gateway.ports import HospitalCard
from gateway.unit_of_work import UnitOfWork
from shared.emergency import Priority

_LANGUAGE = "en"


def text_offer(
    uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], hospital: HospitalCard
) -> None:
    """Texts the offer, with the code that answers it."""
    urgency = 1 if emergency.priority == Priority.CRITICAL else 2
    words = _words(uow, emergency, dispatch, hospital)
    name = f"hospital.{_offer(emergency)}"
    _send(uow, Channel.SMS, dispatch, hospital, name, words, "hospital offer", urgency)


def call(uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any]) -> None:
    """Has the hospital's duty phones called; when there are none, operators are alarmed."""
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    if not hospital.duty_phones:
        raise_alarm(uow, "not_reachable", emergency=emergency, hospital=hospital.name, again=False)
        return
    words = _words(uow, emergency, dispatch, hospital)
    name = f"voice.{_offer(emergency)}"
    _send(uow, Channel.VOICE, dispatch, hospital, name, words, "hospital call", 1)


def text_over(uow: UnitOfWork, dispatch: Row[Any], text_name: str) -> None:
    """Tells staff who were asked, and may have accepted by SMS, that they need not expect the
    patient: `hospital.<text_name>`.
    """
    hospital = uow.services.hospitals.card(uow.connection, dispatch.hospital_id)
    words = {"answer_code": dispatch.answer_code}
    name = f"hospital.{text_name}"
    _send(uow, Channel.SMS, dispatch, hospital, name, words, "hospital over", 2)


def text_referrer(
    uow: UnitOfWork, emergency: Row[Any], text_name: str, words: Mapping[str, str]
) -> None:
    """Tells the staff who referred the patient onward what a patient's own phone would be told:
    `hospital.referral.<text_name>`, where that says anything to them.
    """
    name = f"hospital.referral.{text_name}"
    if not uow.services.menus.catalogue(_LANGUAGE).has(name):
        return
    for phone in uow.services.hospitals.card(uow.connection, emergency.referred_by).duty_phones:
        enqueue(
            uow,
            channel=Channel.SMS,
            recipient=phone,
            text=uow.text(_LANGUAGE, name, {"code": emergency.help_code, **words}),
            purpose="referral",
            urgency=1 if emergency.priority == Priority.CRITICAL else 2,
            emergency_id=emergency.id,
        )


def _offer(emergency: Row[Any]) -> str:
    return "offer" if emergency.referred_by is None else "offer_referral"


def _words(
    uow: UnitOfWork, emergency: Row[Any], dispatch: Row[Any], hospital: HospitalCard
) -> dict[str, str]:
    priority = Priority(emergency.priority).name.lower()
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
        "priority": uow.text(_LANGUAGE, f"priorities.{priority}", {}),
    }


def _send(
    uow: UnitOfWork,
    channel: Channel,
    dispatch: Row[Any],
    hospital: HospitalCard,
    text_name: str,
    words: dict[str, str],
    purpose: str,
    urgency: int,
) -> None:
    for phone in hospital.duty_phones:
        enqueue(
            uow,
            channel=channel,
            recipient=phone,
            text=uow.text(_LANGUAGE, text_name, words),
            purpose=purpose,
            urgency=urgency,
            emergency_id=dispatch.emergency_id,
            dispatch_id=dispatch.id,
        )
