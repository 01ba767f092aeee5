"""What a caller texts: answers to an open alert, a place, words for the hospital, a cry for help.

A keyword counts only when it is the whole message. Nothing is dropped: words that mean nothing to
us reach the hospital as a note, and words from a stranger raise an emergency.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from gateway.alarms.alarm import alarms_waiting, raise_alarm, solve
from gateway.emergencies import (
    boxes_told,
    caller_answers,
    noting,
    place_picks,
    store,
    summaries,
    telling,
    urgency,
)
from gateway.emergencies.raising import raise_emergency
from gateway.places.spelling import plain
from gateway.ports import FoundPlace, PlaceAnswer
from gateway.sms.watched_words import answers_said
from gateway.unit_of_work import UnitOfWork
from shared import help_code
from shared.emergency import EmergencyState, Transport
from shared.typed_position import Unreadable
from ussd_menus.written_language import written_language

# A bare cry for help goes on by itself unless it is called off within this time.
_DENIAL_S = 120
_CANCEL = frozenset({"CANCEL", "SAFE"})
_WORSE = frozenset({"WORSE", "GOT WORSE", "AMEZIDIWA", "HALI MBAYA", "HALI MBAYA SANA"})
# That the caller is the patient, or is not after all.
_FOR_ME = {
    "IT IS ME": True,
    "ITS ME": True,
    "FOR ME": True,
    "NI MIMI": True,
    "WAA ANI": True,
    "WAA ANIGA": True,
    "NOT ME": False,
    "IT IS NOT ME": False,
    "ITS NOT ME": False,
    "SI MIMI": False,
    "MA AHA ANIGA": False,
}
_APOSTROPHES = str.maketrans("", "", "'\u2019")
_TRANSPORT = frozenset(str(answer.value) for answer in Transport)
# A link is never opened: whoever texts it could have us call up anything.
_UNREADABLE: Mapping[Unreadable | None, str] = {
    Unreadable.LINK: "place_link",
    Unreadable.THREE_WORDS: "place_link",
    Unreadable.ABROAD: "place_abroad",
}
_PLACE = re.compile(r"^(?:place|mahali)\b[\s:.,-]*(.+)$", re.IGNORECASE | re.DOTALL)


def take(uow: UnitOfWork, caller: Row[Any], text: str) -> Row[Any] | None:
    """Does what the caller asks; the emergency that it was about, None when it was about none."""
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
    said = _FOR_ME.get(keyword.translate(_APOSTROPHES))
    if said is not None and _about_the_caller(uow, emergency, caller.id, is_patient=said):
        return store.lock(uow, emergency.id)
    emergency = _kept_discreet(uow, emergency, text)
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
    boxes_told.tell_live(uow, emergency, reason="caller: wrote again")
    if emergency.state in (EmergencyState.UNANSWERED, EmergencyState.NOT_ARRIVED):
        raise_alarm(uow, "wrote", emergency=emergency)
    if emergency.state == EmergencyState.UNANSWERED:
        # A hospital may have opened since; if none has, the caller hears where to turn.
        asked = urgency.ask_better(uow, emergency, emergency)
        if asked.state == EmergencyState.UNANSWERED:
            telling.tell_caller(uow, emergency, "unanswered", answers_them=True)
        return asked
    return emergency


def _about_the_caller(
    uow: UnitOfWork, emergency: Row[Any], caller_id: int, *, is_patient: bool
) -> bool:
    """False for whoever has nothing to share, or has not agreed to it: the hospital reads their
    words like any others.
    """
    shared_before = emergency.caller_is_patient
    changed = summaries.say(uow, emergency, caller_id, is_patient=is_patient)
    if not (shared_before or changed.caller_is_patient):
        return False
    text = "for_me" if changed.caller_is_patient else "not_for_me"
    telling.tell_caller(uow, changed, text, answers_them=True)
    return True


def _placed(uow: UnitOfWork, emergency: Row[Any], place: FoundPlace) -> Row[Any]:
    place_picks.picked(uow, emergency, place)
    return caller_answers.place_confirmed(uow, emergency, place, answers_them=True)


def _chosen(emergency: Row[Any], keyword: str) -> FoundPlace | None:
    if telling.is_discreet(emergency):
        return None  # they were offered none
    choices = emergency.place_choices or []
    if keyword.isdigit() and 1 <= int(keyword) <= len(choices):
        return FoundPlace(*choices[int(keyword) - 1])
    return None


def _place(uow: UnitOfWork, emergency: Row[Any], typed: str) -> Row[Any]:
    answer = uow.services.places.search(typed)
    choice = _meant(emergency.place_choices or [], answer, typed)
    if choice is not None:
        place_picks.picked(uow, emergency, choice)
        emergency = noting.note_typed_place(uow, emergency, typed, ())
        return caller_answers.place_confirmed(uow, emergency, choice, answers_them=True)
    place_picks.refused(uow, emergency)
    emergency = noting.note_typed_place(uow, emergency, typed, answer.hits)
    # What names no place may say what is wrong: the hospital reads it.
    emergency = noting.add_note(uow, emergency, typed)
    if emergency.state != EmergencyState.PROVISIONAL:
        boxes_told.tell_live(uow, emergency, reason="caller: about the place")
    if answer.hits:
        telling.ask_which_place(uow, emergency, answers_them=True)
    else:
        telling.tell_caller(uow, emergency, _not_found(answer), answers_them=True)
    return emergency


def _not_found(answer: PlaceAnswer) -> str:
    """The text for words, or a position, that say nothing to us."""
    return _UNREADABLE.get(answer.unreadable, "place_not_found")


def _meant(asked: Sequence[Sequence[Any]], answer: PlaceAnswer, typed: str) -> FoundPlace | None:
    """The one place that needs no more asking: it alone is called so; or one of those that were
    `asked` about lies in the county that was typed, or has been typed with it.
    """
    earlier = [FoundPlace(*choice) for choice in asked]
    wanted = plain(typed)
    for choices in (
        [place for place in earlier if plain(place.name.rpartition(",")[2]) == wanted],
        [place for place in (*earlier, *answer.hits) if plain(place.name) == wanted],
    ):
        if choices and all(place == choices[0] for place in choices):
            return choices[0]
    return answer.hits[0] if answer.sure else None


def _kept_discreet(uow: UnitOfWork, emergency: Row[Any], text: str) -> Row[Any]:
    """Discreet from now on if the words say so: what was said of the patient before still decides
    how urgent it is, and what a hospital must be able to do.
    """
    said = answers_said(text)
    if not said or telling.is_discreet(emergency):
        return emergency
    kind = uow.services.rules.triage(said).kind
    emergency = store.change(uow, emergency, kind=kind.value)
    for alarm in alarms_waiting(uow.connection, [emergency.id]).get(emergency.id, ()):
        if alarm == "no_place":
            # Operators were told to phone.
            solve(uow, alarm, emergency.id)
            raise_alarm(uow, alarm, emergency=emergency)
    return emergency


def _cry_for_help(uow: UnitOfWork, caller: Row[Any], text: str) -> Row[Any]:
    language = written_language(uow.services.menus, text, caller.language)
    emergency = noting.note_emergency(
        uow,
        caller_id=caller.id,
        channel="sms",
        language=language,
        answers=answers_said(text),
        quiet_at=uow.now + timedelta(seconds=_DENIAL_S),
        note=text,
    )
    answer = uow.services.places.search(text)
    if telling.is_discreet(emergency):
        # Nobody who may be watched is asked whether they meant it.
        emergency = noting.note_typed_place(
            uow, emergency, text, answer.hits if answer.likely else ()
        )
        if answer.sure:
            emergency = caller_answers.place_given(uow, emergency, answer.hits[0])
        emergency = raise_emergency(uow, emergency).emergency
        telling.tell_caller(uow, emergency, "ask_what", answers_them=True)
    elif answer.sure:
        emergency = noting.note_typed_place(uow, emergency, text, ())
        emergency = caller_answers.place_given(uow, emergency, answer.hits[0])
        telling.tell_caller(uow, emergency, "ask_what", answers_them=True)
    elif answer.likely:
        emergency = noting.note_typed_place(uow, emergency, text, answer.hits)
        telling.ask_which_place(uow, emergency, answers_them=True)
    else:
        name = _not_found(answer) if answer.unreadable else "ask_place"
        telling.tell_caller(uow, emergency, name, answers_them=True)
    return emergency
