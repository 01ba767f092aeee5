"""A box's modem in the demo: what is in gammu-smsd's folders goes out from a phone of the simulated
carrier, and what comes to that phone goes into the folders.
"""

import contextlib
import threading
from datetime import datetime
from pathlib import Path

import requests

_LOOKS_EVERY_S = 0.3
_FOLDERS = ("inbox", "outbox", "sent", "error")


class DemoModem:
    """One modem with the SIM `number`, on a thread of its own."""

    def __init__(self, folder: Path, simulator: str, number: str) -> None:
        self._folder = folder
        self._api = f"{simulator}/phone/{number.removeprefix('+')}/api"
        self._session = requests.Session()
        self._session.trust_env = False
        self._seen: int | None = None
        self._stopping = threading.Event()
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        while not self._stopping.wait(_LOOKS_EVERY_S):
            # The simulator may still be starting, or be gone already.
            with contextlib.suppress(requests.RequestException):
                self._receive()
                self._send()

    def _receive(self) -> None:
        inbox = self._session.get(f"{self._api}/inbox", timeout=5).json()
        # What came in an earlier run of the demo was for boxes of then.
        first = len(inbox) if self._seen is None else min(self._seen, len(inbox))
        for place, message in enumerate(inbox[first:], start=first):
            at = datetime.fromisoformat(message["at"])
            name = f"IN{at:%Y%m%d_%H%M%S}_{place % 100:02}_{message['other']}_00.txt"
            (self._folder / "inbox" / name).write_text(message["text"], "utf-8")
        self._seen = len(inbox)

    def _send(self) -> None:
        for path in sorted((self._folder / "outbox").glob("OUT*.txt")):
            to = path.name.split("_")[3]
            body = {"to": to, "text": path.read_text("ascii")}
            done = self._session.post(f"{self._api}/sms", json=body, timeout=5)
            path.replace(self._folder / ("sent" if done.ok else "error") / path.name)
