"""The operators' commands, typed beside a gateway that is open and has callers."""

import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.notifications import outbox
from gateway.notifications.tables import messages
from tests.faults.installation import Program, until
from tests.gateway.operators.installed import Installed

PROJECT = Path(__file__).resolve().parents[3]
# Heavy bleeding after an injury, at coordinates in Nairobi; and self-harm at the same place.
BLEEDING = "1*2*2*-1.3130,36.7880"
DISCREET = "1*8*7*-1.3130,36.7880"


def test_the_list_is_shown_anew_until_somebody_stops_it(
    installed: Installed, tmp_path: Path
) -> None:
    words = ["gateway", "emergencies", "watch"]
    watching = Program(tmp_path / "watch.log", words, installed.environment)
    watching.start()

    def shown() -> str:
        return watching.log.read_text("utf-8")

    try:
        until("nothing is open", lambda: "No emergency is open." in shown())
        code = installed.dials(BLEEDING).removeprefix("END ")[:4]
        until("the emergency is listed", lambda: f"\n{code}  critical" in shown())
        assert watching.stop(signal.SIGINT) == 0
    finally:
        watching.kill()
    assert "Traceback" not in shown()


def test_an_operator_finds_a_hospital_by_hand(installed: Installed) -> None:
    code = installed.dials(BLEEDING).removeprefix("END ")[:4]
    (alarm,) = installed.lists("alarms", "list")
    assert (alarm["kind"], alarm["code"]) == ("not_reachable", code)
    assert code in installed.runs("alarms", "list").output
    (listed,) = installed.lists("emergencies", "list")
    first = listed["hospital"].removesuffix(" (offered)")
    assert (listed["code"], listed["phone"]) == (code, "+254…111")
    assert listed["phone"] in installed.runs("emergencies", "list").output
    nobody = ("emergencies", "accept", code, " ", "--by", "JK")
    assert "Name the hospital" in installed.runs(*nobody, code=1).output
    no = installed.runs(
        "emergencies", "cannot-treat", code, first, "--reason", "no-bed", "--by", "JK"
    )
    assert f"{first}: cannot_treat" in no.output
    sent = installed.runs("emergencies", "send", code, "Coast General", "--by", "JK", code=1)
    assert "Give the number" in sent.output
    number = sent.output.split("you mean: ")[1].split()[0]
    sent = installed.runs("emergencies", "send", code, number, "--by", "JK")
    assert "Coast General" in sent.output
    again = installed.runs("emergencies", "send", code, number, "--by", "JK", code=1)
    assert "asked already" in again.output
    yes = installed.runs("emergencies", "accept", code, "coast", "--by", "JK")
    assert f"{code} is accepted" in yes.output
    # The running gateway sees it, and its senders find what the commands left to be sent.
    assert "expects you" in installed.dials("")
    database = installed.gateway.services.database
    now = installed.gateway.services.system.now()
    assert database.read(lambda c: outbox.anything_due(c, now))
    purposes = database.read(lambda c: c.execute(select(messages.c.purpose)).scalars().all())
    assert "redirect" in purposes
    there = installed.runs("emergencies", "arrived", code, "coast", "--by", "JK")
    assert f"{code} is arrived" in there.output
    closed = installed.runs("emergencies", "close", code, "--reason", "in theatre", "--by", "JK")
    assert f"{code} is closed" in closed.output
    assert installed.lists("emergencies", "list") == []
    assert "No emergency is open" in installed.runs("emergencies", "list").output
    assert all(row["solved_at"] for row in installed.lists("alarms", "list"))


def test_a_number_is_revealed_only_with_initials(installed: Installed) -> None:
    code = installed.dials(BLEEDING).removeprefix("END ")[:4]
    shown = installed.runs("emergencies", "show", code).output
    assert "+254…111" in shown
    assert "711000111" not in shown
    assert "Would be asked next: " in shown
    assert len(installed.lists("emergencies", "show", code)["asked_next"]["hospitals"]) == 3
    refused = installed.runs("emergencies", "show", code, "--reveal-phone", code=1)
    assert "--by takes your initials" in refused.output
    revealed = installed.runs("emergencies", "show", code, "--reveal-phone", "--by", "JK").output
    assert "+254711000111" in revealed
    assert "phone revealed, by operator:JK" in revealed
    assert installed.lists("emergencies", "show", code)["phone"] == "+254…111"


def test_whoever_may_be_watched_is_marked_everywhere(installed: Installed) -> None:
    code = installed.dials(DISCREET).removeprefix("END ")[:4]
    assert "DO NOT PHONE" in installed.runs("emergencies", "list").output
    assert "Do NOT phone the caller" in installed.runs("emergencies", "show", code).output
    closed = installed.runs("emergencies", "close", code, "--reason", "safe", "--by", "JK")
    assert "Do NOT phone them" in closed.output


def test_a_place_is_given_by_name_or_by_position(installed: Installed) -> None:
    code = installed.dials("1*2*2*9").removeprefix("END ")[:4]
    (alarm,) = installed.lists("alarms", "list")
    assert alarm["kind"] == "no_place"
    unclear = ("emergencies", "place", code, "--name", "kiberra", "--by", "JK")
    assert "--choice" in installed.runs(*unclear, code=1).output
    nowhere = ("emergencies", "place", code, "--name", "qqqqqqqq", "--by", "JK")
    assert "--lat and --lon" in installed.runs(*nowhere, code=1).output
    swapped = ("emergencies", "place", code, "--lat", "36.78", "--lon", "-1.31", "--by", "JK")
    assert "swapped" in installed.runs(*swapped, code=1).output
    neither = ("emergencies", "place", code, "--lat", "-1.31", "--by", "JK")
    assert "--lat and --lon" in installed.runs(*neither, code=2).output
    placed = installed.runs(*unclear, "--choice", "1")
    assert f"{code} is dispatched" in placed.output
    other = installed.dials("1*2*2*9", "+254711000222").removeprefix("END ")[:4]
    at = ("emergencies", "place", other, "--lat", "-4.0435", "--lon", "39.6682", "--by", "JK")
    assert f"{other} is dispatched" in installed.runs(*at).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("emergencies", "show", "ZZZZ"), "emergencies list"),
        (("emergencies", "show", "rubbish"), "is no help code"),
        (("emergencies", "close", "ZZZZ", "--reason", "x", "--by", "1"), "initials"),
        (("emergencies", "send", "ZZZZ", "x", "--by", "JK"), "emergencies list"),
        (("alarms", "solve", "ZZZZ", "--by", "JK"), "emergencies list"),
        (("alarms", "solve", "rubbish", "--by", "JK"), "alarms list"),
    ],
)
def test_what_cannot_be_done_says_so(
    installed: Installed, words: tuple[str, ...], says: str
) -> None:
    assert says in installed.runs(*words, code=1).output
