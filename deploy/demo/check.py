"""`make demo-check`: the whole story on the running demo, without a screen; prints what happened
when.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from deploy.demo.stage import BOXES, Addresses, DemoFailed, Stage
from gateway.simulator.client import Phone

_CHECK_PORT = 8850
_WITHIN_S = 20.0
# A box that cannot reach its gateway asks ever more rarely, and never less than every 15 s.
_HEALS_WITHIN_S = 60.0
_SERVICE = "*384*911#"


class Timeline:
    """Prints each thing as it happens, with the seconds since the story began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def says(self, who: str, what: str) -> None:
        print(f"  {time.monotonic() - self._began:6.2f} s  {who:<9} {what}", flush=True)


class Console:
    """A hospital's box over its JSON API, as the page in the browser uses it."""

    def __init__(self, url: str, hospital: str) -> None:
        self.hospital = hospital
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Origin"] = url

    def waits_for(self, code: str, **wanted: Any) -> dict[str, Any]:
        """The dispatch with this help code, once it has all of these values."""
        deadline = time.monotonic() + _WITHIN_S
        seen: list[Any] = []
        while time.monotonic() < deadline:
            answer = self._session.get(f"{self._url}/api/v1/dispatches", timeout=5)
            seen = [
                each
                for each in answer.json()["dispatches"]
                if each["facts"] and each["facts"]["help_code"] == code
            ]
            if seen and all(seen[0][name] == value for name, value in wanted.items()):
                return dict(seen[0])
            time.sleep(0.05)
        raise DemoFailed(f"{self.hospital}: no dispatch {code} with {wanted}; there is {seen}")

    def says(self, dispatch: dict[str, Any], verb: str, **body: str) -> None:
        """Accept, cannot-treat or arrived, by somebody called DK."""
        answer = self._session.post(
            f"{self._url}/api/v1/dispatches/{dispatch['id']}/{verb}",
            json={"by": "DK", **body},
            timeout=5,
        )
        if answer.status_code != 200:
            raise DemoFailed(f"{self.hospital} could not say {verb}: {answer.text}")


def tell(stage: Stage) -> None:
    """Plays the story; raises AssertionError or DemoFailed where it goes differently."""
    addresses = stage.addresses
    time_line = Timeline()
    consoles = [Console(addresses.box(n), hospital) for n, hospital in enumerate(BOXES)]
    with Phone(addresses.simulator, "+254711000111") as phone:
        phone.dials(_SERVICE).sees("Haven", "1 English").chooses("1")
        phone.sees("Press FIRST").chooses("2")
        code = phone.screen[:4]
        time_line.says("caller", f"dials, chooses heavy bleeding; {code} is stored")
        phone.chooses("2").sees("Where is the patient?").types("kibera")
        if "Which one?" in phone.screen:
            phone.chooses("1")
        phone.sees(code, "Telling", "Press hard on the wound").session_is_over()
        time_line.says("caller", f"reads: {phone.screen}")

        first = next(c for c in consoles if c.hospital[:12] in phone.screen)
        second = next(c for c in consoles if c is not first)
        ringing = first.waits_for(code, rings=True)
        facts = ringing["facts"]
        time_line.says(
            "hospital",
            f"{first.hospital} rings: {facts['priority']} {facts['kind']}, "
            f"{facts['travel_min']} min, from {facts['place_name']}",
        )
        phone.receives_sms("Reply 1 no transport", _WITHIN_S)
        time_line.says("caller", f"SMS: {phone.sms_text}")

        first.says(ringing, "cannot-treat", reason="no_blood_or_drug")
        time_line.says("hospital", f"{first.hospital} cannot treat here: no blood")
        ringing = second.waits_for(code, rings=True)
        time_line.says("hospital", f"{second.hospital} rings")
        second.says(ringing, "accept")
        second.waits_for(code, state="accepted")
        time_line.says("hospital", f"{second.hospital} accepts, and the gateway agrees")
        phone.receives_sms("go to", _WITHIN_S)
        time_line.says("caller", f"SMS: {phone.sms_text}")

        phone.replies("1").receives_sms("asking for transport", _WITHIN_S)
        time_line.says("caller", "has no transport; operators hear of it")
        with Phone(addresses.simulator, "+254700000001") as operator:
            operator.receives_sms("no transport", _WITHIN_S)
        _runs(stage.operators_command, "alarms", "solve", code, "--by", "AO", "--note", "driver")
        case = _runs(stage.operators_command, "emergencies", "show", code)
        if "alarms    none" not in case or second.hospital not in case:
            raise DemoFailed(f"the operator should see a case without alarms:\n{case}")
        time_line.says("operator", "finds a driver, and solves the alarm")
        second.waits_for(code, transport="none")
        phone.replies("2").receives_sms("on the way", _WITHIN_S)
        ringing = second.waits_for(code, transport="on_the_way")
        time_line.says("caller", "is on the way; the console shows it")
        second.says(ringing, "arrived")
        second.waits_for(code, state="arrived")
        time_line.says("hospital", "the patient has arrived")
    tell_without_internet(stage, consoles, time_line)


def tell_without_internet(stage: Stage, consoles: list[Console], time_line: Timeline) -> None:
    """The same once more, with the hospitals' cable out: everything goes by SMS."""
    if stage.cable is None:
        raise DemoFailed("the demo has no cable")
    stage.cable.pull()
    time_line.says("cable", "is out: the hospitals have no internet")
    with Phone(stage.addresses.simulator, "+254711000222") as phone:
        phone.dials(_SERVICE).chooses("1").chooses("2")
        code = phone.screen[:4]
        phone.chooses("2").types("kibera")
        if "Which one?" in phone.screen:
            phone.chooses("1")
        phone.sees("Telling").session_is_over()
        box = next(c for c in consoles if c.hospital[:12] in phone.screen)
        ringing = box.waits_for(code, rings=True)
        time_line.says("hospital", f"{box.hospital} rings, told by SMS")
        box.says(ringing, "accept")
        phone.receives_sms("expects you", _WITHIN_S)
        time_line.says("caller", f"SMS: {phone.sms_text}")
        box.waits_for(code, state="accepted")
        time_line.says("hospital", "reads that the gateway agrees, by SMS")
    stage.cable.plug()
    time_line.says("cable", "is in again")
    _waits_for_all_sent(stage)
    time_line.says("gateway", "has everything, once")


def _waits_for_all_sent(stage: Stage) -> None:
    deadline = time.monotonic() + _HEALS_WITHIN_S
    while time.monotonic() < deadline:
        boxes = json.loads(_runs(stage.operators_command, "sites", "list", "--json"))
        if all(box["unsent"] == 0 and not box["troubles"] for box in boxes):
            return
        time.sleep(0.2)
    raise DemoFailed(f"the boxes do not have everything: {boxes}")


def _runs(program: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - what the stage has written itself
        [program, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DemoFailed(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def main() -> int:
    """Sets a fresh demo up in a folder of its own, plays the story, and clears away; the exit
    code.
    """
    addresses = Addresses(int(os.environ.get("HAVEN_DEMO_PORT", _CHECK_PORT)))
    with tempfile.TemporaryDirectory(prefix="haven-demo-") as folder:
        try:
            with Stage(Path(folder), addresses) as stage:
                tell(stage)
        except (DemoFailed, AssertionError) as error:
            print(f"demo-check failed: {error}", file=sys.stderr)
            for log in sorted(Path(folder, "logs").glob("*.log")):
                print(f"--- {log.name}\n{log.read_text()[-2000:]}", file=sys.stderr)
            return 1
    print("demo-check passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
