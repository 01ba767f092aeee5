"""Calls that the gateway makes: a handset rings, and what is said follows the gateway's XML.

The order of events (ringing, answered, completed) is our reading; AT documents the fields, not when
each event is posted.
"""

from collections.abc import Mapping

from gateway.simulator.agenda import Agenda
from gateway.simulator.call_script import Reject, Say, ScriptFault, Step, read_script
from gateway.simulator.callbacks import Callbacks
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.faults import Fault
from gateway.simulator.handset import CallOnPhone, DigitsWanted, Handset, Handsets
from gateway.simulator.journal import Journal
from shared.errors import Conflict, InvalidInput
from shared.system import System

_KEYS = frozenset("0123456789*#")
_MOST_STEPS = 100  # A script that redirects to itself ends here.


class Calls:
    """The telephone exchange."""

    def __init__(
        self,
        config: SimulatorConfig,
        system: System,
        agenda: Agenda,
        callbacks: Callbacks,
        handsets: Handsets,
        journal: Journal,
    ) -> None:
        self._config = config
        self._system = system
        self._agenda = agenda
        self._callbacks = callbacks
        self._handsets = handsets
        self._journal = journal

    def ring(self, to: str, caller: str, fault: Fault) -> str:
        """Lets the phone ring and gives back the call's session id.

        Raises InvalidInput when `to` is no phone number.
        """
        handset = self._handsets.with_number(to)
        session = f"ATVId_{self._system.rng.getrandbits(128):032x}"
        self._journal.write("call taken", to=handset.number, caller=caller, session=session)
        call = CallOnPhone(session, caller, "ringing", self._system.now())
        with handset.condition:
            engaged = handset.call is not None and handset.call.state != "ended"
            if not engaged and fault.hangup_cause is None:
                handset.call = call
                handset.changed()
        if engaged or fault.hangup_cause:
            self._finish(handset, call, fault.hangup_cause or "USER_BUSY")
            return session
        self._event(handset, call, "Ringing")
        self._agenda.after(
            self._config.ring_s,
            lambda: self._finish_if(handset, call, "ringing", "NO_ANSWER"),
        )
        return session

    def answer(self, handset: Handset) -> None:
        """The person picks up and hears what the gateway says.

        Raises Conflict when no call rings.
        """
        with handset.condition:
            call = handset.call
            if call is None or call.state != "ringing":
                raise Conflict("No call rings on this phone.")
            call.state = "talking"
            call.answered = self._system.now()
            handset.changed()
        self._event(handset, call, "Answered")
        self._ask(handset, call, None, "")

    def press(self, handset: Handset, keys: str) -> None:
        """The person presses keys, which go to the gateway when it asked for digits.

        Raises Conflict when the call does not ask for any, InvalidInput for what is no key.
        """
        if not keys or len(keys) > 32 or not _KEYS.issuperset(keys):
            raise InvalidInput("Press the keys 0 to 9, * or #.")
        with handset.condition:
            call = handset.call
            if call is None or call.state != "talking" or call.digits is None:
                raise Conflict("The call does not ask for a key now.")
            wanted = call.digits
            call.digits = None
            handset.changed()
        digits = keys.split(wanted.finish_on, 1)[0] if wanted.finish_on else keys
        self._ask(handset, call, wanted.callback_url, digits[: wanted.most])

    def hang_up(self, handset: Handset) -> None:
        """The person ends or declines the call.

        Raises Conflict when there is none.
        """
        with handset.condition:
            call = handset.call
            if call is None or call.state == "ended":
                raise Conflict("There is no call to end.")
            cause = "CALL_REJECTED" if call.state == "ringing" else "NORMAL_CLEARING"
        self._finish(handset, call, cause)

    def _ask(self, handset: Handset, call: CallOnPhone, url: str | None, digits: str) -> None:
        """Asks the gateway what happens next in the call, and does it."""
        form = self._form(handset, call, active=True)
        form["callSessionState"] = "Answered"
        if digits:
            form["dtmfDigits"] = digits
        answer = self._callbacks.ask("voice", form, url=url)
        try:
            if answer is None or answer.status != 200:
                raise ScriptFault("The gateway did not say how the call goes on.")
            steps = read_script(answer.body)
        except ScriptFault as fault:
            self._hear(handset, call, f"({fault})")
            self._finish(handset, call, "UNSPECIFIED")
            return
        self._perform(handset, call, steps)

    def _perform(self, handset: Handset, call: CallOnPhone, steps: tuple[Step, ...]) -> None:
        for position, step in enumerate(steps):
            with handset.condition:
                call.steps += 1
                if handset.call is not call or call.state != "talking":
                    return
            if call.steps > _MOST_STEPS:
                break
            match step:
                case Say(text):
                    self._hear(handset, call, text)
                case Reject():
                    self._finish(handset, call, "CALL_REJECTED")
                    return
                case _:
                    if step.prompt:
                        self._hear(handset, call, step.prompt)
                    if step.digits is None:
                        self._ask(handset, call, step.url, "")
                    else:
                        self._await_digits(
                            handset, call, step.digits, step.timeout_s, steps[position + 1 :]
                        )
                    return
        self._finish(handset, call, "NORMAL_CLEARING")

    def _await_digits(
        self,
        handset: Handset,
        call: CallOnPhone,
        wanted: DigitsWanted,
        timeout_s: float,
        rest: tuple[Step, ...],
    ) -> None:
        with handset.condition:
            call.digits = wanted
            handset.changed()

        def nobody_pressed() -> None:
            with handset.condition:
                if call.digits is not wanted or call.state != "talking":
                    return
                call.digits = None
                handset.changed()
            self._perform(handset, call, rest)

        self._agenda.after(timeout_s, nobody_pressed)

    def _hear(self, handset: Handset, call: CallOnPhone, text: str) -> None:
        with handset.condition:
            call.heard.append(text)
            handset.changed()

    def _finish_if(self, handset: Handset, call: CallOnPhone, state: str, cause: str) -> None:
        with handset.condition:
            if call.state != state:
                return
        self._finish(handset, call, cause)

    def _finish(self, handset: Handset, call: CallOnPhone, cause: str) -> None:
        with handset.condition:
            if call.state == "ended":
                return
            call.state = "ended"
            call.digits = None
            call.ended_because = cause
            handset.changed()
        form = self._form(handset, call, active=False)
        form |= {"callSessionState": "Completed", "hangupCause": cause}
        self._callbacks.tell("voice", form)
        self._event(handset, call, "Completed", {"hangupCause": cause})

    def _event(
        self,
        handset: Handset,
        call: CallOnPhone,
        state: str,
        more: Mapping[str, str] | None = None,
    ) -> None:
        form = self._form(handset, call, active=state != "Completed")
        self._callbacks.tell_once(
            "voice-events", {**form, "callSessionState": state, **(more or {})}
        )

    def _form(self, handset: Handset, call: CallOnPhone, active: bool) -> dict[str, str]:
        form = {
            "isActive": "1" if active else "0",
            "sessionId": call.id,
            "direction": "Outbound",
            "callerNumber": handset.number,
            "destinationNumber": call.caller,
        }
        if not active:
            talked = call.answered
            seconds = int((self._system.now() - talked).total_seconds()) if talked else 0
            form |= {
                "durationInSeconds": str(seconds),
                "currencyCode": "KES",
                "amount": f"{0.05 * seconds:.4f}",
            }
        return form
