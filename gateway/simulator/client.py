"""A person with a phone, told as a story, over the simulator's JSON API.

    phone = Phone("http://127.0.0.1:8200", "+254711000111")
    phone.dials("*384*911#").sees("Haven").chooses("1").sees("What")
    phone.receives_sms(containing="Reply 1", within_s=5).replies("1")

What does not happen raises AssertionError that shows the phone.
"""

import time
from collections.abc import Callable
from typing import Any, Self

import requests

from shared.errors import HavenError

_REQUEST_LIMIT_S = 90.0
_LONGEST_POLL_S = 5.0


class PhoneRefused(HavenError):
    """The simulator did not do what was asked; the message is its own."""


class Phone:
    """One handset at a running simulator. Each method returns the phone itself."""

    def __init__(self, base_url: str, number: str) -> None:
        self.number = number
        self._api = f"{base_url.rstrip('/')}/phone/{number.removeprefix('+')}/api"
        self._session = requests.Session()
        self._session.trust_env = False  # A proxy of the machine's has no business on loopback.
        self._read: set[str] = set()
        self._correspondent = ""
        self.sms_text = ""
        """The text of the message that `receives_sms` found last."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection to the simulator; the handset stays as it is."""
        self._session.close()

    @property
    def screen(self) -> str:
        """What the screen says now."""
        return str(self.state()["screen"]["text"])

    def state(self, after: int | None = None, wait_s: float = 0.0) -> dict[str, Any]:
        """The phone's whole state; with `after`, once it is past that version or `wait_s` is
        over.
        """
        query = {} if after is None else {"after": str(after), "wait_s": str(wait_s)}
        return self._answered(
            self._session.get(f"{self._api}/state", params=query, timeout=_REQUEST_LIMIT_S)
        )

    def wait_until(
        self, holds: Callable[[dict[str, Any]], object], within_s: float
    ) -> dict[str, Any] | None:
        """The first state of which that holds, or None when none came in time."""
        deadline_s = time.monotonic() + within_s
        state = self.state()
        while not holds(state):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return None
            state = self.state(after=state["version"], wait_s=min(left_s, _LONGEST_POLL_S))
        return state

    def act(self, action: str, **body: object) -> dict[str, Any]:
        """Posts one action of the JSON API and gives back the state after it.

        Raises PhoneRefused with the simulator's reason.
        """
        return self._answered(
            self._session.post(f"{self._api}/{action}", json=body, timeout=_REQUEST_LIMIT_S)
        )

    def dials(self, code: str, **trouble: bool | float) -> Self:
        """Dials a code; `trouble` as for `types`."""
        self.act("dial", code=code, **trouble)
        return self

    def types(self, text: str, **trouble: bool | float) -> Self:
        """Answers the screen; `twice=True`, `delay_s=3` or `lose_answer=True` trouble the turn."""
        self.act("answer", input=text, **trouble)
        return self

    def chooses(self, key: str, **trouble: bool | float) -> Self:
        """Answers the screen with a number of its menu, which has to be shown there."""
        shown = self.screen
        if key not in ("0", "00") and f"{key} " not in shown and f"{key}." not in shown:
            self._fail(f"no {key} to choose")
        return self.types(key, **trouble)

    def sees(self, *parts: str) -> Self:
        """The screen says each of these, upper or lower case."""
        shown = self.screen.casefold()
        for part in parts:
            if part.casefold() not in shown:
                self._fail(f"{part!r} is not on the screen")
        return self

    def does_not_see(self, *parts: str) -> Self:
        """The screen says none of these."""
        shown = self.screen.casefold()
        for part in parts:
            if part.casefold() in shown:
                self._fail(f"{part!r} is on the screen")
        return self

    def session_is_over(self) -> Self:
        """The gateway ended the session properly, and no screen asks for more."""
        state = self.state()
        if state["session"] is not None or state["screen"]["text"].startswith("Connection problem"):
            self._fail("the session did not end with END")
        return self

    def drops(self, told: bool = True) -> Self:
        """Ends the session in the middle; with `told` false the gateway never hears of the end."""
        self.act("drop", notify=told)
        return self

    def receives_sms(self, containing: str = "", within_s: float = 10.0) -> Self:
        """A message that was not read yet and says this is there, or comes in time."""

        def found(state: dict[str, Any]) -> bool:
            for message in state["messages"]:
                unread = message["direction"] == "received" and message["id"] not in self._read
                if unread and containing.casefold() in message["text"].casefold():
                    self._read.add(message["id"])
                    self._correspondent = message["other"]
                    self.sms_text = message["text"]
                    return True
            return False

        self._wait(found, within_s, f"no new message says {containing!r}")
        return self

    def replies(self, text: str, **trouble: bool | float) -> Self:
        """Answers the message that was received last."""
        if not self._correspondent:
            self._fail("no message was received that could be answered")
        return self.sends_sms(self._correspondent, text, **trouble)

    def sends_sms(self, to: str, text: str, **trouble: bool | float) -> Self:
        """Sends a message; `twice=True` hands it in twice, `delay_s=60` late."""
        self.act("sms", to=to, text=text, **trouble)
        return self

    def calls_haven(self) -> Self:
        """Calls our number; what is said there begins a moment later."""
        self.act("call/dial")
        return self

    def gives_a_missed_call(self) -> Self:
        """Calls our number and hangs up before it is answered."""
        self.act("call/dial", missed=True)
        return self

    def answers_call(self, within_s: float = 10.0) -> Self:
        """A call rings, or comes in time, and is picked up."""
        self._wait(
            lambda state: (state["call"] or {}).get("state") == "ringing", within_s, "no call rings"
        )
        self.act("call/answer")
        return self

    def hears(self, part: str, within_s: float = 5.0) -> Self:
        """The call says this, or plays a file of this name."""

        def heard(state: dict[str, Any]) -> bool:
            sounds = (state["call"] or {}).get("heard", [])
            return part.casefold() in " ".join(sound["words"] for sound in sounds).casefold()

        self._wait(heard, within_s, f"the call does not say {part!r}")
        return self

    def presses(self, keys: str) -> Self:
        """Presses keys in the call."""
        self.act("call/press", keys=keys)
        return self

    def hangs_up(self) -> Self:
        """Ends or declines the call."""
        self.act("call/hang-up")
        return self

    def _wait(self, holds: Callable[[dict[str, Any]], bool], within_s: float, fault: str) -> None:
        if self.wait_until(holds, within_s) is None:
            self._fail(f"{fault} within {within_s:g} s")

    def _answered(self, response: requests.Response) -> dict[str, Any]:
        body: dict[str, Any] = response.json()
        if response.status_code != 200:
            raise PhoneRefused(str(body.get("error", f"HTTP {response.status_code}")))
        return body

    def _fail(self, fault: str) -> None:
        raise AssertionError(f"{fault}\n{describe(self.state())}")


def describe(state: dict[str, Any]) -> str:
    """The phone as a few lines of text, for whoever reads a failure."""
    screen = state["screen"]
    lines = [f"{state['number']} on {state['network']['name']}, screen {screen['kind']}:"]
    lines += [f"  | {line}" for line in screen["text"].splitlines()]
    if screen["notice"]:
        lines.append(f"  ({screen['notice']})")
    if call := state["call"]:
        heard = " / ".join(sound["words"] for sound in call["heard"])
        lines.append(f"call {call['state']} {call['ended_because']}: {heard}")
    for message in state["messages"][-5:]:
        way = "from" if message["direction"] == "received" else "to"
        lines.append(f"SMS {way} {message['other']}: {message['text']}")
    return "\n".join(lines)
