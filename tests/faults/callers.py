"""People who raise emergencies while things break, and what has to be true of them afterwards."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

import requests
from sqlalchemy import select

from gateway.emergencies.tables import dispatches, emergencies
from gateway.keys import PhoneVault
from gateway.keys import load as load_keys
from gateway.notifications.tables import messages
from gateway.simulator.control_client import SimulatorControl
from shared.identifier import to_text
from tests.faults.installation import SERVICE_CODE, Box, Installation, until

# Heavy bleeding after an injury, at coordinates: one turn does everything.
_ALL_ANSWERS = "1*2*2*-1.3130,36.7880"
_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A turn that was answered: the caller has read this."""

    number: int
    body: str

    @property
    def code(self) -> str:
        return self.body.removeprefix("END ")[:4]


class Callers:
    """Several phones that dial one after another; a turn without an answer is posted again. Their
    numbers go up from `first`, they choose `text`, and dial no more once `most` have been answered.
    """

    def __init__(
        self,
        installation: Installation,
        phones: int = 4,
        first: int = 1,
        text: str = _ALL_ANSWERS,
        most: int = 10**6,
    ) -> None:
        self._most = most
        self.answered: list[Answered] = []
        self.faults: list[str] = []
        self._installation = installation
        self._text = text
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._dial, args=(range(number, 10**6, phones),), daemon=True)
            for number in range(first, first + phones)
        ]

    def start(self) -> None:
        """They dial from now on."""
        for thread in self._threads:
            thread.start()

    def may_dial(self, more: int) -> None:
        """So many more people may dial."""
        self._most += more

    def wait_for(self, count: int) -> None:
        """Returns when that many turns have been answered."""
        until(f"{count} answers", lambda: self.faults or len(self.answered) >= count)
        assert not self.faults, self.faults

    def stop(self) -> None:
        """Each finishes the turn that it is at."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(_WITHIN_S)
            assert not thread.is_alive(), "a caller never got an answer"
        assert not self.faults, self.faults

    def _dial(self, numbers: range) -> None:
        for number in numbers:
            while not self._stopping.is_set() and len(self.answered) >= self._most:
                self._stopping.wait(0.05)
            if self._stopping.is_set():
                return
            body = self._until_answered(number)
            if not body.startswith("END ") or "Go now" not in body:
                self.faults.append(body)
                return
            self.answered.append(Answered(number, body))

    def _until_answered(self, number: int) -> str:
        deadline_s = time.monotonic() + _WITHIN_S
        while time.monotonic() < deadline_s:
            try:
                answer = self._installation.post("ussd", turn(number, self._text))
            except requests.RequestException:
                time.sleep(0.05)  # The line is down; the next try comes soon.
                continue
            if answer.status_code == 200:
                return answer.text
            time.sleep(0.05)
        return "no answer"


def turn(number: int, text: str = _ALL_ANSWERS) -> dict[str, str]:
    """One posted turn of one session; the same number gives the same bytes."""
    return {
        "sessionId": f"ATUid_{number:032x}",
        "phoneNumber": f"+2547{number:08d}",
        "networkCode": "63902",
        "serviceCode": SERVICE_CODE,
        "text": text,
    }


def nothing_is_lost(installation: Installation, answered: list[Answered], box: Box | None) -> None:
    """Every answered turn is one emergency, known to the box once, and every text went out."""
    every_emergency_is_there(installation, answered, box)
    everything_is_sent_once(installation)


def every_emergency_is_there(
    installation: Installation,
    answered: list[Answered],
    box: Box | None,
    text: str = _ALL_ANSWERS,
) -> None:
    """Every answered turn is one emergency, known to the box once."""
    stored = installation.read(select(emergencies.c.help_code))
    codes = Counter(row.help_code for row in stored)
    assert {each.code for each in answered} <= set(codes)
    assert len(answered) == len({each.number for each in answered}) == codes.total()
    for each in answered:
        assert installation.post("ussd", turn(each.number, text)).text == each.body
    again = installation.read(select(emergencies.c.id))
    assert len(again) == len(stored), "a repeated turn had a second effect"
    if box is not None:

        def lists_all() -> bool:
            reachable = installation.read(select(dispatches.c.id).where(dispatches.c.reachable))
            wanted = sorted(to_text(row.id) for row in reachable)
            return sorted(each["id"] for each in box.dispatches()) == wanted

        until("the box lists every dispatch once", lists_all)


def everything_is_sent_once(installation: Installation, *, exactly: bool = False) -> None:
    """The carrier took every message of the outbox: once, and again only where a sender died
    before it could write down that it had been taken; with `exactly`, nowhere.
    """

    def holds() -> bool:
        # Time goes on: what it brings meanwhile has to be sent as well.
        _what_is_sent_is_right(installation, exactly=exactly)
        return True

    until("everything is sent", holds)


def _what_is_sent_is_right(installation: Installation, *, exactly: bool) -> None:
    waiting = select(messages.c.id).where(messages.c.state == "queued")
    assert not installation.read(waiting), "something is not sent"
    vault = PhoneVault(load_keys(installation.folder / "gateway" / "secrets").phone_numbers)
    attempts: Counter[tuple[str, str]] = Counter()
    wanted: Counter[tuple[str, str]] = Counter()
    for row in installation.read(select(messages).where(messages.c.channel == "sms")):
        if row.state == "failed":
            continue
        message = (vault.open(row.recipient_sealed), row.text)
        wanted[message] += 1
        attempts[message] += row.attempts
    taken = Counter(
        (entry["details"]["to"], entry["details"]["text"])
        for entry in SimulatorControl(installation.simulator_url).journal()
        if entry["event"] == "sms taken" and entry["details"]["row"]["statusCode"] == 101
    )
    missing, odd = set(wanted) - set(taken), set(taken) - set(wanted)
    assert not missing, f"not sent: {missing}"
    assert not odd, f"sent without a row: {odd}"
    for message, count in wanted.items():
        most = count if exactly else attempts[message]
        assert count <= taken[message] <= most, f"{message} was sent {taken[message]} times"
