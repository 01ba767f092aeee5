"""What a hospital's duty phone or an operator texts: an answer to an offer, or courtesy.

Thanks must not ring a hospital, and a nurse or an operator can be in need like anybody else: an
explicit word for help from them always counts.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from gateway.alarms.alarm import raise_alarm
from gateway.callers import store as callers
from gateway.emergencies import hospital_answers, store
from gateway.emergencies.hospital_answers import Answerer
from gateway.emergencies.tables import dispatches
from gateway.hospitals.reachability import duty_phone_answered
from gateway.notifications.outbox import Channel, enqueue
from gateway.sms import staff_reports
from gateway.staff import weekly_ok, written_report
from gateway.unit_of_work import UnitOfWork
from shared import help_code
from shared.dispatch import WAITING, CannotTreatReason, DispatchState

_YES = frozenset({"YES", "NDIYO", "NDIO"})
_NO = frozenset({"NO", "HAPANA", "LA"})
# fmt: off
_HELP = frozenset({
    "SOS", "HELP", "MAYDAY", "EMERGENCY", "DHARURA", "MSAADA", "NISAIDIE", "NISAIDIENI",
    "TUSAIDIE", "SAIDIA", "SAIDIENI",
})
_THANKS = frozenset({"THANKS", "THANK", "ASANTE", "ASANTENI", "SHUKRANI"})
_COURTESY = _THANKS | {
    "OK", "OKAY", "K", "SAWA", "POA", "NOTED", "RECEIVED", "ROGER", "COPY", "COPIED", "FINE",
    "ALRIGHT", "VYEMA", "NZURI", "IMEPOKELEWA", "TUMEPATA", "NIMEPATA", "KARIBU", "WELCOME",
    "YES", "NDIYO", "HI", "HELLO", "DONE", "TAYARI",
}
# fmt: on
# "Ok, got your message": more words than this say something of their own.
_MOST_COURTEOUS_WORDS = 4
# For so long after it was asked, a hospital's words are about the patient it was asked for.
_STILL_ABOUT_OURS = timedelta(hours=24)


def take(uow: UnitOfWork, sender: str, text: str) -> bool:
    """Whether this was staff talking to Haven, and is done with. False: whoever sent it is a
    caller, staff or not.
    """
    hospital_ids = uow.services.hospitals.with_duty_phone(uow.connection, sender)
    words = re.findall("[A-Z0-9]+", text.upper())
    if hospital_ids and _answers_offer(uow, hospital_ids, sender, text, words):
        return True
    operator = sender in uow.services.config.operator_phones
    if not hospital_ids and not operator:
        return False
    if _asks_for_help(uow, text, words) or _has_own_alert(uow, sender):
        return False
    if hospital_ids and written_report.is_report(text):
        _say(uow, sender, *staff_reports.take(uow, hospital_ids, sender, text))
        return True
    if hospital_ids and _is_courtesy(words) and weekly_ok.is_asked(uow, sender):
        duty_phone_answered(uow.connection, uow.system, hospital_ids[0], sender)
        _say(uow, sender, "hospital.test_ok", {})
        return True
    if hospital_ids and not _is_courtesy(words):
        if not _asked_lately(uow, hospital_ids):
            return False  # nothing of ours to answer: staff are callers too
        for hospital_id in hospital_ids:
            name = uow.services.hospitals.card(uow.connection, hospital_id).name
            raise_alarm(uow, "staff_wrote", hospital=name, detail=f"{name}: {text}")
    _say(uow, sender, "hospital.how" if hospital_ids else "sms.to_operator", {})
    return True


def _answers_offer(
    uow: UnitOfWork, hospital_ids: Sequence[int], sender: str, text: str, words: Sequence[str]
) -> bool:
    if not words or words[0] not in _YES | _NO:
        return False
    if len(words) == 1:
        dispatch = _only_waiting(uow, hospital_ids)
    else:
        code = help_code.parse(words[1])
        if code is None:
            return False  # "No one is breathing": staff are callers too
        # The code, which no two open offers share, says which of the phone's hospitals answers.
        dispatch = uow.connection.execute(
            select(dispatches)
            .where(dispatches.c.hospital_id.in_(hospital_ids), dispatches.c.answer_code == code)
            .order_by(dispatches.c.id.desc())
            .limit(1)
        ).first()
        if dispatch is None and len(words) > 2 and code.isalpha():
            return False  # "No baby movement": a word that only looks like a code
    if dispatch is None:
        _say(uow, sender, "hospital.unknown", {})
        return True
    who = Answerer(via="sms")
    if words[0] in _YES:
        # Said with the code, it also takes back an earlier NO.
        answered = hospital_answers.treat_after_all(uow, dispatch.id, who)
        name = "accepted" if answered.accepted else _refusal(answered.dispatch)
    else:
        note = " ".join(text.split()[2:])
        answered = hospital_answers.cannot_treat(
            uow, dispatch.id, CannotTreatReason.OTHER, note, who
        )
        name = "cannot_treat" if answered.accepted else _refusal(answered.dispatch)
    duty_phone_answered(uow.connection, uow.system, dispatch.hospital_id, sender)
    _say(uow, sender, f"hospital.{name}", {"answer_code": dispatch.answer_code})
    return True


def _only_waiting(uow: UnitOfWork, hospital_ids: Sequence[int]) -> Row[Any] | None:
    """The one patient whom a bare "yes" can mean; None when there are several, or none."""
    waiting = uow.connection.execute(
        select(dispatches)
        .where(
            dispatches.c.hospital_id.in_(hospital_ids),
            dispatches.c.state.in_([state.value for state in WAITING]),
        )
        .limit(2)
    ).all()
    return waiting[0] if len(waiting) == 1 else None


def _refusal(dispatch: Row[Any]) -> str:
    return {DispatchState.WITHDRAWN: "withdrawn", DispatchState.SUPERSEDED: "taken"}.get(
        DispatchState(dispatch.state), "unknown"
    )


def _asks_for_help(uow: UnitOfWork, text: str, words: Sequence[str]) -> bool:
    if uow.services.config.ussd_code.strip("*#") in text:
        return True
    return not _HELP.isdisjoint(words) and words[0] not in _THANKS


def _has_own_alert(uow: UnitOfWork, sender: str) -> bool:
    return store.newest_active(uow, callers.find_or_add(uow, sender).id) is not None


def _is_courtesy(words: Sequence[str]) -> bool:
    if not words:
        return True
    return words[0] in _COURTESY and (
        len(words) <= _MOST_COURTEOUS_WORDS or _COURTESY.issuperset(words)
    )


def _asked_lately(uow: UnitOfWork, hospital_ids: Sequence[int]) -> bool:
    asked = select(dispatches.c.id).where(
        dispatches.c.hospital_id.in_(hospital_ids),
        dispatches.c.offered_at >= uow.now - _STILL_ABOUT_OURS,
    )
    return uow.connection.execute(asked.limit(1)).first() is not None


def _say(uow: UnitOfWork, number: str, text_name: str, told: Mapping[str, str]) -> None:
    language = callers.language_of(uow, number) or uow.services.menus.default_language
    enqueue(
        uow,
        channel=Channel.SMS,
        recipient=number,
        text=uow.text(language, text_name, told),
        purpose="staff reply",
        urgency=2,
    )
