"""Operators' commands beside the running programs: the box gets it, the caller's phone gets it."""

import json

import pytest

from gateway.simulator.control_client import SimulatorControl
from tests.faults.callers import turn
from tests.faults.installation import Installation, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]
HOSPITAL = "Kenyatta National Hospital"


def test_what_an_operator_does_reaches_the_box_and_the_caller(installation: Installation) -> None:
    installation.starts()
    box = installation.box(HOSPITAL)
    caller = turn(1)["phoneNumber"]
    code = installation.post("ussd", turn(1, "1*2*2*9")).text.removeprefix("END ")[:4]
    (alarm,) = installation.rows("alarms", "list")
    assert (alarm["kind"], alarm["code"]) == ("no_place", code)
    position = ("--lat", "-1.3013", "--lon", "36.8070")
    installation.command("emergencies", "place", code, *position, "--by", "JK")
    until("the box rings", lambda: code in box.codes())
    carrier = SimulatorControl(installation.simulator_url)

    def read(words: str) -> bool:
        return any(
            words in entry["details"]["text"]
            for entry in carrier.journal()
            if entry["event"] == "sms taken" and entry["details"]["to"] == caller
        )

    until("the caller reads where to go", lambda: read(f"telling {HOSPITAL[:12]}"))
    installation.command("emergencies", "accept", code, HOSPITAL, "--by", "JK")
    until("the box shows it as accepted", lambda: box.dispatches()[0]["state"] == "accepted")
    until("the caller reads that they are expected", lambda: read("expects you"))
    reason = "taken home by the family"
    installation.command("emergencies", "close", code, "--reason", reason, "--by", "JK")
    until("the box shows it as withdrawn", lambda: box.dispatches()[0]["state"] == "withdrawn")
    assert reason in json.dumps(box.dispatches())
    until("the caller reads that it is closed", lambda: read("closed by our operators"))
    assert installation.rows("emergencies", "list") == []


def test_a_hospital_whose_only_box_is_revoked_is_phoned(installation: Installation) -> None:
    installation.starts()
    installation.box(HOSPITAL)
    at = "1*2*2*-1.3013,36.8070"
    assert "Telling Kenyatta" in installation.post("ussd", turn(1, at)).text
    (site,) = installation.rows("sites", "list")
    assert "not yet informed" in installation.command("sites", "revoke", str(site["id"]))
    assert "Not yet informed" in installation.post("ussd", turn(2, at)).text
