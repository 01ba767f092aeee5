"""The emergency path: what is wrong, where the patient is, and the alarm."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import caller_answers, noting, place_picks, store, telling
from gateway.emergencies.dispatching import Asked
from gateway.emergencies.raising import raise_emergency
from gateway.menus.conversation import ANY, YES, Conversation, Does, Facts, Lists
from gateway.menus.hidden_places import hidden_places
from gateway.menus.place_items import chosen_place, place_items
from gateway.ports import FoundPlace
from shared.emergency import EmergencyState
from shared.identifier import from_text, to_text
from ussd_menus.session import Item, Session

_QUESTIONS = ("sign", "cause", "detail")
_WIDEST_TRAVEL_MIN = 999


def _remember_language(turn: Conversation, session: Session) -> Mapping[str, str]:
    callers.remember_language(turn.uow, turn.caller_id, session.variables["language"])
    return {}


def _note_emergency(turn: Conversation, session: Session) -> Mapping[str, str]:
    answers = {"sign": session.variables["sign"]}
    emergency = _noted_before(turn, session)
    if emergency is not None:
        emergency = caller_answers.question_answered(turn.uow, emergency, answers)
    else:
        emergency = noting.note_emergency(
            turn.uow,
            caller_id=turn.caller_id,
            channel=turn.bearer,
            language=session.variables["language"],
            answers=answers,
            quiet_at=turn.quiet_at,
        )
    return {
        "noted_id": to_text(emergency.id),
        "emergency_id": to_text(emergency.id),
        "code": emergency.help_code,
        "advice": emergency.advice,
        "cause": "",
        "detail": "",
        "place": "",
        **_discretion(emergency, session),
    }


def _discretion(emergency: Row[Any], session: Session) -> Mapping[str, str]:
    return hidden_places(session.variables) if telling.is_discreet(emergency) else {}


def _noted_before(turn: Conversation, session: Session) -> Row[Any] | None:
    """The emergency that this session noted or went on with and went back from, so that it is not
    doubled: also when it was raised meanwhile, because the caller took long. One that seems
    cancelled has ended for whoever holds the phone.
    """
    noted_id = session.variables.get("noted_id")
    if not noted_id:
        return None
    emergency = store.lock(turn.uow, from_text(noted_id))
    goes_on = emergency.state in store.ACTIVE and emergency.cancel_asked_at is None
    return emergency if goes_on else None


def _another_patient(turn: Conversation, session: Session) -> Mapping[str, str]:
    """What is said from now on is about somebody else than what was noted before."""
    return {"noted_id": ""}


def _improve_emergency(turn: Conversation, session: Session) -> Mapping[str, str]:
    answers = {
        question: session.variables[question]
        for question in _QUESTIONS
        if session.variables.get(question)
    }
    emergency = caller_answers.question_answered(turn.uow, turn.emergency(session), answers)
    return {"advice": emergency.advice, **_discretion(emergency, session)}


def _withdraw_emergency(turn: Conversation, session: Session) -> Mapping[str, str]:
    emergency = turn.emergency(session)
    if emergency.state == EmergencyState.PROVISIONAL:
        noting.withdraw_provisional(turn.uow, emergency)
    return {
        "emergency_id": session.variables.get("alert_id", ""),
        "code": session.variables.get("alert_code", ""),
    }


def _search_place(turn: Conversation, session: Session) -> Mapping[str, str]:
    typed = session.variables["place_typed"]
    answer = turn.search(typed)
    emergency = turn.emergency(session)
    # Whoever types again meant none of those that were offered before.
    place_picks.refused(turn.uow, emergency)
    emergency = caller_answers.place_typed(turn.uow, emergency, typed, answer.hits)
    if answer.sure:
        caller_answers.place_given(turn.uow, emergency, answer.hits[0])
        return {"place": "known"}
    return {"place": "choices" if answer.hits else "none"}


def _place_choices(turn: Conversation, session: Session) -> Sequence[Item]:
    choices = turn.emergency(session).place_choices or []
    return place_items(FoundPlace(*choice) for choice in choices)


def _choose_place(turn: Conversation, session: Session) -> Mapping[str, str]:
    choice = session.variables["place_choice"]
    emergency = turn.emergency(session)
    if choice == "unknown":
        place_picks.refused(turn.uow, emergency)
        # None of those that were offered: the SMS asks anew and does not offer them again.
        store.change(turn.uow, emergency, place_choices=None)
        return {"place": "unknown"}
    place = _place(turn, choice)
    place_picks.picked(turn.uow, emergency, place)
    caller_answers.place_given(turn.uow, emergency, place)
    return {"place": "known"}


def _place(turn: Conversation, choice: str) -> FoundPlace:
    if choice not in ("last", "home"):
        return chosen_place(choice)
    caller = callers.get(turn.uow, turn.caller_id)
    return callers.last_place(caller) if choice == "last" else callers.home_place(caller)


def _counties(turn: Conversation, session: Session) -> Sequence[Item]:
    return [Item(name, name) for name in turn.uow.services.places.counties()]


def _sub_counties(turn: Conversation, session: Session) -> Sequence[Item]:
    county = session.variables["county"]
    return [Item(name, name) for name in turn.uow.services.places.sub_counties(county)]


def _wards(turn: Conversation, session: Session) -> Sequence[Item]:
    within = session.variables["county"], session.variables["sub_county"]
    return place_items(turn.uow.services.places.wards(*within))


def _towns(turn: Conversation, session: Session) -> Sequence[Item]:
    return place_items(turn.uow.services.places.towns(session.variables["county"]))


def _note_area(turn: Conversation, session: Session) -> Mapping[str, str]:
    """What is known of the place goes with the emergency: operators see it, and search on."""
    parts = [session.variables.get(name, "") for name in ("place_typed", "sub_county", "county")]
    typed = ", ".join(part for part in parts if part)
    caller_answers.place_typed(turn.uow, turn.emergency(session), typed, ())
    return {"place": "unknown"}


def _raise_emergency(turn: Conversation, session: Session) -> Mapping[str, str]:
    raised = raise_emergency(turn.uow, turn.emergency(session))
    place = "unknown" if raised.emergency.lat is None else "known"
    return {"told": _told(raised), "place": place, **receipt_words(raised)}


def _told(raised: Asked) -> str:
    if telling.is_discreet(raised.emergency):
        return "discreet"
    if raised.dispatch is None:
        return "no_place" if raised.emergency.lat is None else "unanswered"
    return "told" if raised.dispatch.reachable else "not_reachable"


def receipt_words(raised: Asked) -> dict[str, str]:
    """The hospital that was asked, and the minutes to it, as a screen shows them."""
    if raised.dispatch is None or raised.hospital is None:
        return {}
    minutes = min(raised.dispatch.travel_min, _WIDEST_TRAVEL_MIN)
    return {"hospital": raised.hospital.name, "minutes": str(minutes)}


INTENTS: Mapping[str, Does] = {
    "remember_language": _remember_language,
    "another_patient": _another_patient,
    "note_emergency": _note_emergency,
    "improve_emergency": _improve_emergency,
    "withdraw_emergency": _withdraw_emergency,
    "search_place": _search_place,
    "choose_place": _choose_place,
    "note_area": _note_area,
    "raise_emergency": _raise_emergency,
}
LISTS: Mapping[str, Lists] = {
    "place_choices": _place_choices,
    "counties": _counties,
    "sub_counties": _sub_counties,
    "wards": _wards,
    "towns": _towns,
}
FACTS: Facts = {
    "noted_id": ANY,
    "emergency_id": ANY,
    "code": ANY,
    "advice": ANY,
    "cause": frozenset(),
    "detail": frozenset(),
    "place": frozenset({"known", "choices", "none", "unknown"}),
    "last_place": ANY,
    "home_place": ANY,
    "watched": YES,
    "told": frozenset({"discreet", "no_place", "unanswered", "told", "not_reachable"}),
    "hospital": ANY,
    "minutes": ANY,
}
