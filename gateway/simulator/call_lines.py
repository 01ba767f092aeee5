"""A call as a terminal shows it: what is new of it, each line once."""

import threading
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from rich.markup import escape

_ENDINGS = {
    "NORMAL_CLEARING": "Call ended.",
    "NO_ANSWER": "Missed call.",
    "ORIGINATOR_CANCEL": "You hung up before it was answered.",
}


class CallLines:
    """Remembers what was shown; safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._call = ""
        self._state = ""
        self._heard = 0
        self._asked_at = 0

    def news(self, call: dict[str, Any] | None) -> list[str]:
        """The lines, in rich's markup, for whatever was not shown yet of this call."""
        if call is None:
            return []
        with self._lock:
            if call["id"] != self._call:
                self._call, self._state, self._heard, self._asked_at = call["id"], "", 0, 0
            if self._state == "ended":
                return []
            lines = []
            if call["state"] != self._state and call["state"] in ("ringing", "calling"):
                lines.append(_beginning(call))
            lines += [_sound(sound) for sound in call["heard"][self._heard :]]
            self._heard = max(self._heard, len(call["heard"]))
            if call["state"] == "ended":
                because = call["ended_because"]
                lines.append(_ENDINGS.get(because, f"Call ended: {because}"))
            elif call["wants_digits"] and self._asked_at < self._heard:
                self._asked_at = self._heard
                lines.append("/press KEYS")
            self._state = call["state"]
            return lines


def _beginning(call: dict[str, Any]) -> str:
    other = escape(call["other"])
    if call["state"] == "ringing":
        return f"[bold yellow]{other} is calling.[/] /pick-up or /hang-up"
    return f"[bold yellow]Calling {other}…[/] /hang-up"


def _sound(sound: dict[str, str]) -> str:
    words = escape(sound["words"])
    match sound["kind"]:
        case "play":
            file = escape(PurePosixPath(urlsplit(sound["url"]).path).name)
            return f"[bold]Plays {file}[/]" + (f": {words}" if words != file else "")
        case "dial":
            return f"[bold]Connected with {words}.[/] /hang-up"
        case "remark":
            return f"[yellow]({words})[/]"
        case _:
            return f"[bold]Voice:[/] {words}"
