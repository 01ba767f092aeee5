"""USSD between a handset and the gateway, as Africa's Talking and the operators run it.

Each screen is one post with the whole history of inputs. The session ends when the gateway says END
or anything that AT does not understand, when the caller hangs up, or when the operator's clocks run
out. A callback gets 10 s.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gateway.providers.http_post import Answer
from gateway.simulator.agenda import Agenda
from gateway.simulator.callbacks import Callbacks
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.faults import Faults
from gateway.simulator.handset import Handset, Screen, SessionEnded, UssdSession
from shared.errors import Conflict, InvalidInput
from shared.gsm import clip, septets, to_gsm
from shared.system import System

METADATA_HEADER = "at-ussd-hop-metadata"
_LONGEST_METADATA = 99
_NETWORK_FAULT = "Connection problem or invalid MMI code."
_LONGEST_DELAY_S = 60.0
# How the notice of a session begins that the operator ended.
OPERATOR_ENDS = "The operator's "


@dataclass(frozen=True, slots=True)
class TurnTrouble:
    """What the network does to one turn: posts it twice at once, holds it for `delay_s`, loses the
    gateway's answer (the session ends at the phone). The operator's clocks run on while it is held:
    when one is over by then, nothing is posted.
    """

    twice: bool = False
    delay_s: float = 0.0
    lose_answer: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.delay_s <= _LONGEST_DELAY_S:
            raise InvalidInput(f"delay_s must be a number from 0 to {_LONGEST_DELAY_S:.0f}.")


class UssdNetwork:
    """Runs USSD sessions; `pause` waits for a number of seconds."""

    def __init__(
        self,
        config: SimulatorConfig,
        system: System,
        agenda: Agenda,
        callbacks: Callbacks,
        faults: Faults,
        pause: Callable[[float], None],
    ) -> None:
        self._config = config
        self._system = system
        self._agenda = agenda
        self._callbacks = callbacks
        self._faults = faults
        self._pause = pause

    def dial(self, handset: Handset, code: str, trouble: TurnTrouble) -> None:
        """Dials a USSD code and returns when its first screen is there; `*384*911*1*3#` goes
        straight to what 1 and then 3 would open.

        Raises InvalidInput for what is no USSD code, Conflict while the phone waits for a screen.
        """
        dialled = "".join(code.split())
        if not (dialled.startswith("*") and dialled.endswith("#") and 3 <= len(dialled) <= 160):
            raise InvalidInput("A USSD code starts with * and ends with #, such as *384*911#.")
        self._end_for_new_session(handset)
        own = self._config.service_code[:-1]
        text = dialled[:-1].removeprefix(own).removeprefix("*")
        known = dialled[:-1] == own or dialled.startswith(f"{own}*")
        with handset.condition:
            if not known:
                notice = f"This simulator answers {self._config.service_code} only."
                handset.screen = Screen("ended", _NETWORK_FAULT, notice=notice)
                handset.changed()
                return
            now = self._system.now()
            session = UssdSession(
                id=f"ATUid_{self._system.rng.getrandbits(128):032x}",
                service_code=self._config.service_code,
                texts=[text] if text else [],
                started=now,
                asked=now,
                busy=True,
            )
            handset.session = session
            self._agenda.after(
                handset.network.session_s,
                lambda: self._end(
                    handset, session, "Failed", f"{OPERATOR_ENDS}session time is over."
                ),
            )
        self._turn(handset, session, trouble)

    def answer(self, handset: Handset, typed: str, trouble: TurnTrouble) -> None:
        """Sends what was typed and returns when the next screen is there.

        Raises Conflict when no screen asks for input, InvalidInput when it is longer than the
        operator lets through.
        """
        with handset.condition:
            session = handset.session
            if session is None or session.busy:
                raise Conflict("No screen asks for input; dial the code first.")
            size = septets(to_gsm(typed)) or 0
            if size > handset.network.input_characters:
                raise InvalidInput(
                    f"{handset.network.name} lets {handset.network.input_characters} characters "
                    f"through; this has {size}."
                )
            session.texts.append(to_gsm(typed))
            session.busy = True
        self._turn(handset, session, trouble)

    def drop(self, handset: Handset, notify: bool) -> None:
        """Ends the session from the phone's side; with `notify` false AT never tells the gateway.

        Raises Conflict when there is none.
        """
        with handset.condition:
            session = handset.session
        if session is None:
            raise Conflict("There is no session to drop.")
        self._end(handset, session, "Incomplete", "You ended the session.", notify=notify)

    def close_screen(self, handset: Handset) -> None:
        """Puts the last screen of an ended session away."""
        with handset.condition:
            if handset.session is None:
                handset.screen = Screen("idle")
                handset.changed()

    def _end_for_new_session(self, handset: Handset) -> None:
        with handset.condition:
            session = handset.session
            if session is not None and session.busy:
                raise Conflict("The phone waits for a screen; try again when it is there.")
        if session is not None:
            self._end(handset, session, "Incomplete", "Another code was dialled.")

    def _turn(self, handset: Handset, session: UssdSession, trouble: TurnTrouble) -> None:
        with handset.condition:
            if handset.session is not session:
                return
            held = f"The network holds it for {trouble.delay_s:g} s." if trouble.delay_s else ""
            handset.screen = Screen("waiting", "USSD code running…", notice=held)
            session.held = bool(held)
            form = {
                "sessionId": session.id,
                "phoneNumber": handset.number,
                "networkCode": handset.network.code,
                "serviceCode": session.service_code,
                "text": "*".join(session.texts),
            }
            headers = {METADATA_HEADER: session.metadata[-1]} if session.metadata else {}
            handset.changed()
        if trouble.delay_s:
            self._pause(trouble.delay_s)
            with handset.condition:
                session.held = False
                if handset.session is not session:
                    return
        notice = ""
        if trouble.twice:
            with ThreadPoolExecutor(max_workers=2) as both:
                posts = [both.submit(self._callbacks.ask, "ussd", form, headers) for _ in range(2)]
                first, second = (post.result() for post in posts)
            answer = second or first
            notice = _compared(first, second)
        else:
            answer = self._callbacks.ask("ussd", form, headers)
        with handset.condition:
            session.busy = False
            session.turns += 1
        if trouble.lose_answer:
            self._end(handset, session, "Failed", "The gateway's answer was lost on the way.")
        else:
            self._show(handset, session, answer, notice)

    def _show(
        self, handset: Handset, session: UssdSession, answer: Answer | None, notice: str
    ) -> None:
        fault = _fault_in(answer)
        if answer is None or fault:
            if answer is not None:
                session.last_answer = answer.body
            self._end(handset, session, "Failed", fault, text=_NETWORK_FAULT)
            return
        session.last_answer = answer.body
        metadata = answer.headers.get(METADATA_HEADER, "")
        if metadata:
            if len(metadata) <= _LONGEST_METADATA and "|" not in metadata:
                session.metadata.append(metadata)
            else:
                notice = f"{notice} {METADATA_HEADER} is too long or has a |: not kept.".strip()
        shown = to_gsm(answer.body)
        size = septets(shown) or 0
        if shown != answer.body:
            notice = f"{notice} Characters outside GSM-7 show as near ones or ?.".strip()
        limit = handset.network.screen_characters
        if size > limit:
            notice = f"{notice} Too long: {size} of {limit} characters, cut.".strip()
            shown = clip(shown, limit)
        text = shown[4:]
        if answer.body.startswith("END "):
            self._end(handset, session, "Success", notice, text=text, size=size)
            return
        with handset.condition:
            if handset.session is not session:
                return
            session.asked = self._system.now()
            handset.screen = Screen("menu", text, size, notice)
            turn = session.turns
            handset.changed()

        def idle() -> None:
            # An answer that the network still holds has not reached the operator.
            if session.turns == turn and (session.held or not session.busy):
                self._end(
                    handset, session, "Incomplete", f"{OPERATOR_ENDS}wait for an answer is over."
                )

        self._agenda.after(handset.network.idle_s, idle)

    def _end(
        self,
        handset: Handset,
        session: UssdSession,
        status: str,
        notice: str,
        text: str | None = None,
        size: int = 0,
        notify: bool = True,
    ) -> None:
        with handset.condition:
            if handset.session is not session:
                return
            handset.session = None
            if text is None:
                text = handset.screen.text if handset.screen.kind == "menu" else ""
            handset.screen = Screen("ended", text, size, notice)
            now = self._system.now()
            lasted_s = (now - session.started).total_seconds()
            handset.last_session = SessionEnded(session.id, session.turns, lasted_s)
            handset.changed()
        silenced = self._faults.take("ussd-end", handset.number).channel == "ussd-end"
        if silenced or not notify:
            return
        form = {
            "date": now.strftime("%Y-%m-%d %H:%M:%S"),
            "sessionId": session.id,
            "serviceCode": session.service_code,
            "networkCode": handset.network.code,
            "phoneNumber": handset.number,
            "status": status,
            "cost": f"KES {0.2 * session.turns:.4f}",
            "durationInMillis": str(int(lasted_s * 1000)),
            "hopsCount": str(session.turns),
            "hopsMetadata": "|".join(session.metadata),
            "input": "*".join(session.texts),
            "lastAppResponse": session.last_answer,
        }
        if status != "Success":
            form["errorMessage"] = notice
        self._callbacks.tell_once("ussd-end", form)


def _compared(first: Answer | None, second: Answer | None) -> str:
    """What is remarked about two answers to one turn, of which the second is shown."""
    if first is None or second is None:
        return "Posted twice: not both were answered."
    if first.body == second.body:
        return "Posted twice: both answers are the same."
    return f"Posted twice: the two answers DIFFER. The other one: {to_gsm(first.body)}"


def _fault_in(answer: Answer | None) -> str:
    """Why AT ends the session at this answer, or nothing."""
    if answer is None:
        return "The gateway gave no answer within 10 seconds."
    if answer.status != 200:
        return f"The gateway answered HTTP {answer.status}."
    if not answer.body.strip():
        return "The gateway's answer was empty."
    if answer.body[0].isspace():
        return "The gateway's answer began with white space."
    if not answer.body.startswith(("CON ", "END ")):
        return "The gateway's answer began with neither CON nor END."
    return ""
