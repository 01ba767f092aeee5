"""Calls that the gateway makes, and calls to it: what is said follows the gateway's XML.

The order of events (ringing, answered, completed) is our reading; AT documents the fields, not when
each event is posted.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from gateway.simulator.agenda import Agenda
from gateway.simulator.call_script import Dial, Reject, ScriptFault, Step, read_script
from gateway.simulator.callbacks import Callbacks
from gateway.simulator.config import SimulatorConfig
from gateway.simulator.faults import Fault
from gateway.simulator.handset import CallOnPhone, DigitsWanted, Handset, Handsets, Sound
from gateway.simulator.journal import Journal
from shared.errors import Conflict, InvalidInput
from shared.system import System

# Why a call is over that the person ended in this state.
_HUNG_UP = {"ringing": "CALL_REJECTED", "calling": "ORIGINATOR_CANCEL"}
_KEYS = frozenset("0123456789*#")
# How long prompts take, until a phone says so that plays them: time to read them out, and at
# least so much for a file.
_CHARACTERS_PER_S = 14.0
_FILE_TAKES_S = 5.0
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
        call = self._new_call(caller, "Outbound", "ringing")
        self._journal.write("call taken", to=handset.number, caller=caller, session=call.id)
        if fault.hangup_cause is not None or not _put_through(handset, call):
            self._finish(handset, call, fault.hangup_cause or "USER_BUSY")
            return call.id
        self._event(handset, call, "Ringing")
        self._agenda.after(
            self._config.ring_s,
            lambda: self._finish_if(handset, call, "ringing", "NO_ANSWER"),
        )
        return call.id

    def dial(self, handset: Handset, *, missed: bool) -> None:
        """The person calls our number; with `missed` they hang up before it is answered. Returns
        when the gateway has said what it does with the call.

        Raises Conflict while there is another call.
        """
        call = self._new_call(self._config.own_number, "Inbound", "calling")
        if not _put_through(handset, call):
            raise Conflict("There is a call already; end it first.")
        self._event(handset, call, "Ringing")
        steps = self._next_steps(handset, call, None, "")
        if steps is None:
            return
        if missed or isinstance(next(iter(steps), None), Reject):
            self._finish(handset, call, "ORIGINATOR_CANCEL" if missed else "CALL_REJECTED")
            return

        def picked_up() -> None:
            if self._begin(handset, call, "calling"):
                self._perform(handset, call, steps)

        self._agenda.after(self._config.pick_up_s, picked_up)

    def answer(self, handset: Handset) -> None:
        """The person picks up and hears what the gateway says.

        Raises Conflict when no call rings.
        """
        with handset.condition:
            call = handset.call
        if call is None or not self._begin(handset, call, "ringing"):
            raise Conflict("No call rings on this phone.")
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

    def plays(self, handset: Handset, length_s: float) -> None:
        """A prompt of that length begins to sound at the phone, which knows it better than we did:
        the wait for keys begins when it is over.
        """
        with handset.condition:
            call = handset.call
        if call is not None:
            self._listen(handset, call, length_s)

    def hang_up(self, handset: Handset) -> None:
        """The person ends or declines the call.

        Raises Conflict when there is none.
        """
        with handset.condition:
            call = handset.call
            if call is None or call.state == "ended":
                raise Conflict("There is no call to end.")
            cause = _HUNG_UP.get(call.state, "NORMAL_CLEARING")
        self._finish(handset, call, cause)

    def _new_call(self, other: str, direction: str, state: str) -> CallOnPhone:
        session = f"ATVId_{self._system.rng.getrandbits(128):032x}"
        return CallOnPhone(session, other, direction, state, self._system.now())

    def _begin(self, handset: Handset, call: CallOnPhone, state: str) -> bool:
        """Whether the two talk from now on; not when the call is in that `state` no more."""
        with handset.condition:
            if call.state != state:
                return False
            call.state = "talking"
            call.answered = self._system.now()
            handset.changed()
        self._event(handset, call, "Answered")
        return True

    def _ask(self, handset: Handset, call: CallOnPhone, url: str | None, digits: str) -> None:
        """Asks the gateway what happens next in the call, and does it."""
        steps = self._next_steps(handset, call, url, digits)
        if steps is not None:
            self._perform(handset, call, steps)

    def _next_steps(
        self, handset: Handset, call: CallOnPhone, url: str | None, digits: str
    ) -> tuple[Step, ...] | None:
        """What the gateway answers; None when that ended the call."""
        form = self._form(handset, call, active=True)
        form["callSessionState"] = "Answered" if call.answered else "Ringing"
        if digits:
            form["dtmfDigits"] = digits
        answer = self._callbacks.ask("voice", form, url=url)
        try:
            if answer is None or answer.status != 200:
                raise ScriptFault("The gateway did not say how the call goes on.")
            return read_script(answer.body)
        except ScriptFault as fault:
            self._hear(handset, call, [Sound("remark", str(fault))])
            self._finish(handset, call, "UNSPECIFIED")
            return None

    def _perform(self, handset: Handset, call: CallOnPhone, steps: tuple[Step, ...]) -> None:
        for position, step in enumerate(steps):
            with handset.condition:
                call.steps += 1
                if handset.call is not call or call.state != "talking":
                    return
            if call.steps > _MOST_STEPS:
                break
            match step:
                case Sound():
                    self._hear(handset, call, [step])
                case Dial(numbers):
                    # Somebody picks up there; the two talk until one hangs up.
                    self._hear(handset, call, [Sound("dial", " or ".join(numbers))])
                    return
                case Reject():
                    self._finish(handset, call, "CALL_REJECTED")
                    return
                case _:
                    self._hear(handset, call, step.prompts)
                    if step.digits is None:
                        self._ask(handset, call, step.url, "")
                    else:
                        self._listen(handset, call, sum(map(_takes_s, step.prompts)))
                        rest = steps[position + 1 :]
                        self._await_digits(handset, call, step.digits, step.timeout_s, rest)
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
                left_s = self._listens_s(call) + timeout_s
                if left_s <= 0:
                    call.digits = None
                    handset.changed()
            if left_s > 0:
                self._agenda.after(left_s, nobody_pressed)
            else:
                self._perform(handset, call, rest)

        nobody_pressed()

    def _listen(self, handset: Handset, call: CallOnPhone, length_s: float) -> None:
        with handset.condition:
            until = self._system.now() + timedelta(seconds=length_s)
            call.listens_until = max(call.listens_until, until)

    def _listens_s(self, call: CallOnPhone) -> float:
        """How many seconds from now the last prompt is over; negative when it was before."""
        return (call.listens_until - self._system.now()).total_seconds()

    def _hear(self, handset: Handset, call: CallOnPhone, sounds: Iterable[Sound]) -> None:
        with handset.condition:
            call.heard += sounds
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
            "direction": call.direction,
            # In AT's words the caller is the person with the phone, whoever made the call.
            "callerNumber": handset.number,
            "destinationNumber": call.other,
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


def _put_through(handset: Handset, call: CallOnPhone) -> bool:
    """Makes it the phone's call, unless there is one already."""
    with handset.condition:
        if handset.call is not None and handset.call.state != "ended":
            return False
        handset.call = call
        handset.changed()
        return True


def _takes_s(sound: Sound) -> float:
    spoken_s = len(sound.words) / _CHARACTERS_PER_S
    return max(spoken_s, _FILE_TAKES_S) if sound.kind == "play" else spoken_s
