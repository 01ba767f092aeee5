"""Importing places, and a running process that follows."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.database.database import Database
from gateway.hospitals.importers.opening import open_hospital_file
from gateway.importing.commands import Registers
from gateway.places.commands import open_place_file, places_group
from gateway.places.counties import Counties
from gateway.places.current_gazetteer import CurrentGazetteer
from shared.identifier import maker
from shared.place import PlaceKind
from shared.system import System

_WARDS = """county,subcounty,ward,lat,lon
Nairobi City,Kibra,Laini Saba,-1.3150,36.7900
Elgeyo/Marakwet,Keiyo North,Kapchemutwa/Iten,0.67,35.51
Kitui,Kitui Central,Township,-1.37,38.01
Nyeri,Nyeri Town,Township,-0.42,36.95
"""
_STOPS = """stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
S1,Olympic,-1.3114,36.7785,0,
"""


def _geonames(id: int, name: str, **changes: str) -> str:
    values = {
        "alternatenames": "",
        "latitude": "-1.31",
        "longitude": "36.78",
        "feature_class": "P",
        "feature_code": "PPL",
        "population": "0",
        **changes,
    }
    return "\t".join(
        [
            *(str(id), name, name, values["alternatenames"]),
            *(values["latitude"], values["longitude"]),
            *(values["feature_class"], values["feature_code"], "KE", "", "05", "", "", ""),
            *(values["population"], "", "1700", "Africa/Nairobi", "2016-01-01"),
        ]
    )


class _Gateway:
    """The place commands over a database, and a process that searches."""

    def __init__(self, database: Database, folder: Path) -> None:
        rng = Random(1)

        def now() -> datetime:
            return datetime(2026, 3, 4, tzinfo=UTC)

        system = System(now=now, new_id=maker(now, rng), rng=rng)

        @contextlib.contextmanager
        def opened() -> Iterator[Registers]:
            yield Registers(database, system, "KE")

        self._group = places_group(opened)
        self._folder = folder
        self.current = CurrentGazetteer(database, "KE")

    def runs(self, *arguments: str) -> Result:
        return CliRunner().invoke(self._group, arguments)

    def imports(self, content: str, *options: str) -> Result:
        path = self._folder / "places.txt"
        path.write_text(content, encoding="utf-8")
        return self.runs("import", str(path), *options)

    def reports(self, content: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.imports(content, "--json").stdout)
        return report

    def labels(self, text: str) -> list[str]:
        self.current.refresh()
        return [hit.place.label for hit in self.current.search(text)]


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> _Gateway:
    return _Gateway(database, tmp_path)


def test_wards_and_stops_together_answer_a_caller(gateway: _Gateway) -> None:
    assert gateway.imports(_WARDS).exit_code == 0
    assert gateway.imports(_STOPS).exit_code == 0
    assert gateway.labels("kibra olympic stage")[0] == "Olympic, Laini Saba, Nairobi"
    assert gateway.labels("iten")[0] == "Kapchemutwa/Iten, Keiyo North, Elgeyo-Marakwet"
    assert gateway.labels("township kitui")[0] == "Township, Kitui Central, Kitui"


def test_a_process_follows_an_import_and_not_a_trial(gateway: _Gateway) -> None:
    assert not gateway.current.refresh()
    gateway.imports(_WARDS, "--dry-run")
    assert not gateway.current.refresh()
    gateway.imports(_WARDS)
    assert gateway.current.search("laini saba") == []
    assert gateway.current.refresh()
    assert gateway.current.search("laini saba")
    # The same file again changes nothing.
    report = gateway.reports(_WARDS)
    assert report["stored"] == {"created": 0, "updated": 0, "unchanged": 4}
    assert not gateway.current.refresh()
    gateway.imports(_WARDS.replace("-1.3150", "-1.3250"))
    assert gateway.current.refresh()
    assert gateway.current.search("laini saba")[0].place.lat == -1.325


def test_geonames_keeps_where_people_are_and_leaves_out_the_rest(gateway: _Gateway) -> None:
    content = "\n".join(
        [
            _geonames(1, "Nairobi", feature_class="A", feature_code="ADM1"),
            _geonames(2, "Kibera", alternatenames="Kibra,キベラ,Kibera", population="250000"),
            _geonames(3, "Soweto", latitude="-1.32"),
            _geonames(4, "Toi Market", feature_class="S", feature_code="MKT"),
            _geonames(5, "Ngong River", feature_class="H", feature_code="STM"),
            _geonames(6, "Far away", latitude="10.4"),
            _geonames(7, "Too", feature_class="P") + "\tmore",
        ]
    )
    report = gateway.reports(content)
    assert (report["stored"]["created"], report["skipped"]) == (4, 1)
    assert [remark["line"] for remark in report["refused"]] == [6, 7]
    gateway.current.refresh()
    hit = gateway.current.search("kibra")[0]
    assert (hit.place.label, hit.place.kind, hit.exact) == (
        "Kibera, Nairobi",
        PlaceKind.TOWN,
        True,
    )
    assert gateway.current.search("soweto")[0].place.kind is PlaceKind.VILLAGE
    assert gateway.current.search("toi market")[0].place.kind is PlaceKind.LANDMARK


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Atlantis,X,Y,-1.0,37.0", "no county is called so"),
        ("Kitui,X,,-1.0,37.0", "ward is empty"),
        ("Kitui,X,Y,37.0,-1.0", "swapped"),
        ("Kitui,X,Y,,", "lat and lon are empty"),
        ("Kitui,Kitui Central,Township,-1.0,37.0", "that of line 4"),
    ],
)
def test_a_bad_row_is_refused_by_its_line(gateway: _Gateway, row: str, words: str) -> None:
    result = gateway.imports(_WARDS + row + "\n")
    assert result.exit_code == 3
    assert "line 6: " in result.stdout
    assert words in result.stdout


def test_a_list_kept_by_hand(gateway: _Gateway) -> None:
    header = "id,name,kind,county,parent,lat,lon,aliases\n"
    rows = (
        "isli,Eastleigh,village,Nairobi,Kamukunji,-1.276,36.850,Isli|Little Mogadishu\n"
        "x,X,planet,Nairobi,,-1.2,36.8,\n"
        "y,Y,stage,Nairobi,,-1.2,36.8,\n"
    )
    report = gateway.reports(header + rows)
    assert [remark["line"] for remark in report["refused"]] == [3]
    assert gateway.labels("isli") == ["Eastleigh, Kamukunji, Nairobi"]


@pytest.mark.parametrize("content", ["id,name\n1,x\n", "", "1\t2\t3\n"])
def test_a_file_of_something_else_is_refused_whole(gateway: _Gateway, content: str) -> None:
    result = gateway.imports(content)
    assert result.exit_code == 1
    assert "nothing was written" in result.stderr


def test_a_fresh_installation_knows_towns_and_counties(gateway: _Gateway) -> None:
    assert gateway.runs("seed").exit_code == 0
    assert gateway.labels("mombasa")[0].startswith("Mombasa")
    assert "0 new, 0 changed" in gateway.runs("seed").stdout
    result = gateway.runs("search", "--json", "--", "eldolet")
    assert json.loads(result.stdout)[0]["place"]["name"] == "Eldoret"
    assert "Nothing is called so" in gateway.runs("search", "xqzw").stdout


def test_counties_are_known_by_every_spelling() -> None:
    counties = Counties("KE")
    assert len(counties.names) == 47
    for written, name in (
        ("Muranga", "Murang'a"),
        ("MURANG'A COUNTY", "Murang'a"),
        ("Elgeyo Marakwet", "Elgeyo-Marakwet"),
        ("Nairobi City", "Nairobi"),
        ("Tharaka - Nithi", "Tharaka-Nithi"),
        ("Taita/Taveta", "Taita-Taveta"),
    ):
        assert counties.find(written) == name
    assert counties.find("Kent") is None
    assert Counties("XX").names == ()


_DEMO = Path(__file__).parents[3] / "deploy" / "demo"


def test_every_row_of_the_demonstration_files_makes_sense() -> None:
    hospital_file = open_hospital_file(_DEMO / "hospitals.csv", "KE")

    parsed = [hospital_file.parse(fields) for _, fields in hospital_file.rows()]
    records = [each.record for each in parsed if each is not None]
    assert len(records) >= 25
    assert {record.county for record in records} == {"Nairobi", "Mombasa", "Kisumu"}
    place_file = open_place_file(_DEMO / "places.csv", "KE")
    assert all(place_file.parse(fields) for _, fields in place_file.rows())
