"""A call back with every real program: the simulator's phone rings, plays and presses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gateway.simulator.client import Phone
from tests.faults.installation import Installation, until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("faults")]
NUMBER = "+254711000111"
OUR_NUMBER = "+254711082000"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(
        tmp_path, HAVEN_VOICE_NUMBER=OUR_NUMBER, HAVEN_PROMPTS_DIR=str(tmp_path / "prompts")
    )
    try:
        made.imports_the_demo()
        yield made
    finally:
        made.close()


def test_from_a_missed_call_to_an_operator(installation: Installation) -> None:
    installation.command("menus", "record", "--language", "en")
    installation.starts()
    with Phone(installation.simulator_url, NUMBER) as phone:
        # The last place is known from an earlier alert.
        phone.dials("*384*911#").chooses("1").chooses("1").chooses("6").types("kibera")
        phone.dials("*384*911#").chooses("5").chooses("1")
        phone.gives_a_missed_call()
        phone.answers_call().hears("screens.what.title.wav")
        sounds = phone.state()["call"]["heard"]
        played = [sound["url"] for sound in sounds if sound["kind"] == "play"]
        # One recording of the whole question, so that a key cuts it short.
        (whole,) = played
        assert "en/press_2," in whole
        for url in played:
            assert installation.environment["HAVEN_CALLBACK_SECRET"] not in url
            answer = requests.get(url, timeout=20)
            assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
        phone.presses("2").hears("screens.cause")
        phone.presses("6").hears("screens.where_spoken")
        phone.presses("1").hears("receipt_not_reachable").hears("press_wound")
        phone.hangs_up()
        (emergency,) = installation.rows("emergencies", "list")
        assert emergency["state"] == "dispatched"

        # The same alert by ear, and a person.
        phone.gives_a_missed_call()
        phone.answers_call().hears("alert_states").presses("8").presses("8").presses("8")
        phone.hears("+254700000001").hangs_up()


def test_who_does_not_pick_up_gets_a_text(installation: Installation) -> None:
    installation.starts()
    with Phone(installation.simulator_url, NUMBER) as phone:
        phone.gives_a_missed_call()
        until("a call rings", lambda: rings(phone))
        phone.hangs_up()
        # Whoever rings us meanwhile is called at once, and not a third time.
        phone.gives_a_missed_call()
        until("a call rings", lambda: rings(phone))
        phone.hangs_up()
        phone.receives_sms("nobody picked up", within_s=30)


def rings(phone: Phone) -> bool:
    call = phone.state()["call"]
    return call is not None and call["state"] == "ringing"
