"""What operators type about hospitals: looking, reporting by telephone, contacts, tokens, and one
word for many at once.
"""

from typing import Any

import pytest

from tests.gateway.operators.installed import Installed

KNH = "Kenyatta National Hospital"
_CLOSED = ("--status", "closed", "--why", "x", "--county", "Nairobi")


def shows(installed: Installed, hospital: str = KNH) -> Any:
    return installed.lists("hospitals", "show", hospital)


def status_of(installed: Installed, county: str) -> set[str]:
    return {
        shows(installed, str(number))["status"]
        for number in range(1, 9)
        if county in shows(installed, str(number))["place"]
    }


def test_a_hospital_is_shown_whole(installed: Installed) -> None:
    sheet = shows(installed)
    assert sheet["name"] == KNH
    assert sheet["level"] == 6
    assert "theatre" in sheet["has"]
    text = installed.runs("hospitals", "show", KNH).output
    assert "Beds: never reported" in text
    assert "NOT INFORMED" in text
    assert "no hospital is called" in (
        installed.runs("hospitals", "show", "Nowhere", code=1).output.lower()
    )


def test_what_staff_say_on_the_telephone_is_put_down(installed: Installed) -> None:
    said = ("--free-beds", "3", "--staffed-beds", "20", "--unit", "AdultICU=0")
    stock = ("--stock", "blood=no", "--stock", "oxygen=yes", "--status", "advisory")
    text = installed.runs("hospitals", "report", KNH, *said, *stock, "--by", "JK").output
    assert "Beds: 3 free of 20" in text
    assert "no blood, oxygen" in text
    assert "AdultICU: 0 free of ?" in text
    sheet = shows(installed)
    assert (sheet["status"], sheet["reported"]["source"]) == ("advisory", "operator")
    (kept,) = sheet["reports"]
    assert kept["said"]["beds"] == {"AdultICU": [None, 0]}


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        ((), "Say what was reported", 2),
        (("--free-beds", "30", "--staffed-beds", "20"), "from 0 to 20", 1),
        (("--unit", "Magic=1"), "AdultICU", 2),
        (("--unit", "AdultICU=many"), "AdultICU=0", 2),
        (("--stock", "blood"), "blood=no", 2),
        (("--stock", "magic=no"), "Unknown capability code", 1),
    ],
)
def test_what_cannot_be_reported_is_refused(
    installed: Installed, words: tuple[str, ...], says: str, code: int
) -> None:
    refused = installed.runs("hospitals", "report", KNH, *words, "--by", "JK", code=code)
    assert says in refused.output
    assert shows(installed)["reports"] == []


def test_contacts_come_and_go(installed: Installed) -> None:
    add = ("hospitals", "contact", "add", KNH)
    text = installed.runs(
        *add, "0722000009", "--label", "matron", "--duty", "mon-fri 08:00-17:00", "--by", "JK"
    ).output
    assert "+254722000009 matron" in text
    assert "NEVER ANSWERED" in text
    again = installed.runs(*add, "+254722000009", "--by", "JK", code=1)
    assert "has that number already" in again.output
    rota = installed.runs(*add, "0722000010", "--duty", "sometimes", "--by", "JK", code=1)
    assert "'sometimes' is no day" in rota.output
    remove = ("hospitals", "contact", "remove", KNH, "0722 000 009")
    assert "+254722000009" not in installed.runs(*remove, "--by", "JK").output
    assert "no such number" in installed.runs(*remove, "--by", "JK", code=1).output


def test_a_token_is_shown_once_and_taken_back(installed: Installed) -> None:
    issued = installed.runs("hospitals", "token", "issue", KNH, "records system", "--by", "JK")
    token = issued.stdout.splitlines()[0]
    assert token.startswith("haven_hospital_")
    assert token not in installed.runs("hospitals", "show", KNH, "--json").output
    assert shows(installed)["tokens"][0]["label"] == "records system"
    revoke = ("hospitals", "token", "revoke", KNH, "records system", "--by", "JK")
    installed.runs(*revoke)
    assert shows(installed)["tokens"] == []
    assert "has no token of that name" in installed.runs(*revoke, code=1).output


