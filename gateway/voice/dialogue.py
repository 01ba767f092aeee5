"""One step of a call with a caller: session, effects and answer in one transaction.

Africa's Talking's voice callbacks carry no history, so each question names its own number in the
address that its answer goes to. Only the answer to the question that stands is taken; a step that
comes again, late or from nowhere gets what was answered last, and changes nothing.
"""

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
from gateway.menus.facts import cut_off_session, facts_about
from gateway.menus.host import MenuHost
from gateway.menus.sessions import History
from gateway.return_calls import calling_back
from gateway.unit_of_work import Services, UnitOfWork
from gateway.voice import script
from gateway.voice.recordings import Recordings
from gateway.voice.speech import MORE, Prompt, screen_prompts, text_prompts
from shared.identifier import from_text
from ussd_menus.machine import Machine
from ussd_menus.operators import Operator
from ussd_menus.paging import NEXT, Limit
from ussd_menus.screen import Screen
from ussd_menus.session import Session, from_json

_log = structlog.get_logger(__name__)

_BEARER = "voice"
# Speech has no width, and every key has one digit. Idle: the longest screen read out, twice.
_VOICE = Operator(name="voice", screen=100_000, input=1, session_s=900, idle_s=90)
_LIMIT = Limit(septets=_VOICE.screen, choices=9)
# An answer that no screen takes.
_NOTHING = "?"


@dataclass(frozen=True, slots=True)
class CallStep:
    """What the provider posted. `step` is the question that is answered (None: the call begins),
    `keys` what was pressed there; `address` is where the answers to questions go.
    """

    session_id: str
    phone: str
    step: int | None
    keys: str
    address: str


def take_step(services: Services, asked: CallStep) -> str | None:
    """What the call does next, as XML, after everything it promises is durable; None when this is
    no call with a caller.
    """
    return services.write(lambda uow: _Step(uow, asked).take())


def way_out(services: Services) -> str:
    """What is said when nothing else can be: the emergency number, slowly and twice."""
    catalogue = services.menus.catalogue(services.menus.default_language)
    words = {"number": services.config.emergency_numbers[0]}
    return script.last_words(
        _recordings(services), text_prompts(catalogue, "spoken.failed", words), None
    )


def _recordings(services: Services) -> Recordings:
    return Recordings(services.config.prompts_dir, services.config.public_url)


class _Step:
    """One step while it runs: holds the transaction and the caller."""

    def __init__(self, uow: UnitOfWork, asked: CallStep) -> None:
        self._uow = uow
        self._asked = asked
        self._index = uow.services.vault.index(asked.phone)

    def take(self) -> str | None:
        row = sessions.find(self._uow, self._asked.session_id)
        if row is not None:
            return self._go_on(row)
        call = calling_back.of_session(self._uow, self._asked.session_id, self._asked.phone)
        return None if call is None else self._begin(call.caller_id)

    def _begin(self, caller_id: int) -> str:
        turn = self._conversation(caller_id)
        facts = facts_about(turn, callers.get(self._uow, caller_id))
        before = cut_off_session(self._uow, self._index, _BEARER, facts)
        machine = self._machine(turn)
        session, screen, _ = machine.step(machine.begin(facts, before), None)
        answer = self._answer(turn, session, screen, 1)
        sessions.open_session(
            self._uow,
            session,
            {
                "session_id": self._asked.session_id,
                "bearer": _BEARER,
                "phone_index": self._index,
                "service_code": self._uow.services.config.voice_number,
                "caller_id": caller_id,
                "answer": answer,
                **self._answered(0).columns(self._uow),
            },
        )
        return answer

    def _go_on(self, row: Row[Any]) -> str:
        if (row.bearer, row.phone_index) != (_BEARER, self._index):
            # Somebody else's session id: nothing of that session is told or changed.
            _log.warning("voice session id of another caller")
            return script.REJECT
        stands_at = int(row.answered_length) + 1
        if row.ended or self._asked.step != stands_at:
            return str(row.answer)
        turn = self._conversation(row.caller_id)
        session, screen = self._walk(turn, row)
        answer = self._answer(turn, session, screen, stands_at + 1)
        sessions.carry_on(self._uow, session, self._answered(stands_at), answer)
        return answer

    def _answered(self, questions: int) -> History:
        """The call's history is how many questions were answered: a dot for each."""
        return History(self._asked.session_id, "." * questions)

    def _walk(self, turn: Conversation, row: Row[Any]) -> tuple[Session, Screen]:
        machine, session = self._machine(turn), from_json(row.state)
        keys = self._asked.keys.strip("# ")
        if self._uow.now - row.started_at > timedelta(seconds=_VOICE.session_s):
            session, screen, _ = machine.expire(session)
        elif keys == MORE and NEXT not in session.shown and self._is_known(session):
            session, screen, _ = machine.step(session, None)  # heard once more
        elif keys in ("", MORE):
            waiting = NEXT if NEXT in session.shown else _NOTHING
            session, screen, _ = machine.answer(session, waiting)
        else:
            session, screen, _ = machine.answer(session, keys)
        return session, screen

    def _is_known(self, session: Session) -> bool:
        return session.screen in self._uow.services.menus.definitions.screens

    def _conversation(self, caller_id: int) -> Conversation:
        # Their number has just been compared with the stored one: nobody need look it up again.
        self._uow.phones[caller_id] = self._asked.phone
        return Conversation(self._uow, caller_id, self._asked.phone, _BEARER, _VOICE, {})

    def _machine(self, turn: Conversation) -> Machine:
        return Machine(self._uow.services.menus, MenuHost(turn), _LIMIT)

    def _answer(self, turn: Conversation, session: Session, screen: Screen, step: int) -> str:
        calling_back.goes_on(self._uow, self._asked.session_id)
        services = self._uow.services
        recordings, step_url = _recordings(services), f"{self._asked.address}/{step}"
        prompts = screen_prompts(services.menus, session, screen)
        if not screen.ends:
            emergency_id = session.variables.get("emergency_id")
            if emergency_id:
                # Only a provisional emergency has this timer.
                timers.put_off(
                    self._uow, TimerKind.SESSION_QUIET, from_text(emergency_id), turn.quiet_at
                )
            return script.question(recordings, prompts, step_url)
        if not services.menus.definitions.screens[screen.name].connects:
            if session.variables.get("told") == "discreet":
                # Whoever stands beside the caller hears it once, and no more than that.
                return script.last_words(recordings, prompts, None)
            again = self._remark(session, "again")
            return script.last_words(recordings, (*prompts, *again), step_url)
        operators = services.config.operator_phones
        if not operators:
            no_operator = self._remark(session, "no_operator")
            return script.last_words(recordings, (*prompts, *no_operator), step_url)
        connecting = self._remark(session, "connecting")
        return script.connection(recordings, (*prompts, *connecting), operators[0])

    def _remark(self, session: Session, name: str) -> tuple[Prompt, ...]:
        catalogue = self._uow.services.menus.catalogue(session.variables.get("language", ""))
        return tuple(text_prompts(catalogue, f"spoken.{name}", session.variables))
