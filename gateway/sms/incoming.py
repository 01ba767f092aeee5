"""An SMS that came in: from a hospital's duty phone, from a caller with an open alert, or a new
cry for help.

A keyword counts only when it is the whole message. Nothing is dropped: words that mean nothing to
us reach the hospital as a note, and words from a stranger raise an emergency.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update

from gateway.callers import store as callers
from gateway.emergencies import (
    caller_answers,
    dispatching,
    hospital_answers,
    noting,
    store,
    telling,
)
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches
from gateway.notifications.outbox import Channel, enqueue
from gateway.ports import FoundPlace
from gateway.sms.tables import incoming_sms
from gateway.unit_of_work import Services, UnitOfWork
from shared import gsm, help_code
from shared.dispatch import CannotTreatReason, DispatchState
from shared.emergency import EmergencyState, Transport

# A bare cry for help goes on by itself unless it is called off within this time.
_DENIAL_S = 120
_LONGEST_TEXT = 1000
_YES = frozenset({"YES", "NDIYO", "NDIO"})
_NO = frozenset({"NO", "HAPANA", "LA"})
_CANCEL = frozenset({"CANCEL", "SAFE"})
_PLACE = re.compile(r"^(?:place|mahali)\b[\s:.,-]*(.+)$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class IncomingSms:
    """One message as the carrier handed it over. `provider_id` is the carrier's name for it."""

    provider_id: str
    sender: str
    text: str


def receive(services: Services, sms: IncomingSms) -> None:
    """Takes the message in and does what it asks; one that comes again does nothing."""

    def take(uow: UnitOfWork) -> None:
        known = select(incoming_sms.c.provider_id).where(
            incoming_sms.c.provider_id == sms.provider_id
        )
        if uow.connection.execute(known).first() is not None:
            return
        uow.connection.execute(
            incoming_sms.insert(),
            {
                "provider_id": sms.provider_id,
                "text": sms.text[:_LONGEST_TEXT],
                "received_at": uow.now,
            },
        )
        hospital_id = services.hospitals.by_duty_phone(uow.connection, sms.sender)
        if hospital_id is not None and _from_hospital(uow, hospital_id, sms):
            return
        caller = callers.find_or_add(uow, sms.sender)
        emergency = _from_caller(uow, caller, sms.text.strip()[:_LONGEST_TEXT])
        uow.connection.execute(
            update(incoming_sms)
            .where(incoming_sms.c.provider_id == sms.provider_id)
            .values(caller_id=caller.id, emergency_id=None if emergency is None else emergency.id)
        )

    services.write(take)


def _from_hospital(uow: UnitOfWork, hospital_id: int, sms: IncomingSms) -> bool:
    words = sms.text.upper().split()
    if len(words) < 2 or words[0] not in _YES | _NO:
        return False
    code = help_code.parse(words[1])
    dispatch = uow.connection.execute(
        select(dispatches)
        .where(dispatches.c.hospital_id == hospital_id, dispatches.c.answer_code == code)
        .order_by(dispatches.c.id.desc())
        .limit(1)
    ).first()
    if dispatch is None:
        _reply(uow, sms.sender, "unknown", "")
        return True
    who = Answerer(via="sms")
    if words[0] in _YES:
        answered = hospital_answers.accept(uow, dispatch.id, who)
        text = "accepted" if answered.accepted else _refusal_text(answered.dispatch)
    else:
        note = " ".join(sms.text.split()[2:])
        answered = hospital_answers.cannot_treat(
            uow, dispatch.id, CannotTreatReason.OTHER, note, who
        )
        text = "cannot_treat" if answered.accepted else _refusal_text(answered.dispatch)
    _reply(uow, sms.sender, text, dispatch.answer_code)
    return True


def _refusal_text(dispatch: Row[Any]) -> str:
    return "withdrawn" if dispatch.state == DispatchState.WITHDRAWN else "taken"


def _reply(uow: UnitOfWork, number: str, text_name: str, answer_code: str) -> None:
    enqueue(
        uow,
        channel=Channel.SMS,
        recipient=number,
        text=uow.text("en", f"hospital.{text_name}", {"answer_code": answer_code}),
        purpose="hospital reply",
        urgency=2,
    )


def _from_caller(uow: UnitOfWork, caller: Row[Any], text: str) -> Row[Any] | None:
    emergency = store.newest_active(uow, caller.id)
    if emergency is None:
        return _cry_for_help(uow, caller, text)
    words = text.upper().split()
    if words and words[-1] == emergency.help_code:
        # "CANCEL 7K2F" is the keyword with the code of this alert.
        words = words[:-1]
    keyword = " ".join(words)
    if keyword in _CANCEL:
        return caller_answers.cancel(uow, emergency, by_sms=True)
    place = _PLACE.match(text)
    if place is not None:
        return _place(uow, emergency, place.group(1))
    if emergency.lat is None:
        choice = _chosen(emergency, keyword)
        if choice is not None:
            return caller_answers.place_given(uow, emergency, choice)
        if not keyword.isdigit():
            return _place(uow, emergency, text)
    elif keyword.isdigit() and len(keyword) == 1:
        choice = _chosen(emergency, keyword)
        if choice is not None:
            return caller_answers.place_given(uow, emergency, choice)
        if keyword in "1234":
            return caller_answers.answer_transport(
                uow, emergency, Transport(int(keyword)), by_sms=True
            )
    emergency = noting.add_note(uow, emergency, text)
    dispatching.tell_live_boxes(uow, emergency, reason="caller: wrote again")
    return emergency


def _chosen(emergency: Row[Any], keyword: str) -> FoundPlace | None:
    choices = emergency.place_choices or []
    if keyword.isdigit() and 1 <= int(keyword) <= len(choices):
        return FoundPlace(*choices[int(keyword) - 1])
    return None


def _place(uow: UnitOfWork, emergency: Row[Any], typed: str) -> Row[Any]:
    answer = uow.services.places.search(typed)
    emergency = noting.note_typed_place(uow, emergency, typed, () if answer.sure else answer.hits)
    if answer.sure:
        return caller_answers.place_given(uow, emergency, answer.hits[0])
    if emergency.state != EmergencyState.PROVISIONAL:
        dispatching.tell_live_boxes(uow, emergency, reason="caller: about the place")
    if answer.hits:
        names = {
            f"hit_{number}": gsm.to_gsm(hit.name) for number, hit in enumerate(answer.hits, start=1)
        }
        telling.tell_caller(uow, emergency, "place_unclear", names, answers_them=True)
    else:
        telling.tell_caller(uow, emergency, "place_not_found", answers_them=True)
    return emergency


def _cry_for_help(uow: UnitOfWork, caller: Row[Any], text: str) -> Row[Any]:
    language = caller.language or uow.services.menus.default_language
    emergency = noting.note_emergency(
        uow,
        caller_id=caller.id,
        channel="sms",
        language=language,
        answers={},
        quiet_at=uow.now + timedelta(seconds=_DENIAL_S),
        note=text,
    )
    answer = uow.services.places.search(text)
    if answer.sure:
        emergency = noting.note_typed_place(uow, emergency, text, ())
        emergency = caller_answers.place_given(uow, emergency, answer.hits[0])
        telling.tell_caller(uow, emergency, "ask_what", answers_them=True)
    else:
        telling.tell_caller(uow, emergency, "ask_place", answers_them=True)
    return emergency
