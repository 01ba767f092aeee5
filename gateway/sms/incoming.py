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
    urgency,
)
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.tables import dispatches
from gateway.notifications.outbox import Channel, enqueue
from gateway.operators.alarms import raise_alarm
from gateway.ports import FoundPlace
from gateway.sms.tables import incoming_sms
from gateway.unit_of_work import Services, UnitOfWork
from shared import gsm, help_code
from shared.dispatch import WAITING, CannotTreatReason, DispatchState
from shared.emergency import EmergencyState, Transport

# A bare cry for help goes on by itself unless it is called off within this time.
_DENIAL_S = 120
_LONGEST_TEXT = 1000
_YES = frozenset({"YES", "NDIYO", "NDIO"})
_NO = frozenset({"NO", "HAPANA", "LA"})
_CANCEL = frozenset({"CANCEL", "SAFE"})
_WORSE = frozenset({"WORSE", "GOT WORSE", "AMEZIDIWA", "HALI MBAYA", "HALI MBAYA SANA"})
_TRANSPORT = frozenset(str(answer.value) for answer in Transport)
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
    words = re.findall("[A-Z0-9]+", sms.text.upper())
    if not words or words[0] not in _YES | _NO:
        return False
    if len(words) == 1:
        dispatch = _only_waiting(uow, hospital_id)
    else:
        code = help_code.parse(words[1])
        if code is None:
            return False  # "No one is breathing": staff are callers too
        dispatch = uow.connection.execute(
            select(dispatches)
            .where(dispatches.c.hospital_id == hospital_id, dispatches.c.answer_code == code)
            .order_by(dispatches.c.id.desc())
            .limit(1)
        ).first()
        if dispatch is None and len(words) > 2 and code.isalpha():
            return False  # "No baby movement": a word that only looks like a code
    if dispatch is None:
        _reply(uow, sms.sender, "unknown", "")
        return True
    who = Answerer(via="sms")
    if words[0] in _YES:
        # Said with the code, it also takes back an earlier NO.
        answered = hospital_answers.treat_after_all(uow, dispatch.id, who)
        text = "accepted" if answered.accepted else _refusal_text(answered.dispatch)
    else:
        note = " ".join(sms.text.split()[2:])
        answered = hospital_answers.cannot_treat(
            uow, dispatch.id, CannotTreatReason.OTHER, note, who
        )
        text = "cannot_treat" if answered.accepted else _refusal_text(answered.dispatch)
    _reply(uow, sms.sender, text, dispatch.answer_code)
    return True


def _only_waiting(uow: UnitOfWork, hospital_id: int) -> Row[Any] | None:
    """The one patient whom a bare "yes" can mean; None when there are several, or none."""
    waiting = uow.connection.execute(
        select(dispatches)
        .where(
            dispatches.c.hospital_id == hospital_id,
            dispatches.c.state.in_([state.value for state in WAITING]),
        )
        .limit(2)
    ).all()
    return waiting[0] if len(waiting) == 1 else None


def _refusal_text(dispatch: Row[Any]) -> str:
    return {DispatchState.WITHDRAWN: "withdrawn", DispatchState.SUPERSEDED: "taken"}.get(
        DispatchState(dispatch.state), "unknown"
    )


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
    words = text.upper().split()
    code = help_code.parse(words[-1]) if words else None
    emergency = None if code is None else store.active_with_code(uow, caller.id, code)
    if emergency is not None:
        # "CANCEL 7K2F" is the keyword with the code of one of this caller's alerts.
        words = words[:-1]
    else:
        emergency = store.newest_active(uow, caller.id)
    if emergency is None:
        if words and words[0] in _CANCEL | _TRANSPORT and len(words) <= (2 if code else 1):
            # A late answer to an alert that has ended is no new cry for help.
            telling.tell_no_alert(uow, caller)
            return None
        return _cry_for_help(uow, caller, text)
    keyword = " ".join(words)
    if keyword in _CANCEL:
        return caller_answers.cancel(uow, emergency, by_sms=True)
    if keyword in _WORSE:
        return caller_answers.got_worse(uow, emergency, by_sms=True)
    place = _PLACE.match(text)
    if place is not None:
        return _place(uow, emergency, place.group(1))
    if emergency.lat is None:
        choice = _chosen(emergency, keyword)
        if choice is not None:
            return _placed(uow, emergency, choice)
        if not keyword.isdigit():
            return _place(uow, emergency, text)
    elif keyword.isdigit() and len(keyword) == 1:
        choice = _chosen(emergency, keyword)
        if choice is not None:
            return _placed(uow, emergency, choice)
        if keyword in _TRANSPORT:
            return caller_answers.answer_transport(
                uow, emergency, Transport(int(keyword)), by_sms=True
            )
    emergency = noting.add_note(uow, emergency, text)
    dispatching.tell_live_boxes(uow, emergency, reason="caller: wrote again")
    if emergency.state in (EmergencyState.UNANSWERED, EmergencyState.NOT_ARRIVED):
        raise_alarm(uow, "wrote", emergency=emergency)
    if emergency.state == EmergencyState.UNANSWERED:
        # A hospital may have opened since; if none has, the caller hears where to turn.
        asked = urgency.ask_better(uow, emergency, emergency)
        if asked.state == EmergencyState.UNANSWERED:
            telling.tell_caller(uow, emergency, "unanswered", answers_them=True)
        return asked
    return emergency


def _placed(uow: UnitOfWork, emergency: Row[Any], place: FoundPlace) -> Row[Any]:
    """The place, taken in. Whoever says where the patient is means it: nothing waits any longer."""
    told_before = emergency.told_dispatch_id
    emergency = caller_answers.place_given(uow, emergency, place)
    if emergency.state == EmergencyState.PROVISIONAL:
        return raise_emergency(uow, emergency).emergency
    if emergency.told_dispatch_id == told_before and emergency.state != EmergencyState.UNANSWERED:
        words = {"hit_1": place.name}
        telling.tell_caller(uow, emergency, "place_noted", words, answers_them=True)
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
        return _placed(uow, emergency, answer.hits[0])
    # What names no place may say what is wrong: the hospital reads it.
    emergency = noting.add_note(uow, emergency, typed)
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
