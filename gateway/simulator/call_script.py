"""The XML by which the gateway tells a call what to do, as AT documents it: Say, Play, GetDigits,
Dial, Redirect, Reject. AT knows no Hangup: a call ends after its last element.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from xml.etree import ElementTree

from gateway.simulator.handset import DigitsWanted, Sound

_LONGEST_SCRIPT = 20_000
_DEFAULT_TIMEOUT_S = 30.0


class ScriptFault(Exception):
    """The XML cannot be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Ends the call; one that came in was never answered."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Connects the call with whoever of these numbers answers first; nothing follows then."""

    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskGateway:
    """Goes on with what the gateway says next: after the `prompts` and digits, or at once (`digits`
    None) from `url`.
    """

    prompts: tuple[Sound, ...] = ()
    digits: DigitsWanted | None = None
    timeout_s: float = _DEFAULT_TIMEOUT_S
    url: str | None = None


Step = Sound | Reject | Dial | AskGateway


def read_script(xml: str) -> tuple[Step, ...]:
    """The steps of a Response.

    Raises ScriptFault when it is no XML, no Response, or holds what AT does not document.
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
    match element.tag:
        case "Say" | "Play":
            return _sound(element)
        case "Reject":
            return Reject()
        case "Redirect":
            return AskGateway(url=_words(element))
        case "Dial":
            written = element.get("phoneNumbers", "").split(",")
            numbers = tuple(filter(None, map(str.strip, written)))
            if not numbers:
                raise ScriptFault("A Dial has no phoneNumbers.")
            return Dial(numbers)
        case "GetDigits":
            return _get_digits(element)
        case other:
            raise ScriptFault(f"The simulator does not know {other!r}.")


def _sound(element: ElementTree.Element) -> Sound:
    words = _words(element)
    if element.tag == "Say":
        return Sound("say", words)
    if element.tag != "Play":
        raise ScriptFault(f"A prompt is a Say or a Play, not {element.tag!r}.")
    url = element.get("url", "").strip()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ScriptFault("A Play has no url that begins with http.")
    # What stands within a Play is never heard; here it is shown, for a file that has no sound yet.
    return Sound("play", words or PurePosixPath(parts.path).name or parts.hostname, url)


def _get_digits(element: ElementTree.Element) -> AskGateway:
    written = element.get("numDigits", "")
    most = int(written) if written.isdecimal() else None
    finish_on = element.get("finishOnKey", "")
    if most is None and not finish_on:
        most = 1  # Without either, AT sends the first digit on.
    timeout = element.get("timeout", "")
    return AskGateway(
        prompts=tuple(map(_sound, element)),
        digits=DigitsWanted(most, finish_on, element.get("callbackUrl") or None),
        timeout_s=float(timeout) if timeout.isdecimal() else _DEFAULT_TIMEOUT_S,
    )


def _words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())
