"""The XML by which the gateway tells a call what to do: AT's Say, Play, GetDigits, Redirect,
Reject.
"""

from dataclasses import dataclass
from xml.etree import ElementTree

from gateway.simulator.handset import DigitsWanted

_LONGEST_SCRIPT = 20_000
_DEFAULT_TIMEOUT_S = 30.0


class ScriptFault(Exception):
    """The XML cannot be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Say:
    """Words, or the name of a sound in parentheses."""

    text: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Ends the call."""


@dataclass(frozen=True, slots=True)
class AskGateway:
    """Goes on with what the gateway says next: after digits, or at once (`digits` None) from
    `url`.
    """

    prompt: str = ""
    digits: DigitsWanted | None = None
    timeout_s: float = _DEFAULT_TIMEOUT_S
    url: str | None = None


Step = Say | Reject | AskGateway


def read_script(xml: str) -> tuple[Step, ...]:
    """The steps of a Response.

    Raises ScriptFault when it is no XML, no Response, or holds an element unknown here.
    """
    # A document type could define entities that grow without end; AT's scripts have none.
    if len(xml) > _LONGEST_SCRIPT or "<!DOCTYPE" in xml.upper():
        raise ScriptFault("The answer is too long or has a document type.")
    try:
        root = ElementTree.fromstring(xml.strip().encode())  # noqa: S314  see above
    except ElementTree.ParseError:
        raise ScriptFault("The answer is not XML.") from None
    if root.tag != "Response":
        raise ScriptFault("The answer is not a Response.")
    return tuple(_step(element) for element in root)


def _step(element: ElementTree.Element) -> Step:
    words = "".join(element.itertext()).strip()
    match element.tag:
        case "Say":
            return Say(words)
        case "Play":
            return Say("(a recording is played)")
        case "Reject":
            return Reject()
        case "Redirect":
            return AskGateway(url=words)
        case "GetDigits":
            most = element.get("numDigits", "")
            wanted = DigitsWanted(
                most=int(most) if most.isdecimal() else None,
                finish_on=element.get("finishOnKey", "#"),
                callback_url=element.get("callbackUrl") or None,
            )
            timeout = element.get("timeout", "")
            return AskGateway(
                prompt="(a recording is played)" if element.find("Play") is not None else words,
                digits=wanted,
                timeout_s=float(timeout) if timeout.isdecimal() else _DEFAULT_TIMEOUT_S,
            )
        case other:
            raise ScriptFault(f"The simulator does not know {other!r}.")
