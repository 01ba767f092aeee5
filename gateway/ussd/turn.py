"""One USSD turn: session, effects and answer in one transaction; the same turn again changes
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from gateway.callers import store as callers
from gateway.emergencies import timers
from gateway.emergencies.timers import TimerKind
from gateway.menus import sessions
from gateway.menus.conversation import Conversation
from gateway.menus.ending import session_ended
from gateway.menus.facts import cut_off_session, facts_about
from gateway.menus.host import MenuHost
from gateway.menus.sessions import History
from gateway.ports import PlaceAnswer
from gateway.unit_of_work import Services, UnitOfWork
from shared.identifier import from_text
from ussd_menus.machine import Machine
from ussd_menus.paging import Line, size
from ussd_menus.screen import Screen
from ussd_menus.session import Session, from_json

_log = structlog.get_logger(__name__)

_BEARER = "ussd"
# Operators count their own seconds: a session that is over there is over here a little later.
_LATE_S = 15
# Forty-four inputs of the widest operator's ninety characters: more than anybody types in 180 s.
# Of a longer history the end may have been cut off on its way, and what is new in it with that.
_LONGEST_HISTORY = 4_000


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
    found = _look_up(services, request.text)
    return services.write(lambda uow: _Turn(uow, request, found).take())


def way_out(services: Services) -> str:
    """What is shown when nothing else can be: the emergency number, in as many languages as the
    tightest screen holds, because nobody knows which one the caller reads.
    """
    menus = services.menus
    words = {"number": services.config.emergency_numbers[0]}
    lines = [
        Line("", "", menus.catalogue(language.value).text("errors.failed", words))
        for language in menus.languages
    ]
    while len(lines) > 1 and size(lines) > menus.operators.tightest.septets:
        lines.pop()
    return "END " + "\n".join(line.text for line in lines)


def _look_up(services: Services, text: str) -> Mapping[str, PlaceAnswer]:
    """What the last answer means if it names a place: a look-up that is slow must not be made
    while the transaction keeps everybody else waiting.
    """
    typed = text.rpartition("*")[2].strip()
    if not any(letter.isalpha() for letter in typed):
        return {}
    return {typed: services.places.search(typed)}


def end_session(services: Services, session_id: str, phone: str) -> None:
    """The operator says that the session is over: what was left unfinished is raised now."""
    services.write(lambda uow: session_ended(uow, session_id, phone))


class _Turn:
    """One turn while it runs: holds the transaction and the caller."""

    def __init__(
        self, uow: UnitOfWork, request: UssdRequest, found: Mapping[str, PlaceAnswer]
    ) -> None:
        self._uow = uow
        self._request = request
        self._found = found
        self._operator = uow.services.menus.operators.of(request.network_code)
        self._history = History(request.session_id, request.text)
        self._phone_index = uow.services.vault.index(request.phone)

    def take(self) -> str:
        row = sessions.find(self._uow, self._request.session_id)
        return self._begin() if row is None else self._go_on(row)

    def _begin(self) -> str:
        caller = callers.find_or_add(self._uow, self._request.phone)
        turn = self._conversation(caller.id)
        machine = self._machine(turn)
        facts = facts_about(turn, caller)
        # Dialled straight into the menu, *384*911*1*3#, the first request has a history already.
        dialled = self._request.text.split("*") if self._request.text else []
        if dialled:
            # The same code has to mean the same for whoever dials it: it always starts with the
            # language, known or not.
            facts["language"] = ""
            before = None
        else:
            before = cut_off_session(self._uow, self._phone_index, _BEARER, facts)
        session = machine.begin(facts, before)
        if self._is_too_long():
            session, screen, _ = machine.expire(session)
        else:
            session, screen, _ = machine.walk(session, dialled)
        answer = self._answer(turn, session, screen)
        sessions.open_session(
            self._uow,
            session,
            {
                "session_id": self._request.session_id,
                "bearer": _BEARER,
                "phone_index": self._phone_index,
                "service_code": self._request.service_code,
                "caller_id": caller.id,
                "answer": answer,
                **self._history.columns(self._uow),
            },
        )
        return answer

    def _go_on(self, row: Row[Any]) -> str:
        if (row.bearer, row.phone_index, row.service_code) != (
            _BEARER,
            self._phone_index,
            self._request.service_code,
        ):
            # Somebody else's session id: nothing of that session is told or changed.
            _log.warning("ussd session id of another caller")
            return way_out(self._uow.services)
        if self._history.is_answered(self._uow, row):
            return str(row.answer)
        typed = self._history.since(self._uow, row)
        if typed is None:
            _log.warning("ussd history contradicts the stored one")
        if typed is None or row.ended:
            return str(row.answer)
        turn = self._conversation(row.caller_id)
        machine = self._machine(turn)
        session = from_json(row.state)
        if self._is_over(row) or self._is_too_long():
            session, screen, _ = machine.expire(session)
        else:
            session, screen, _ = machine.answer(session, typed)
        answer = self._answer(turn, session, screen)
        sessions.carry_on(self._uow, session, self._history, answer)
        return answer

    def _is_over(self, row: Row[Any]) -> bool:
        lasts = timedelta(seconds=self._operator.session_s + _LATE_S)
        return bool(self._uow.now - row.started_at > lasts)

    def _is_too_long(self) -> bool:
        return len(self._request.text) > _LONGEST_HISTORY

    def _conversation(self, caller_id: int) -> Conversation:
        # Their number has just been compared with the stored one: nobody need look it up again.
        self._uow.phones[caller_id] = self._request.phone
        return Conversation(
            self._uow, caller_id, self._request.phone, _BEARER, self._operator, self._found
        )

    def _machine(self, turn: Conversation) -> Machine:
        return Machine(self._uow.services.menus, MenuHost(turn), self._operator.limit)

    def _answer(self, turn: Conversation, session: Session, screen: Screen) -> str:
        emergency_id = session.variables.get("emergency_id")
        if emergency_id and not screen.ends:
            # Only a provisional emergency has this timer.
            timers.put_off(
                self._uow, TimerKind.SESSION_QUIET, from_text(emergency_id), turn.quiet_at
            )
        return ("END " if screen.ends else "CON ") + screen.text
