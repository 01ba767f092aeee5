"""A phone that rings Haven once, is called back, listens and presses keys."""

from typing import Self
from urllib.parse import urlsplit
from xml.etree import ElementTree

from tests.journeys.world import VOICE_NUMBER, World


class VoicePhone:
    """One caller's phone. `heard` is the last step of the call: what was said, and the files that
    were played, in brackets.
    """

    def __init__(self, world: World, number: str = "+254711000111") -> None:
        self.world = world
        self.number = number
        self.session = ""
        self.script = ElementTree.Element("Response")
        self.heard = ""

    def rings_haven(self, session: str = "") -> str:
        """Rings once and hangs up; what the gateway said to the call."""
        self.world.sessions += 1
        session = session or f"ATVId_in_{self.world.sessions}"
        before = self.calls()
        said = self.post("voice", session, direction="Inbound", isActive="1")
        ending = {"isActive": "0", "hangupCause": "ORIGINATOR_CANCEL"}
        self.post("voice", session, direction="Inbound", **ending)
        assert self.calls() == before, "called while the line is still busy"
        self.world.forward(3)
        return said

    def calls(self) -> int:
        """How often it has been called."""
        return self.world.carrier.calls.count(self.number)

    def picks_up(self, session: str | None = None) -> Self:
        """Answers the latest call."""
        self.session = session or f"ATVId_{len(self.world.carrier.calls)}"
        return self._follows(self.post("voice", self.session))

    def presses(self, *keys: str) -> Self:
        """Presses these, one question after the other."""
        for key in keys:
            digits = self.script.find("GetDigits")
            assert digits is not None, f"no key is asked for: {self.heard}"
            self._follows(self.post(door(digits.get("callbackUrl")), self.session, dtmfDigits=key))
        return self

    def says_nothing(self) -> Self:
        """Lets the question pass."""
        redirect = self.script.find("Redirect")
        assert redirect is not None, f"the call is over: {self.heard}"
        return self._follows(self.post(door(redirect.text), self.session))

    def hears(self, *words: str) -> Self:
        for word in words:
            assert word in self.heard, self.heard
        return self

    def is_connected_to(self, number: str) -> Self:
        dial = self.script.find("Dial")
        assert dial is not None, self.heard
        assert dial.get("phoneNumbers") == number
        return self

    def hangs_up(self, cause: str = "NORMAL_CLEARING") -> Self:
        """The provider says so twice, as it does."""
        over = {"isActive": "0", "callSessionState": "Completed", "hangupCause": cause}
        self.post("voice", self.session, **over)
        self.post("voice-events", self.session, **over)
        self.world.settle()
        return self

    def does_not_pick_up(self) -> Self:
        self.session = f"ATVId_{len(self.world.carrier.calls)}"
        return self.hangs_up("NO_ANSWER")

    def inbox(self) -> list[str]:
        return [text for to, text in self.world.carrier.texts if to == self.number]

    def post(self, at: str, session: str, **fields: str) -> str:
        """What the gateway answers to this callback."""
        form = {
            "sessionId": session,
            "isActive": "1",
            "direction": "Outbound",
            "callerNumber": self.number,
            "destinationNumber": VOICE_NUMBER,
            **fields,
        }
        status, said = self.world.post(at, form)
        assert status == 200
        return said

    def _follows(self, said: str) -> Self:
        self.script = ElementTree.fromstring(said)  # noqa: S314  it is our own
        assert self.script.tag == "Response"
        sounds = [each for each in self.script.iter() if each.tag in ("Say", "Play")]
        self.heard = " ".join(
            each.text or "" if each.tag == "Say" else f"[{played(each)}]" for each in sounds
        )
        self.world.settle()
        return self


def door(url: str | None) -> str:
    """The door of a callback's address, such as `voice/3`."""
    return urlsplit(url or "").path.split("/", 4)[4]


def played(sound: ElementTree.Element) -> str:
    """The recording's language and name, such as `sw/press_1`."""
    path = urlsplit(sound.get("url", "")).path
    return path.removeprefix("/prompts/").removesuffix(".wav")
