"""Importing registers of hospitals: what goes in, what is refused and why, and doing it again."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from gateway.database.database import Database
from gateway.hospitals.importers.capability_table import load_capability_table
from gateway.hospitals.importers.opening import CAPABILITY_TABLE
from gateway.hospitals.index import MatchIndex
from gateway.hospitals.tables import availability, hospitals
from shared.capability import Capability as C
from shared.errors import InvalidInput
from shared.match_policy import MatchPolicy
from tests.gateway.hospitals.importing_gateway import ImportingGateway

_KMHFL_HEADER = (
    "code,name,officialname,keph_level_name,owner_name,beds,county_name,sub_county_name,ward_name,"
    "operation_status_name,open_whole_day,closed,service_names,latitude,longitude,id"
)
_HAVEN_HEADER = "id,name,level,county,lat,lon,has,lacks,beds,open_24h,phone,catchment"


def _kmhfl(
    id: str = "a-1",
    name: str = "Bahati Hospital",
    level: str = "Level 4",
    county: str = "Muranga",
    status: str = "Operational",
    whole_day: str = "True",
    closed: str = "False",
    services: str = "",
    lat: str = "-0.72",
    lon: str = "37.15",
    code: str = "99001.0",
    beds: str = "40",
) -> str:
    return (
        f"{code},{name},{name},{level},Ministry of Health,{beds},{county},Kiharu,Wangu,"
        f"{status},{whole_day},{closed},{services},{lat},{lon},{id}"
    )


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_a_facility_goes_in_with_what_its_level_and_services_say(gateway: ImportingGateway) -> None:
    services = "Outpatient|Inpatient|Comprehensive Obstetric Care (CMOC)|Xray|Natural"
    result = gateway.imports(_lines(_KMHFL_HEADER, _kmhfl(services=services)))
    assert result.exit_code == 0, result.output
    assert "1 new" in result.stdout
    (row,) = gateway.rows()
    assert (row["name"], row["level"], row["county"], row["beds"]) == (
        "Bahati Hospital",
        4,
        "Murang'a",
        40,
    )
    assert row["has"] == C.EMERGENCY_24H | C.XRAY | C.BEMONC | C.CEMONC | C.BLOOD
    assert row["lacks"] & C.THEATRE
    assert not row["lacks"] & C.ANTIVENOM
    assert (row["status"], row["open_24h"]) == ("normal", True)


_LISTED = "General Theatre Services"


@pytest.mark.parametrize(
    ("level", "services", "whole_day", "has", "lacks", "open_24h"),
    [
        # Half of the real registers: nothing listed, nothing known.
        ("Level 4", "", "False", C(0), C(0), None),
        ("Level 4", "", "True", C.EMERGENCY_24H, C(0), True),
        ("Level 3", _LISTED, "True", C.THEATRE | C.OXYGEN, C.EMERGENCY_24H | C.ICU_ADULT, True),
        ("Level 3", "", "False", C(0), C.THEATRE | C.CEMONC | C.NEWBORN_UNIT, False),
        # A dispensary's theatre is a mistake.
        ("Level 2", _LISTED, "False", C.OXYGEN, C.THEATRE | C.EMERGENCY_24H, False),
        ("Level 5", "", "True", C.TRAUMA_SURGERY | C.EMERGENCY_24H, C(0), True),
        # A national hospital does more than it lists.
        ("Level 6", "Outpatient|Inpatient|Xray|ICU services|ENT", "", C.XRAY, C(0), None),
        ("", "", "", C(0), C(0), None),
    ],
)
def test_capabilities_of_a_level_and_its_services(
    gateway: ImportingGateway,
    level: str,
    services: str,
    whole_day: str,
    has: C,
    lacks: C,
    open_24h: bool | None,
) -> None:
    row = _kmhfl(level=level, services=services, whole_day=whole_day)
    assert gateway.imports(_lines(_KMHFL_HEADER, row)).exit_code == 0
    (stored,) = gateway.rows()
    assert stored["has"] & has == has
    assert stored["lacks"] & lacks == lacks
    assert not stored["has"] & stored["lacks"]
    assert stored["open_24h"] is open_24h
    if not has:
        assert stored["has"] == 0
    if not lacks:
        assert stored["lacks"] == 0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (_kmhfl(name=""), "name is empty"),
        (_kmhfl(id=""), "id is empty"),
        (_kmhfl(level="Level 9"), "Level 1 to Level 6"),
        (_kmhfl(lat="37.15", lon="-0.72"), "swapped"),
        (_kmhfl(lat="51.5", lon="-0.1"), "outside KE"),
        (_kmhfl(lat="south", lon="37"), "should be degrees"),
        (_kmhfl(lat="-0.7", lon=""), "should be degrees"),
        (_kmhfl(whole_day="perhaps"), "yes or no"),
        (_kmhfl(beds="-4"), "whole number"),
        (_kmhfl(name="x" * 201), "at most 200"),
        (_kmhfl(id="good-1"), "that of line 2"),
        (_kmhfl() + ",surplus", "out of place"),
    ],
)
def test_a_bad_row_is_refused_by_its_line_and_the_good_ones_go_in(
    gateway: ImportingGateway, row: str, words: str
) -> None:
    content = _lines(_KMHFL_HEADER, _kmhfl(id="good-1"), row, _kmhfl(id="good-2", lat="-0.71"))
    result = gateway.imports(content)
    assert result.exit_code == 3, result.output
    assert "line 3: " in result.stdout
    assert words in result.stdout
    assert [stored["source_id"] for stored in gateway.rows()] == ["good-1", "good-2"]


def test_what_is_odd_is_kept_and_noticed(gateway: ImportingGateway) -> None:
    report = gateway.reports(
        _lines(
            _KMHFL_HEADER,
            _kmhfl(id="1"),
            _kmhfl(id="2", code="99002.0"),
            _kmhfl(id="3", name="Other", lat="", lon=""),
            _kmhfl(id="4", name="Third", level="", county="Atlantis", lat="-0.9", code=""),
        )
    )
    noticed = [(remark["line"], remark["kind"]) for remark in report["noticed"]]
    assert noticed == [
        (3, "same name and county"),
        (3, "same position"),
        (4, "no coordinates"),
        (4, "same code"),
        (5, "no level"),
        (5, "unknown county"),
    ]
    assert report["refused"] == []
    assert len(gateway.rows()) == 4
    index = MatchIndex(MatchPolicy())
    gateway.database.read(index.catch_up)
    assert len(index) == 3


@pytest.mark.parametrize(
    ("status", "closed"), [("Operational", "True"), ("Closed", "False"), ("", "False")]
)
def test_a_facility_that_is_not_working_is_closed(
    gateway: ImportingGateway, status: str, closed: str
) -> None:
    gateway.imports(_lines(_KMHFL_HEADER, _kmhfl(status=status, closed=closed)))
    assert gateway.rows()[0]["status"] == "closed"


def test_importing_again_changes_only_what_changed(gateway: ImportingGateway) -> None:
    rows = [_kmhfl(id=str(number), name=f"H{number}", lat=f"-0.{number}") for number in range(1, 9)]
    gateway.imports(_lines(_KMHFL_HEADER, *rows))
    index = MatchIndex(MatchPolicy())
    gateway.database.read(index.catch_up)
    first = gateway.rows()
    gateway.database.write(
        lambda connection: connection.execute(hospitals.update().values(reachable=True))
    )
    rows[2] = rows[2].replace("H3", "New name")
    report = gateway.reports(_lines(_KMHFL_HEADER, *rows))
    assert report["stored"] == {"created": 0, "updated": 1, "unchanged": 7}
    second = gateway.rows()
    assert [row["id"] for row in second] == [row["id"] for row in first]
    assert second[2]["name"] == "New name"
    # What the register does not know stays.
    assert all(row["reachable"] for row in second)
    gateway.database.read(index.catch_up)
    assert index.get(second[2]["id"])[0].name == "New name"


def test_a_trial_writes_nothing_and_says_what_would_happen(gateway: ImportingGateway) -> None:
    report = gateway.reports(_lines(_KMHFL_HEADER, _kmhfl(), _kmhfl(id="2", name="")), "--dry-run")
    assert report["dry_run"]
    assert report["stored"]["created"] == 1
    assert len(report["refused"]) == 1
    assert gateway.rows() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 rest of a workbook", "Excel"),
        (b"a,b\0c", "no text file"),
        ("id,name\n1,x\n", "no list of hospitals"),
        ("<html><body>Sign in</body></html>\n", "no list of hospitals"),
        (_lines(_KMHFL_HEADER), "no rows"),
        (_lines(_KMHFL_HEADER, _kmhfl(lat="x"), _kmhfl(id="2", lat="y"), _kmhfl(id="3")), "line 2"),
        (_lines(_KMHFL_HEADER, _kmhfl()).encode() + b"\xff\xfe", "not UTF-8"),
        (_lines(_KMHFL_HEADER, _kmhfl()) + '"unfinished', "cannot be read as CSV"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_whole(
    gateway: ImportingGateway, content: str | bytes, words: str
) -> None:
    result = gateway.imports(content)
    assert result.exit_code == 1, result.output
    assert words in result.stderr
    assert gateway.rows() == []
    assert words in json.loads(gateway.imports(content, "--json").stdout)["refused_whole"]


def test_a_list_kept_by_hand(gateway: ImportingGateway) -> None:
    content = _lines(
        "# Demonstration data.",
        _HAVEN_HEADER,
        "knh,Kenyatta,6,Nairobi,-1.3,36.8073,theatre blood,burns,1800,yes,0711000222,Kibra",
        "x,Nowhere,4,Atlantis,-1.3,36.8,,,,,",
        "y,Both,4,Nairobi,-1.3,36.8,blood,blood,,,",
        "z,Unknown code,4,Nairobi,-1.3,36.8,magic,,,,",
        "v,No place,4,Nairobi,,,,,,,",
        *(f"h{n},Clinic {n},3,Nairobi City,-1.{n},36.8,,,,no," for n in range(10, 16)),
    )
    report = gateway.reports(content)
    assert [(row["line"], row["text"][:20]) for row in report["refused"]] == [
        (4, "county is 'Atlantis'"),
        (5, "has and lacks name t"),
        (6, "Unknown capability c"),
        (7, "lat and lon are empt"),
    ]
    stored = {row["source_id"]: row for row in gateway.rows()}
    assert len(stored) == 7
    assert gateway.phones("knh") == ["+254711000222"]
    assert stored["knh"]["catchment"] == "Kibra"
    assert stored["knh"]["has"] == C.THEATRE | C.BLOOD
    assert stored["h12"]["county"] == "Nairobi"
    assert stored["h12"]["open_24h"] is False


def test_every_hospital_has_its_availability(gateway: ImportingGateway) -> None:
    rows = [_kmhfl(id=str(number), name=f"H{number}") for number in range(450)]
    assert gateway.imports(_lines(_KMHFL_HEADER, *rows)).exit_code == 0
    counted = gateway.database.read(
        lambda connection: connection.execute(
            select(func.count(), func.count(func.distinct(availability.c.version)))
        ).one()
    )
    assert tuple(counted) == (450, 450)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: [", "not a capability table"),
        ("services: {}", "KeyError"),
        (CAPABILITY_TABLE.read_text().replace("[xray]", "[x_ray]"), "Unknown capability code"),
        (CAPABILITY_TABLE.read_text().replace("never:", "nevr:"), "not nevr"),
    ],
)
def test_a_broken_capability_table_is_refused_before_anything_is_read(
    gateway: ImportingGateway, tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=words):
        load_capability_table(path)
    result = gateway.imports(_lines(_KMHFL_HEADER, _kmhfl()), "--capabilities", str(path))
    assert result.exit_code == 2
    assert words in result.stderr


_REAL = Path(__file__).parents[4] / "shared" / "data" / "kmhfl_2020.csv"


@pytest.mark.skipif(not _REAL.exists(), reason="the real register is not beside the project")
def test_the_real_register_goes_in_whole(gateway: ImportingGateway) -> None:
    result = CliRunner().invoke(gateway.group, ["import", str(_REAL), "--json"])
    report = json.loads(result.stdout)
    assert report["rows"] == 12_379
    assert report["refused"] == []
    index = MatchIndex(MatchPolicy())
    gateway.database.read(index.catch_up)
    assert len(index) == 10_898
