"""Importing what the API of Kenya's Master Health Facility Registry answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.database.database import Database
from shared.capability import Capability as C
from tests.gateway.hospitals.importing_gateway import ImportingGateway


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


def _facility(**changed: Any) -> dict[str, Any]:
    facility = {
        "id": "a-1",
        "code": 99001,
        "name": "Bahati Hospital",
        "official_name": "Bahati Sub County Hospital",
        "keph_level_name": "Level 4",
        "facility_type_name": "Primary care hospitals",
        "owner_name": "Ministry of Health",
        "number_of_beds": 40,
        "number_of_cots": 4,
        "open_whole_day": True,
        "operation_status_name": "Operational",
        "county": "MURANG'A",
        "sub_county_name": None,
        "ward_name": "Wangu",
        "lat_long": [-0.72, 37.15],
        "coordinates": "c0000000-aaaa-4444-8888-000000000000",
        "closed": False,
        "closed_date": None,
        "approved": True,
        "created": "2015-11-10T10:27:53.932878Z",
        "facility_catchment_population": 52000,
        "facility_services": [{"service_name": "Xray", "option_name": "Yes", "category_name": "R"}],
        "facility_contacts": [{"contact": "0711000222", "contact_type_name": "MOBILE"}],
    }
    return {**facility, **changed}


def _page(*facilities: Any) -> str:
    return json.dumps({"count": 3, "next": None, "previous": None, "results": facilities})


def test_a_facility_goes_in_as_from_the_csv(gateway: ImportingGateway) -> None:
    result = gateway.imports(_page(_facility()))
    assert result.exit_code == 0, result.output
    (row,) = gateway.rows()
    wanted = {
        "source": "kmhfl",
        "source_id": "a-1",
        "name": "Bahati Hospital",
        "official_name": "Bahati Sub County Hospital",
        "level": 4,
        "owner": "Ministry of Health",
        "county": "Murang'a",
        "sub_county": "",
        "ward": "Wangu",
        "lat": -0.72,
        "lon": 37.15,
        "has": C.EMERGENCY_24H | C.XRAY,
        "beds": 40,
        "catchment_population": 52_000,
        "open_24h": True,
        "status": "normal",
    }
    assert {name: row[name] for name in wanted} == wanted
    # Whoever answers a public number may be no clinician.
    assert gateway.phones(row["source_id"]) == []


def _facilities() -> list[dict[str, Any]]:
    return [_facility(id=f"f-{n}", name=f"H{n}", lat_long=[-0.7, 37 + n / 10]) for n in range(4)]


@pytest.mark.parametrize(
    "content",
    [
        _page(*_facilities()),
        json.dumps(_facilities()),
        json.dumps({"results": _facilities()}, indent=2),
        "\n".join(json.dumps(facility) for facility in _facilities()),
        _page(*_facilities()[:1]) + "\n" + _page(*_facilities()[1:]),
        json.dumps([json.loads(_page(*_facilities()[:3])), json.loads(_page(_facilities()[3]))]),
        "\ufeff" + _page(*_facilities()),
    ],
    ids=["page", "list", "indented", "lines", "pages", "list of pages", "byte order mark"],
)
def test_every_shape_of_answer_is_read(gateway: ImportingGateway, content: str) -> None:
    report = gateway.reports(content)
    assert (report["rows"], report["unit"]) == (4, "facility")
    assert [row["source_id"] for row in gateway.rows()] == ["f-0", "f-1", "f-2", "f-3"]


@pytest.mark.parametrize(
    ("changed", "position"),
    [
        ({"lat_long": "-0.72, 37.15"}, (-0.72, 37.15)),
        ({"lat_long": None}, (None, None)),
        ({"lat_long": [None, None]}, (None, None)),
        (
            {"lat_long": None, "geometry": {"type": "Point", "coordinates": [37.15, -0.72]}},
            (-0.72, 37.15),
        ),
        (
            {
                "lat_long": None,
                "coordinates": {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [37.15, -0.72]},
                },
            },
            (-0.72, 37.15),
        ),
        ({"lat_long": None, "latitude": "-0.72", "longitude": 37.15}, (-0.72, 37.15)),
    ],
)
def test_every_way_to_write_a_position_is_read(
    gateway: ImportingGateway, changed: dict[str, Any], position: tuple[float, float]
) -> None:
    assert gateway.imports(_page(_facility(**changed))).exit_code == 0
    (row,) = gateway.rows()
    assert (row["lat"], row["lon"]) == position


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": None}, "name is empty"),
        ({"name": "Bahati\u0000"}, "control character"),
        ({"id": {}}, "id is a list or an object"),
        ({"keph_level_name": "Level 7"}, "Level 1 to Level 6"),
        ({"number_of_beds": -3}, "whole number"),
        ({"number_of_beds": "many"}, "whole number"),
        ({"open_whole_day": "perhaps"}, "yes or no"),
        ({"lat_long": [37.15, -0.72]}, "swapped"),
        ({"lat_long": [0, 0]}, "nobody knows"),
        ({"lat_long": [-0.72]}, "should be two"),
        ({"lat_long": [95, 37]}, "not on the earth"),
        ({"geometry": {"type": "Point"}, "lat_long": None}, "no GeoJSON point"),
        ({"facility_services": "Xray"}, "no list"),
        ({"facility_services": [7]}, "no service"),
        ({"county": "c0000000-aaaa-4444-8888-000000000000"}, "county_name is empty"),
        ({"id": "good-1"}, "facility 1 already"),
    ],
)
def test_a_bad_facility_is_refused_by_its_number(
    gateway: ImportingGateway, changed: dict[str, Any], words: str
) -> None:
    good = (_facility(id="good-1"), _facility(id="good-2", lat_long=[-0.73, 37.1]))
    result = gateway.imports(_page(good[0], _facility(**changed), good[1]))
    assert result.exit_code == 3, result.output
    assert "  facility 2: " in result.stdout
    assert words in result.stdout
    assert [row["source_id"] for row in gateway.rows()] == ["good-1", "good-2"]


def test_a_list_without_the_status_names_what_to_fetch(gateway: ImportingGateway) -> None:
    without = _facility(id="a-2", code=None)
    del without["operation_status_name"]
    report = gateway.reports(_page(_facility(), without))
    assert [refused["line"] for refused in report["refused"]] == [2]
    assert "operation_status_name is missing" in report["refused"][0]["text"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, "normal"),
        ({"closed": True}, "closed"),
        ({"operation_status_name": "Non-Operational"}, "closed"),
        ({"active": False}, "closed"),
        ({"deleted": True}, "closed"),
    ],
)
def test_what_no_longer_works_is_closed(
    gateway: ImportingGateway, changed: dict[str, Any], status: str
) -> None:
    gateway.imports(_page(_facility(**changed)))
    assert gateway.rows()[0]["status"] == status


def test_services_come_as_names_or_as_answers_to_options(gateway: ImportingGateway) -> None:
    theatre = "General Theatre Services"
    gateway.imports(
        json.dumps(
            [
                _facility(id="1", facility_services=None, service_names=[theatre]),
                _facility(id="2", facility_services=[{"service_name": theatre}]),
                _facility(
                    id="3", facility_services=[{"service_name": theatre, "option_name": "No"}]
                ),
            ]
        )
    )
    theatres = [bool(row["has"] & C.THEATRE) for row in gateway.rows()]
    assert theatres == [True, True, False]


def test_the_odd_is_noticed(gateway: ImportingGateway) -> None:
    report = gateway.reports(
        _page(
            _facility(updated="2031-01-01T00:00:00Z", approved=False),
            _facility(id="2", name="Other", code=2, keph_level_name=None, lat_long=None),
        )
    )
    assert [(noticed["line"], noticed["kind"]) for noticed in report["noticed"]] == [
        (1, "not approved"),
        (1, "date in the future"),
        (2, "no level"),
        (2, "no coordinates"),
    ]


def test_the_registrys_csv_and_its_json_update_each_other(gateway: ImportingGateway) -> None:
    gateway.imports(
        "id,name,keph_level_name,county_name,operation_status_name,open_whole_day,service_names,"
        "latitude,longitude\na-1,Bahati,Level 3,Muranga,Operational,True,,-0.72,37.15\n"
    )
    report = gateway.reports(_page(_facility()))
    assert report["stored"] == {"created": 0, "updated": 1, "unchanged": 0}
    assert report["noticed"] == []
    assert [row["level"] for row in gateway.rows()] == [4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"detail": "Authentication credentials were not provided."}', "first record has detail"),
        ('{"count": 0, "next": null, "results": []}', "holds no facilities"),
        (_page(_facility())[:-30], "cut off"),
        (_page(_facility()) + "]", "no whole JSON"),
        ("[" * 500 + "]" * 500, "nested more than 32 deep"),
        ("[" * 100_000 + "]" * 100_000, "over 1,000 lists"),
        (_page(3, 4, 5), "This is no object"),
        (_page(_facility()).encode().replace(b"Bahati", b"Bah\xe4ti"), "not UTF-8"),
    ],
)
def test_a_file_that_is_no_answer_is_refused_whole(
    gateway: ImportingGateway, content: str | bytes, words: str
) -> None:
    result = gateway.imports(content)
    assert result.exit_code == 1, result.output
    assert words in result.stderr
    assert gateway.rows() == []
