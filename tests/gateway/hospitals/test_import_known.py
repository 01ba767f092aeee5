"""Importing what the register holds already from another source."""

import csv
import json
from pathlib import Path

import pytest

from gateway.database.database import Database
from gateway.hospitals.importers.known_elsewhere import plain_name
from tests.gateway.hospitals.importing_gateway import ImportingGateway


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


_OWN = "id,name,level,county,lat,lon,has,lacks\n"
_SSA = "Country,Admin1,Facility name,Facility type,Ownership,Lat,Long,LL source\n"


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("St. Anne's Health Center", "SAINT ANNES HEALTH CENTRE"),
        ("The Bahati Hospital Ltd", "Bahati Hosp."),
        ("Café-Hospital", "cafe hospital"),
    ],
)
def test_ways_to_spell_one_name(name: str, alike: str) -> None:
    assert plain_name(name) == plain_name(alike)


def test_a_hospital_and_a_dispensary_are_two() -> None:
    assert plain_name("Bahati Hospital") != plain_name("Bahati Dispensary")


@pytest.mark.parametrize(
    ("row", "known"),
    [
        # Some 500 m away, in no county.
        ("Kenya,,BAHATI HOSP,Hospital,MoH,-0.7245,37.15,GPS", "0.5 km"),
        # 55 km away in the same county.
        ("Kenya,Muranga,Bahati Hospital,Hospital,MoH,-0.72,37.65,GPS", "Murang'a, 55.6 km away"),
        ("Kenya,Muranga,Bahati Hospital,Hospital,MoH,,,GPS", "Murang'a"),
        ("Kenya,Kiambu,Bahati Hospital,Hospital,MoH,-1.0,36.9,GPS", None),
        ("Kenya,Muranga,Bahati Dispensary,Dispensary,MoH,-0.72,37.15,GPS", None),
    ],
)
def test_a_likeness_is_said_and_acted_on_only_when_asked(
    gateway: ImportingGateway, row: str, known: str | None
) -> None:
    gateway.imports(_OWN + "b,Bahati Hospital,4,Murang'a,-0.72,37.15,theatre,\n")
    own = gateway.rows()[0]
    left_out = gateway.reports(_SSA + row, "--skip-known")
    assert left_out["known"] == (known is not None)
    assert left_out["stored"]["created"] == (known is None)
    report = gateway.reports(_SSA + row)
    assert len(gateway.rows()) == 2
    said = [noticed["text"] for noticed in report["noticed"] if noticed["kind"] == "known already"]
    if known is None:
        assert said == []
    else:
        (text,) = said
        assert text.startswith(f"May be hospital {own['id']} of haven-csv (Bahati Hospital, ")
        assert known in text
    # Nothing was merged.
    assert gateway.by_id()["b"] == own


def test_a_source_is_not_compared_with_itself(gateway: ImportingGateway) -> None:
    content = _OWN + "b,Bahati Hospital,4,Murang'a,-0.72,37.15,theatre,\n"
    gateway.imports(content)
    assert gateway.reports(content)["noticed"] == []


def test_what_is_left_out_is_said_in_words(gateway: ImportingGateway) -> None:
    gateway.imports(_OWN + "b,Bahati Hospital,4,Murang'a,-0.72,37.15,theatre,\n")
    result = gateway.imports(
        _SSA + "Kenya,Muranga,Bahati Hospital,Hospital,MoH,-0.72,37.15,GPS\n", "--skip-known"
    )
    assert result.exit_code == 0
    assert "1 known already and left out, 0 refused" in result.stdout
    assert "Noticed: known already, left out (1 rows)." in result.stdout


def test_a_report_lists_every_row_that_needs_a_look(
    gateway: ImportingGateway, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    rows = ["b,Bahati,4,Murang'a,-0.72,37.15,,", "c,Bahati,4,Murang'a,-0.73,37.15,,", "d,,4,,,,,"]
    assert gateway.imports(_OWN + "\n".join(rows), "--report", str(report)).exit_code == 3
    with report.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "kind", "text"],
            ["4", "refused", "name is empty."],
            ["3", "same name and county", "Same name and county as line 2: bahati, Murang'a."],
        ]


def test_a_report_is_written_of_a_file_that_is_refused_for_its_rows(
    gateway: ImportingGateway, tmp_path: Path
) -> None:
    report = tmp_path / "report.csv"
    assert gateway.imports(_OWN + "b,,4,,,,,\n", "--report", str(report)).exit_code == 1
    assert len(report.read_text().splitlines()) == 2


def test_a_report_overwrites_nothing(gateway: ImportingGateway, tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    result = gateway.imports(_OWN + "b,Bahati,4,Kiambu,-1.1,36.9,,\n", "--report", str(register))
    assert result.exit_code == 2
    assert register.read_text().startswith("id,name")
    assert gateway.rows() == []


def test_json_says_what_the_numbers_count(gateway: ImportingGateway) -> None:
    result = gateway.imports(_OWN + "b,Bahati,4,Kiambu,-1.1,36.9,,\n", "--json")
    assert json.loads(result.stdout)["unit"] == "line"
