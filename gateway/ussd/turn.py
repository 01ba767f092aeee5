"""One USSD turn: session, effects and answer in one transaction; the same turn again changes
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, select, update

from gateway.callers import store as callers
from gateway.emergencies import caller_answers, noting, store, telling, timers
from gateway.emergencies.dispatching import Asked
from gateway.emergencies.raising import raise_emergency
from gateway.emergencies.timers import TimerKind
from gateway.ports import FoundPlace
from gateway.unit_of_work import Services, UnitOfWork
from gateway.ussd.tables import ussd_sessions
from shared import gsm
from shared.emergency import EmergencyState, Transport
from shared.identifier import from_text, to_text
from sync.prepared import Prepared
from ussd_menus.machine import Intent, Session, begin, step, takes_text

_log = structlog.get_logger(__name__)

# An operator ends a session when the caller is idle for this long; then 15 s of grace.
_IDLE_S = {"63902": 30, "63903": 60, "63999": 30}
_LONGEST_IDLE_S = 60
_GRACE_S = 15
_HIT_WIDTH = 30
# Screens about an alert that this phone has raised before.
_OF_ALERT = frozenset({"resume", "my_alert"})

_FIND = Prepared(
    select(ussd_sessions)
    .where(ussd_sessions.c.session_id == bindparam("of_session"))
    .with_for_update()
)
_OPEN = Prepared(ussd_sessions.insert(), ussd_sessions.c.keys())
_GO_ON = Prepared(
    update(ussd_sessions)
    .where(ussd_sessions.c.session_id == bindparam("of_session"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("state", "answered_text", "answer", "ended", "updated_at")
        }
    )
)


@dataclass(frozen=True, slots=True)
class UssdRequest:
    """What the operator posted. `text` is the whole history of the session, joined with `*`."""

    session_id: str
    phone: str
    service_code: str
    network_code: str
    text: str


def take_turn(services: Services, request: UssdRequest) -> str:
    """The answer, starting with `CON ` or `END `, after everything it promises is durable."""
    return services.write(lambda uow: _Turn(uow, request).take())


def end_session(services: Services, session_id: str, phone: str) -> None:
    """The operator says that the session is over: what was left unfinished is raised now."""

    def ended(uow: UnitOfWork) -> None:
        row = _load(uow, session_id)
        if row is None or row.phone_index != uow.services.vault.index(phone):
            return
        emergency_id = row.state["variables"].get("emergency_id")
        if emergency_id:
            emergency = store.lock(uow, from_text(emergency_id))
            if emergency.state == EmergencyState.PROVISIONAL:
                # The session itself stays: a notification that came too early must not leave a
                # caller before a screen that no longer changes.
                timers.put(uow, TimerKind.SESSION_QUIET, emergency.id, uow.now)

    services.write(ended)


def _load(uow: UnitOfWork, session_id: str) -> Row[Any] | None:
    return _FIND.first(uow.connection, of_session=session_id)


class _Turn:
    """One turn while it runs: holds the transaction and the caller, and carries intents out."""

    def __init__(self, uow: UnitOfWork, request: UssdRequest) -> None:
        self._uow = uow
        self._request = request
        self._menus = uow.services.menus
        self._caller_id = 0
        self._phone_index = uow.services.vault.index(request.phone)

    def take(self) -> str:
        row = _load(self._uow, self._request.session_id)
        text = self._request.text
        if row is None:
            caller = callers.find_or_add(self._uow, self._request.phone)
            self._caller_id = caller.id
            facts = self._facts(caller)
            fresh = _tokens(text)
            if fresh:
                # The same code has to mean the same for whoever dials it: it always starts with
                # the language, known or not.
                facts["language"] = ""
            session, screen = step(self._menus, begin(self._menus, facts), None, self._perform)
        else:
            if (row.phone_index, row.service_code) != (
                self._phone_index,
                self._request.service_code,
            ):
                # Somebody else's session id: nothing of that session is told or changed.
                _log.warning("ussd session id of another caller")
                return "END " + self._uow.text("en", "screens.helpless.title", {})
            if text == row.answered_text or row.ended:
                return str(row.answer)
            if not text.startswith(f"{row.answered_text}*") and row.answered_text:
                _log.warning("ussd history contradicts the stored one")
                return str(row.answer)
            self._caller_id = row.caller_id
            session, screen = _from_json(row.state), None
            rest = text[len(row.answered_text) :].removeprefix("*")
            # A `*` in free text may be meant as typed; anywhere else it joins several answers.
            fresh = [rest] if takes_text(self._menus, session) else rest.split("*")
        # Their number has just been compared with the stored one: nobody need look it up again.
        self._uow.phones[self._caller_id] = self._request.phone
        for token in fresh:
            if screen is not None and (screen.ends or (row is None and screen.name in _OF_ALERT)):
                # Digits dialled ahead were meant for a new emergency, never for the open one.
                break
            session, screen = step(self._menus, session, token, self._perform)
        if screen is None:  # pragma: no cover - a stored session always gets a fresh token
            raise AssertionError("a turn without an answer")
        answer = ("END " if screen.ends else "CON ") + screen.text
        self._put_off_quiet(session)
        self._store(session, text, answer, screen.ends, new=row is None)
        return answer

    def _store(self, session: Session, text: str, answer: str, ended: bool, *, new: bool) -> None:
        if not new:
            _GO_ON.run(
                self._uow.connection,
                of_session=self._request.session_id,
                new_state=_to_json(session),
                new_answered_text=text,
                new_answer=answer,
                new_ended=ended,
                new_updated_at=self._uow.now,
            )
            return
        # Two first turns at the same moment: the second fails here, and is carried out again as
        # the repetition that it is (gateway.database.postgres).
        _OPEN.run(
            self._uow.connection,
            session_id=self._request.session_id,
            phone_index=self._phone_index,
            service_code=self._request.service_code,
            caller_id=self._caller_id,
            state=_to_json(session),
            answered_text=text,
            answer=answer,
            ended=ended,
            updated_at=self._uow.now,
        )

    def _facts(self, caller: Row[Any]) -> dict[str, str]:
        facts = {
            "language": caller.language,
            "last_place": caller.last_place_name,
            "number": self._uow.services.config.emergency_numbers[0],
        }
        active = store.newest_active(self._uow, caller.id)
        if active is not None:
            provisional = active.state == EmergencyState.PROVISIONAL
            facts |= {
                "alert": "provisional" if provisional else "open",
                "alert_state": "open"
                if provisional or telling.is_discreet(active)
                else active.state,
                "alert_id": to_text(active.id),
                "alert_code": active.help_code,
                "emergency_id": to_text(active.id),
                "code": active.help_code,
                "hospital": "",
            }
            if active.told_dispatch_id is not None and not telling.is_discreet(active):
                told = store.dispatch(self._uow, active.told_dispatch_id)
                card = self._uow.services.hospitals.card(self._uow.connection, told.hospital_id)
                facts["hospital"] = card.name
        return facts

    def _put_off_quiet(self, session: Session) -> None:
        emergency_id = session.variables.get("emergency_id")
        if not emergency_id or session.ended:
            return
        # Only a provisional emergency has this timer.
        timers.put_off(
            self._uow, TimerKind.SESSION_QUIET, from_text(emergency_id), self._quiet_at()
        )

    def _quiet_at(self) -> Any:
        idle_s = _IDLE_S.get(self._request.network_code, _LONGEST_IDLE_S)
        return self._uow.now + timedelta(seconds=idle_s + _GRACE_S)

    def _perform(self, intent: Intent, session: Session) -> Mapping[str, str]:
        carry_out = {
            "remember_language": self._remember_language,
            "note_emergency": self._note_emergency,
            "improve_emergency": self._improve_emergency,
            "withdraw_emergency": self._withdraw_emergency,
            "search_place": self._search_place,
            "choose_place": self._choose_place,
            "raise_emergency": self._raise_emergency,
            "resume_emergency": self._resume_emergency,
            "answer_alert": self._answer_alert,
            "cancel_emergency": self._cancel_emergency,
        }[intent.name]
        return carry_out(session)

    def _emergency(self, session: Session) -> Row[Any]:
        return store.lock(self._uow, from_text(session.variables["emergency_id"]))

    def _alert(self, session: Session) -> tuple[Row[Any], dict[str, str]]:
        """The alert that was open when this session began, and the words for its screens: another
        patient may have been noted since.
        """
        emergency = store.lock(self._uow, from_text(session.variables["alert_id"]))
        return emergency, {"emergency_id": to_text(emergency.id), "code": emergency.help_code}

    def _remember_language(self, session: Session) -> Mapping[str, str]:
        callers.remember_language(self._uow, self._caller_id, session.variables["language"])
        return {}

    def _note_emergency(self, session: Session) -> Mapping[str, str]:
        answers = {"sign": session.variables["sign"]}
        emergency = self._noted_before(session)
        if emergency is not None:
            emergency = noting.improve_emergency(self._uow, emergency, answers)
        else:
            emergency = noting.note_emergency(
                self._uow,
                caller_id=self._caller_id,
                channel="ussd",
                language=session.variables["language"],
                answers=answers,
                quiet_at=self._quiet_at(),
            )
        return {
            "noted_id": to_text(emergency.id),
            "emergency_id": to_text(emergency.id),
            "code": emergency.help_code,
            "advice": emergency.advice,
            "cause": "",
            "detail": "",
            "place": "",
        }

    def _noted_before(self, session: Session) -> Row[Any] | None:
        """The emergency that this session noted and went back from, so that it is not doubled."""
        noted_id = session.variables.get("noted_id")
        if not noted_id:
            return None
        emergency = store.lock(self._uow, from_text(noted_id))
        return emergency if emergency.state == EmergencyState.PROVISIONAL else None

    def _improve_emergency(self, session: Session) -> Mapping[str, str]:
        answers = {
            question: session.variables[question]
            for question in ("sign", "cause", "detail")
            if session.variables.get(question)
        }
        emergency = caller_answers.question_answered(self._uow, self._emergency(session), answers)
        return {"advice": emergency.advice}

    def _withdraw_emergency(self, session: Session) -> Mapping[str, str]:
        emergency = self._emergency(session)
        if emergency.state == EmergencyState.PROVISIONAL:
            noting.withdraw_provisional(self._uow, emergency)
        return {
            "emergency_id": session.variables.get("alert_id", ""),
            "code": session.variables.get("alert_code", ""),
        }

    def _search_place(self, session: Session) -> Mapping[str, str]:
        typed = session.variables["place_typed"]
        answer = self._uow.services.places.search(typed)
        emergency = self._emergency(session)
        emergency = caller_answers.place_typed(self._uow, emergency, typed, answer.hits)
        if answer.sure:
            caller_answers.place_given(self._uow, emergency, answer.hits[0])
            return {"place": "known"}
        facts = {"hit_1": "", "hit_2": "", "hit_3": ""}
        for number, hit in enumerate(answer.hits, start=1):
            facts[f"hit_{number}"] = gsm.clip(gsm.to_gsm(hit.name), _HIT_WIDTH)
        return {**facts, "place": "choices" if answer.hits else "none"}

    def _choose_place(self, session: Session) -> Mapping[str, str]:
        choice = session.variables["place_choice"]
        emergency = self._emergency(session)
        place = None
        if choice == "last":
            caller = callers.get(self._uow, self._caller_id)
            place = FoundPlace(
                caller.last_place_name,
                caller.last_place_lat,
                caller.last_place_lon,
                caller.last_place_radius_m,
            )
        elif choice.startswith("hit_") and emergency.place_choices:
            position = int(choice.removeprefix("hit_")) - 1
            if position < len(emergency.place_choices):
                place = FoundPlace(*emergency.place_choices[position])
        if place is None:
            # None of those that were offered: the SMS asks anew and does not offer them again.
            store.change(self._uow, emergency, place_choices=None)
            return {"place": "unknown"}
        caller_answers.place_given(self._uow, emergency, place)
        return {"place": "known"}

    def _raise_emergency(self, session: Session) -> Mapping[str, str]:
        raised = raise_emergency(self._uow, self._emergency(session))
        return {"told": _told(raised), **_receipt_words(raised)}

    def _resume_emergency(self, session: Session) -> Mapping[str, str]:
        emergency, words = self._alert(session)
        return {
            **words,
            "noted_id": to_text(emergency.id),
            "advice": emergency.advice,
            "sign": emergency.answers.get("sign", ""),
        }

    def _answer_alert(self, session: Session) -> Mapping[str, str]:
        emergency, words = self._alert(session)
        given = session.variables["alert_answer"]
        if given == "worse":
            caller_answers.got_worse(self._uow, emergency, by_sms=False)
        else:
            transport = {
                "no_transport": Transport.NONE,
                "on_the_way": Transport.ON_THE_WAY,
                "arrived": Transport.ARRIVED,
            }[given]
            caller_answers.answer_transport(self._uow, emergency, transport, by_sms=False)
        return words

    def _cancel_emergency(self, session: Session) -> Mapping[str, str]:
        emergency, words = self._alert(session)
        told = emergency.told_dispatch_id is not None
        caller_answers.cancel(self._uow, emergency, by_sms=False)
        return {**words, "cancelled": "staff" if told else "nobody"}


def _told(raised: Asked) -> str:
    if telling.is_discreet(raised.emergency):
        return "discreet"
    if raised.dispatch is None:
        return "no_place" if raised.emergency.lat is None else "unanswered"
    return "told" if raised.dispatch.reachable else "not_reachable"


def _receipt_words(raised: Asked) -> dict[str, str]:
    if raised.dispatch is None or raised.hospital is None:
        return {}
    return {"hospital": raised.hospital.name, "minutes": str(min(raised.dispatch.travel_min, 999))}


def _tokens(text: str) -> list[str]:
    # Dialled straight into the menu, *384*911*1*3#, the first request has a history already.
    return text.split("*") if text else []


def _to_json(session: Session) -> dict[str, Any]:
    # Written out, because dataclasses.asdict copies every value deeply, on each turn.
    return {
        "screen": session.screen,
        "variables": session.variables,
        "shown": session.shown,
        "trail": session.trail,
        "wrong": session.wrong,
        "ended": session.ended,
    }


def _from_json(state: Mapping[str, Any]) -> Session:
    return Session(
        screen=state["screen"],
        variables=dict(state["variables"]),
        shown=tuple(state["shown"]),
        trail=tuple(state["trail"]),
        wrong=state["wrong"],
        ended=state["ended"],
    )
