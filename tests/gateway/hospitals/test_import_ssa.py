"""Importing the list of public health facilities in sub-Saharan Africa."""

from pathlib import Path

import pytest

from gateway.database.database import Database
from shared.capability import Capability as C
from tests.gateway.hospitals.importing_gateway import ImportingGateway


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


_HEADER = "Country,Admin1,Facility name,Facility type,Ownership,Lat,Long,LL source"


def _list(*rows: str, header: str = _HEADER) -> str:
    return "\n".join((header, *rows)) + "\n"


def test_rows_of_the_country_go_in_and_the_others_are_counted(gateway: ImportingGateway) -> None:
    report = gateway.reports(
        _list(
            "Kenya,Muranga,Bahati Dispensary,Dispensary,MoH,-0.72,37.15,GPS",
            "Angola,Bengo,Hospital da Sorte,Hospital,Govt.,-8.6,13.6,GPS",
            "Kenya,Coast,Pwani Provincial General Hospital,Provincial General Hospital,MoH,-4.05,"
            "39.66,Google Earth",
            "Kenya,Nairobi,Kituo,Village post,FBO,,,",
        )
    )
    assert (report["format_name"], report["rows"], report["skipped"]) == ("ssa-list", 4, 1)
    assert [(noticed["line"], noticed["kind"]) for noticed in report["noticed"]] == [
        (4, "unknown county"),
        (5, "no level"),
        (5, "no coordinates"),
    ]
    rows = {row["name"]: row for row in gateway.rows()}
    dispensary = rows["Bahati Dispensary"]
    assert (dispensary["source"], dispensary["level"], dispensary["county"]) == (
        "ssa",
        2,
        "Murang'a",
    )
    # What a level says holds whoever names it.
    assert dispensary["lacks"] & C.THEATRE
    assert rows["Pwani Provincial General Hospital"]["has"] & C.THEATRE
    assert (rows["Kituo"]["level"], rows["Kituo"]["lat"]) == (0, None)


def test_importing_again_knows_the_same_facility(gateway: ImportingGateway) -> None:
    first = "Kenya,Muranga,Bahati Health Centre,Health Centre,MoH,-0.7212341,37.15,GPS"
    again = "KENYA,Muranga,BAHATI  Health Center,Health centre,FBO,-0.72123,37.15000,GPS"
    assert gateway.reports(_list(first))["stored"]["created"] == 1
    report = gateway.reports(
        _list(again, header="Country,Admin1,Facility_n,Facility_t,Ownership,Lat,Long,LL_source")
    )
    assert report["stored"] == {"created": 0, "updated": 1, "unchanged": 0}
    assert [row["owner"] for row in gateway.rows()] == ["FBO"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Kenya,Muranga,Good,Dispensary,MoH,-0.72,37.15,GPS", "that of line 2"),
        ("Kenya,Muranga,,Dispensary,MoH,-0.72,37.15,GPS", "facility name is empty"),
        (",Muranga,A,Dispensary,MoH,-0.72,37.15,GPS", "country is empty"),
        ("Kenya,Muranga,A,Dispensary,MoH,37.15,-0.72,GPS", "swapped"),
        ("Kenya,Muranga,A,Dispensary,MoH,0,0,GPS", "nobody knows"),
        ("Kenya,Muranga,A,Dispensary,MoH,51.5,-0.1,GPS", "outside KE"),
    ],
)
def test_a_bad_row_is_refused(gateway: ImportingGateway, row: str, words: str) -> None:
    good = "Kenya,Muranga,Good,Dispensary,MoH,-0.72,37.15,GPS"
    result = gateway.imports(_list(good, row))
    assert result.exit_code == 3, result.output
    assert "  line 3: " in result.stdout
    assert words in result.stdout


def test_excels_letters_are_read_when_the_operator_says_so(gateway: ImportingGateway) -> None:
    content = _list(
        "Burkina Faso,Centre,Hôpital de District,Hôpital,MoH,12.3,-1.5,GPS",
        "Kenya,Muranga,Café Dispensary,Dispensary,MoH,-0.72,37.15,GPS",
    ).encode("cp1252")
    refused = gateway.imports(content)
    assert refused.exit_code == 1
    assert "not UTF-8" in refused.stderr
    assert gateway.imports(content, "--encoding", "cp1252").exit_code == 0
    assert [row["name"] for row in gateway.rows()] == ["Café Dispensary"]


def test_an_edited_table_of_types_is_used(gateway: ImportingGateway, tmp_path: Path) -> None:
    table = tmp_path / "types.yaml"
    content = _list("Kenya,Muranga,Kituo,Village Post,MoH,-0.72,37.15,GPS")
    table.write_text("KE: {village post: 2}")
    assert gateway.imports(content, "--facility-types", str(table)).exit_code == 0
    assert [row["level"] for row in gateway.rows()] == [2]
    table.write_text("KE: {village post: 8}")
    broken = gateway.imports(content, "--facility-types", str(table))
    assert broken.exit_code == 2
    assert "levels are 1 to 6" in broken.stderr
