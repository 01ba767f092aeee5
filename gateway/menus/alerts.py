"""My alert: what a caller who has one open already may say about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from gateway.emergencies import caller_answers, store, summaries, telling
from gateway.menus.conversation import ANY, YES, Conversation, Does, Facts, Lists
from gateway.unit_of_work import UnitOfWork
from shared.emergency import EmergencyState, Transport
from shared.identifier import from_text, to_text
from ussd_menus.screen import with_words
from ussd_menus.session import Item, Session

_TRANSPORT = {
    "no_transport": Transport.NONE,
    "on_the_way": Transport.ON_THE_WAY,
    "arrived": Transport.ARRIVED,
}


def alert_facts(uow: UnitOfWork, emergency: Row[Any]) -> dict[str, str]:
    """What the screens about this alert say. An alert that somebody else must not read says no more
    than its code.
    """
    discreet = telling.is_discreet(emergency)
    if emergency.state == EmergencyState.PROVISIONAL:
        alert = "provisional"
    else:
        alert = "no_place" if emergency.lat is None else "open"
    facts = {
        "alert": alert,
        "alert_state": "open" if alert != "open" or discreet else emergency.state,
        "alert_id": to_text(emergency.id),
        "alert_code": emergency.help_code,
        "emergency_id": to_text(emergency.id),
        "code": emergency.help_code,
        "hospital": "",
        "watched": "yes" if discreet else "",
        "for_me": "" if discreet else _for_me(uow, emergency),
    }
    if emergency.told_dispatch_id is not None and not discreet:
        told = store.dispatch(uow, emergency.told_dispatch_id)
        facts["hospital"] = uow.services.hospitals.card(uow.connection, told.hospital_id).name
        if emergency.state == EmergencyState.DISPATCHED and not telling.has_heard(told):
            facts["alert_state"] = "phoning"
    return facts


def _for_me(uow: UnitOfWork, emergency: Row[Any]) -> str:
    """Whether the caller has said that they are the patient; nothing where they cannot say it."""
    if emergency.caller_is_patient:
        return "yes"
    return "no" if summaries.can_say(uow, emergency, emergency.caller_id) else ""


def _alerts(turn: Conversation, session: Session) -> Sequence[Item]:
    catalogue = turn.uow.services.menus.catalogue(session.variables.get("language", ""))
    number = session.variables["number"]
    return [
        Item(
            to_text(emergency.id),
            catalogue.text(
                "labels.alert",
                with_words({**alert_facts(turn.uow, emergency), "number": number}, catalogue),
            ),
        )
        for emergency in store.active(turn.uow, turn.caller_id)
    ]


def _choose_alert(turn: Conversation, session: Session) -> Mapping[str, str]:
    return alert_facts(turn.uow, store.lock(turn.uow, from_text(session.variables["alert_chosen"])))


def _alert(turn: Conversation, session: Session) -> tuple[Row[Any], dict[str, str]]:
    """The alert that these screens are about, and the words for them: another patient may have been
    noted since.
    """
    emergency = store.lock(turn.uow, from_text(session.variables["alert_id"]))
    return emergency, {"emergency_id": to_text(emergency.id), "code": emergency.help_code}


def _resume_emergency(turn: Conversation, session: Session) -> Mapping[str, str]:
    emergency, words = _alert(turn, session)
    return {
        **words,
        "noted_id": to_text(emergency.id),
        "advice": emergency.advice,
        "sign": emergency.answers.get("sign", ""),
    }


def _answer_alert(turn: Conversation, session: Session) -> Mapping[str, str]:
    emergency, words = _alert(turn, session)
    if telling.state_shown(emergency) not in store.ACTIVE:
        return {**words, "alert_over": "yes"}  # while the caller was looking at it
    given = session.variables["alert_answer"]
    if given == "worse":
        caller_answers.got_worse(turn.uow, emergency, by_sms=False)
    else:
        caller_answers.answer_transport(turn.uow, emergency, _TRANSPORT[given], by_sms=False)
    return words


def _say_for_me(turn: Conversation, session: Session) -> Mapping[str, str]:
    return _say(turn, session, is_patient=True)


def _take_back_for_me(turn: Conversation, session: Session) -> Mapping[str, str]:
    return _say(turn, session, is_patient=False)


def _say(turn: Conversation, session: Session, *, is_patient: bool) -> Mapping[str, str]:
    emergency, words = _alert(turn, session)
    if telling.state_shown(emergency) not in store.ACTIVE:
        return {**words, "alert_over": "yes"}  # while the caller was looking at it
    emergency = summaries.say(turn.uow, emergency, turn.caller_id, is_patient=is_patient)
    return {**words, "for_me": _for_me(turn.uow, emergency)}


def _cancel_emergency(turn: Conversation, session: Session) -> Mapping[str, str]:
    emergency, words = _alert(turn, session)
    told = not telling.is_discreet(emergency) and telling.anybody_has_heard(turn.uow, emergency)
    if telling.state_shown(emergency) in store.ACTIVE:
        caller_answers.cancel(turn.uow, emergency, by_sms=False)
    return {**words, "cancelled": "staff" if told else "nobody"}


INTENTS: Mapping[str, Does] = {
    "choose_alert": _choose_alert,
    "resume_emergency": _resume_emergency,
    "answer_alert": _answer_alert,
    "cancel_emergency": _cancel_emergency,
    "say_for_me": _say_for_me,
    "take_back_for_me": _take_back_for_me,
}
LISTS: Mapping[str, Lists] = {"alerts": _alerts}
FACTS: Facts = {
    "alert": frozenset({"provisional", "no_place", "open"}),
    "alert_state": frozenset({*(state.value for state in EmergencyState), "phoning"}),
    "alert_id": ANY,
    "alert_code": ANY,
    "emergency_id": ANY,
    "code": ANY,
    "hospital": ANY,
    "watched": YES,
    "for_me": frozenset({"yes", "no"}),
    "noted_id": ANY,
    "advice": ANY,
    "sign": ANY,
    "alert_over": YES,
    "cancelled": frozenset({"staff", "nobody"}),
}