def test_a_strike_is_set_for_a_county_and_lifted(installed: Installed) -> None:
    impose = ("hospitals", "impose", "--status", "diverting", "--why", "nurses' strike")
    where = ("--county", "Nairobi", "--yes", "--by", "JK")
    assert "Done for" in installed.runs(*impose, "--hours", "24", *where).output
    assert status_of(installed, "Nairobi") == {"diverting"}
    assert "diverting" not in status_of(installed, "Kiambu")
    text = installed.runs("hospitals", "show", KNH).output
    assert "SET BY OPERATORS until" in text
    assert "nurses' strike" in text
    installed.runs("hospitals", "lift", *where)
    assert status_of(installed, "Nairobi") == {"normal"}
    assert "No hospital is meant" in installed.runs("hospitals", "lift", *where, code=1).output


def test_a_blackout_takes_theatres_away(installed: Installed) -> None:
    number = str(shows(installed)["id"])
    installed.runs(
        *("hospitals", "impose", "--without", "theatre,ct", "--why", "blackout"),
        *("--until", "2099-01-01T06:00", "--hospital", number, "--yes", "--by", "JK"),
    )
    sheet = shows(installed)
    assert sheet["imposed"]["lacks"] == ["theatre", "ct"]
    assert sheet["imposed"]["until"].startswith("2099-01-01T03:00")


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (("--status", "closed", "--why", "flood"), "Say which hospitals", 1),
        (("--why", "flood", "--county", "Nairobi"), "Set a status", 1),
        (("--status", "closed", "--why", " ", "--county", "Nairobi"), "Say why", 1),
        (("--without", "magic", "--why", "x", "--county", "Nairobi"), "Unknown capability", 1),
        (("--status", "closed", "--why", "x", "--county", "Atlantis"), "No hospital is meant", 1),
        ((*_CLOSED, "--hours", "2", "--until", "2099-01-01T06:00"), "not both", 2),
        ((*_CLOSED, "--until", "2020-01-01T06:00"), "end is past", 1),
    ],
)
def test_what_cannot_be_imposed(
    installed: Installed, words: tuple[str, ...], says: str, code: int
) -> None:
    refused = installed.runs("hospitals", "impose", *words, "--yes", "--by", "JK", code=code)
    assert says in refused.output
    assert status_of(installed, "Nairobi") == {"normal"}


def test_many_hospitals_are_not_changed_by_a_slip(installed: Installed) -> None:
    words = ("hospitals", "impose", "--status", "closed", "--why", "x", "--county", "Nairobi")
    # Nobody answers the question: nothing is done.
    installed.runs(*words, "--by", "JK", code=1)
    assert status_of(installed, "Nairobi") == {"normal"}


def test_an_incident_is_declared_and_ended(installed: Installed) -> None:
    where = ("--lat", "-1.3", "--lon", "36.8", "--patients", "20", "--by", "JK")
    declared = installed.runs("mass-casualty", "declare", *where).output.split()[2].rstrip(".")
    (listed,) = installed.lists("mass-casualty", "list")
    assert (listed["id"], listed["patients"], listed["declared_by"]) == (declared, 20, "JK")
    assert "20 hurt at least" in installed.runs("mass-casualty", "list").output
    installed.runs("mass-casualty", "end", declared, "--by", "JK")
    assert "No mass-casualty incident" in installed.runs("mass-casualty", "list").output
    again = ("mass-casualty", "end", declared, "--by", "JK")
    assert "No such incident goes on" in installed.runs(*again, code=1).output
    assert "no incident's number" in (
        installed.runs("mass-casualty", "end", "x", "--by", "JK", code=1).output
    )
    abroad = ("mass-casualty", "declare", "--lat", "51.5", "--lon", "0.1", "--patients", "9")
    assert "outside KE" in installed.runs(*abroad, "--by", "JK", code=1).output
