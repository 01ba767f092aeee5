"""Importing GeoJSON of OpenStreetMap and healthsites.io."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.database.database import Database
from gateway.hospitals.importers.opening import OSM_TAGS
from gateway.hospitals.importers.osm_table import load_osm_table
from gateway.hospitals.importers.representative_point import representative_point
from shared.capability import Capability as C
from shared.errors import InvalidInput
from tests.gateway.hospitals.importing_gateway import ImportingGateway


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> ImportingGateway:
    return ImportingGateway(database, tmp_path)


_POINT = {"type": "Point", "coordinates": [37.15, -0.72]}


def _feature(
    element: str | None = "node/1", geometry: dict[str, Any] | None = _POINT, **tags: Any
) -> dict[str, Any]:
    properties = {"amenity": "hospital", "name": "Bahati Hospital", **tags}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return feature if element is None else {**feature, "id": element}


def _collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "generator": "x", "features": features})


def test_a_hospital_goes_in_with_what_its_tags_say(gateway: ImportingGateway) -> None:
    tags: dict[str, Any] = {
        "name:en": "Fortune Hospital",
        "operator": "Ministry of Health",
        "operator:type": "government",
        "emergency": "yes",
        "opening_hours": "24/7",
        "beds": "60",
        "healthcare:speciality": "paediatrics;orthopaedics; unheard_of",
        "contact:phone": "+254711000222",
        "addr:county": "Murang'a County",
    }
    result = gateway.imports(_collection(_feature(**tags)))
    assert result.exit_code == 0, result.output
    (row,) = gateway.rows()
    wanted = {
        "source": "osm",
        "source_id": "node/1",
        "name": "Bahati Hospital",
        "level": 0,
        "owner": "Ministry of Health",
        "county": "Murang'a",
        "lat": -0.72,
        "lon": 37.15,
        "has": C.EMERGENCY_24H | C.PAEDIATRICS | C.ORTHOPAEDICS,
        "lacks": 0,
        "beds": 60,
        "open_24h": True,
        "status": "normal",
    }
    assert {name: row[name] for name in wanted} == wanted
    assert gateway.phones("node/1") == []


@pytest.mark.parametrize(
    ("tags", "has", "lacks", "open_24h"),
    [
        # An emergency department may close at five.
        ({"emergency": "yes"}, C(0), C(0), None),
        ({"emergency": "no"}, C(0), C.EMERGENCY_24H, None),
        ({"emergency": False}, C(0), C.EMERGENCY_24H, None),
        ({"emergency": True, "opening_hours": "24/7"}, C.EMERGENCY_24H, C(0), True),
        ({"opening_hours": "Mo-Su 00:00-24:00"}, C(0), C(0), None),
        ({"opening_hours": "24/7"}, C(0), C(0), True),
        # healthsites.io's spelling.
        ({"healthcare_speciality": "dialysis"}, C.DIALYSIS, C(0), None),
        # A dispensary's theatre is a mistake, here as in Kenya's register.
        ({"keph:level": "2", "healthcare:speciality": "trauma"}, C(0), C.TRAUMA_SURGERY, None),
    ],
)
def test_tags_say_what_is_there(
    gateway: ImportingGateway, tags: dict[str, Any], has: C, lacks: C, open_24h: bool | None
) -> None:
    gateway.imports(_collection(_feature(**tags)))
    (row,) = gateway.rows()
    assert row["has"] == has
    assert row["lacks"] & lacks == lacks
    assert row["open_24h"] is open_24h


@pytest.mark.parametrize(
    ("tags", "options", "level"),
    [
        ({}, (), 0),
        ({"health_facility:type": "dispensary"}, (), 2),
        ({"health_facility:type": "health_centre"}, (), 3),
        ({"healthcare:level": "Level 5"}, (), 5),
        ({}, ("--assume-level", "hospital=4"), 4),
        ({"keph_level": "3"}, ("--assume-level", "hospital=4"), 3),
        ({"amenity": "clinic"}, ("--assume-level", "hospital=4"), 0),
    ],
)
def test_a_level_comes_from_a_tag_or_from_the_operator(
    gateway: ImportingGateway, tags: dict[str, Any], options: tuple[str, ...], level: int
) -> None:
    assert gateway.imports(_collection(_feature(**tags)), *options).exit_code == 0
    assert gateway.rows()[0]["level"] == level


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (_collection(_feature()), ("--assume-level", "hospitl=4"), "No facility is a 'hospitl'"),
        (_collection(_feature()), ("--assume-level", "hospital=9"), "like hospital=4"),
        ("id,name,level,county,lat,lon,has,lacks\n", ("--assume-level", "a=4"), "OpenStreetMap's"),
    ],
)
def test_a_level_is_assumed_of_known_kinds_only(
    gateway: ImportingGateway, content: str, options: tuple[str, ...], words: str
) -> None:
    result = gateway.imports(content, *options)
    assert result.exit_code == 2
    assert words in result.stderr


def test_what_takes_no_patients_is_counted_and_left_out(gateway: ImportingGateway) -> None:
    kinds: list[dict[str, Any]] = [
        {"amenity": "pharmacy"},
        {"amenity": "dentist"},
        {"amenity": None, "healthcare": "laboratory"},
        {"amenity": None, "highway": "primary"},
        {"amenity": "doctors"},
        {"amenity": None, "healthcare": "centre"},
    ]
    report = gateway.reports(
        _collection(
            *(
                _feature(f"node/{number}", name=f"F{number}", **kind)
                for number, kind in enumerate(kinds)
            )
        )
    )
    assert (report["rows"], report["skipped"], report["refused"]) == (6, 4, [])
    assert [row["source_id"] for row in gateway.rows()] == ["node/4", "node/5"]


@pytest.mark.parametrize(
    ("feature", "source_id"),
    [
        (_feature("way/7"), "way/7"),
        (_feature(None, _POINT, **{"@id": "relation/8"}), "relation/8"),
        (_feature(None, osm_type="way", osm_id=9), "way/9"),
        (_feature(None, osm_type="way", osm_id=9.0), "way/9"),
        (_feature(None, _POINT, **{"@type": "node", "@id": 10}), "node/10"),
        (_feature("n11"), "node/11"),
        # osmium's areas: twice the way, twice the relation and one.
        (_feature("a24"), "way/12"),
        (_feature("a27"), "relation/13"),
        (
            _feature(None, uuid="0123456789abcdef0123456789abcdef"),
            "healthsites/0123456789abcdef0123456789abcdef",
        ),
    ],
)
def test_every_export_names_the_same_element(
    gateway: ImportingGateway, feature: dict[str, Any], source_id: str
) -> None:
    assert gateway.imports(_collection(feature)).exit_code == 0
    assert [row["source_id"] for row in gateway.rows()] == [source_id]


_SQUARE = [[37.0, -1.0], [37.2, -1.0], [37.2, -1.2], [37.0, -1.2], [37.0, -1.0]]
_SPECK = [[40.0, 3.0], [40.001, 3.0], [40.001, 3.001], [40.0, 3.0]]
_BOW = [[37.0, -1.0], [37.2, -1.2], [37.2, -1.0], [37.0, -1.195], [37.0, -1.0]]
_HOLE = [[37.05, -1.05], [37.06, -1.05], [37.06, -1.06], [37.05, -1.05]]


@pytest.mark.parametrize(
    ("geometry", "point"),
    [
        (_POINT, (-0.72, 37.15)),
        ({"type": "Point", "coordinates": [37.15, -0.72, 1700]}, (-0.72, 37.15)),
        ({"type": "Polygon", "coordinates": [_SQUARE, _HOLE]}, (-1.1, 37.1)),
        ({"type": "MultiPolygon", "coordinates": [[_SPECK], [_SQUARE]]}, (-1.1, 37.1)),
        ({"type": "LineString", "coordinates": _SQUARE}, (-1.1, 37.1)),
        # A ring that crosses itself: its centroid would lie 300 km to the east.
        ({"type": "Polygon", "coordinates": [_BOW]}, (-1.1, 37.1)),
        # A line has no area: the middle of its ends.
        ({"type": "LineString", "coordinates": [[37.0, -1.0], [37.2, -1.2]]}, (-1.1, 37.1)),
    ],
)
def test_one_position_stands_for_a_shape(
    geometry: dict[str, Any], point: tuple[float, float]
) -> None:
    assert representative_point(geometry) == pytest.approx(point)


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (_feature(name=None), "name:en is empty"),
        (_feature(None), "no id such as node/123"),
        (_feature(beds="-4"), "whole number"),
        (_feature(geometry={"type": "Point", "coordinates": [-0.72, 37.15]}), "swapped"),
        (_feature(geometry={"type": "Point", "coordinates": [0, 0]}), "nobody knows"),
        (_feature(geometry={"type": "Point", "coordinates": [261_000, 9_857_000]}), "on the earth"),
        (_feature(geometry={"type": "Point", "coordinates": ["37", "-1"]}), "RFC 7946"),
        (_feature(geometry={"type": "Point", "coordinates": []}), "RFC 7946"),
        (_feature(geometry={"type": "Polygon", "coordinates": []}), "RFC 7946"),
        (_feature(geometry={"type": "MultiPolygon", "coordinates": [[[]]]}), "RFC 7946"),
        (_feature(geometry={"type": "GeometryCollection", "geometries": []}), "GeometryColl"),
        ({"type": "Topology"}, "no GeoJSON Feature"),
        (_feature(note="x" * 1_000_001), "over 1,000,000 bytes of memory"),
        (_feature("node/100"), "feature 1 already"),
    ],
)
def test_a_bad_feature_is_refused_by_its_number(
    gateway: ImportingGateway, feature: dict[str, Any], words: str
) -> None:
    other = {"type": "Point", "coordinates": [36.8, -1.3]}
    content = _collection(_feature("node/100"), feature, _feature("node/101", other, name="Other"))
    result = gateway.imports(content)
    assert result.exit_code == 3, result.output
    assert "  feature 2: " in result.stdout
    assert words in result.stdout
    assert [row["source_id"] for row in gateway.rows()] == ["node/100", "node/101"]


def test_the_odd_is_kept_and_noticed(gateway: ImportingGateway) -> None:
    report = gateway.reports(
        _collection(
            _feature("node/1", beds="about fifty"),
            _feature("node/2", None, name="Second", keph_level="4"),
        )
    )
    assert [(noticed["line"], noticed["kind"]) for noticed in report["noticed"]] == [
        (1, "no level"),
        (1, "no number of beds"),
        (2, "no coordinates"),
    ]
    assert [row["beds"] for row in gateway.rows()] == [None, None]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(json.dumps(_feature(f"node/{n}", name=f"F{n}")) for n in range(3)),
        "".join(f"\x1e{json.dumps(_feature(f'node/{n}', name=f'F{n}'))}\n" for n in range(3)),
    ],
    ids=["GeoJSON lines", "RFC 8142"],
)
def test_features_one_after_another_are_read(gateway: ImportingGateway, content: str) -> None:
    assert gateway.reports(content)["stored"]["created"] == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kinds: {}", "KeyError: 'levels'"),
        ("kinds: {}\nlevels: {}\nrules: []\nextra: 1", "not extra"),
        ("kinds: {}\nlevels: {a: {b: 7}}\nrules: []", "levels are 1 to 6"),
        ("kinds: {}\nlevels: {}\nrules: [{when: {}}]", "every facility"),
        ("kinds: {}\nlevels: {}\nrules: [{when: {a: b}, has: [magic]}]", "Unknown capability"),
        ("kinds: {}\nlevels: {}\nrules: [{when: {a: b}, has: [ct], lacks: [ct]}]", "the same"),
        ("kinds: 3\nlevels: {}\nrules: []", "not a table"),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=words):
        load_osm_table(path)


def test_an_edited_table_is_used(gateway: ImportingGateway, tmp_path: Path) -> None:
    table = tmp_path / "table.yaml"
    written = OSM_TAGS.read_text().replace(
        "amenity: {hospital", "amenity: {first_aid: clinic, hospital"
    )
    table.write_text(written)
    feature = _feature(amenity="first_aid")
    assert gateway.reports(_collection(feature))["skipped"] == 1
    assert gateway.reports(_collection(feature), "--osm-tags", str(table))["skipped"] == 0
