"""The way to a place by county, part of it, and ward."""

from pathlib import Path

import pytest

from gateway.places.areas import Areas
from gateway.places.importers.wards import WardFile
from shared.place import Place, PlaceKind

WARDS = Path("../shared/data/kenya_wards_centroids.csv")


def place(name: str, kind: PlaceKind, county: str, parent: str = "") -> Place:
    return Place(hash(name) % 1000, name, kind, county, parent, -1.0, 36.0, 1000.0)


AREAS = Areas(
    [
        place("Nairobi", PlaceKind.COUNTY, "Nairobi"),
        place("Laini Saba", PlaceKind.WARD, "Nairobi", "Kibra"),
        place("Karen", PlaceKind.WARD, "Nairobi", "Langata"),
        place("Kibera", PlaceKind.VILLAGE, "Nairobi", "Kibra"),
        place("Ahero", PlaceKind.TOWN, "Kisumu"),
        place("Maseno", PlaceKind.TOWN, "Kisumu"),
        place("Kombewa", PlaceKind.VILLAGE, "Kisumu"),
        place("Likoni Ferry", PlaceKind.STAGE, "Mombasa"),
        place("Nowhere", PlaceKind.VILLAGE, ""),
    ]
)


def test_every_county_with_a_place_is_named_once() -> None:
    assert AREAS.counties == ["Kisumu", "Mombasa", "Nairobi"]


def test_wards_lie_in_parts_of_the_county() -> None:
    assert AREAS.sub_counties("Nairobi") == ["Kibra", "Langata"]
    assert [ward.name for ward in AREAS.wards("Nairobi", "Kibra")] == ["Laini Saba"]
    assert AREAS.wards("Nairobi", "Westlands") == []
    assert AREAS.sub_counties("Kisumu") == []


def test_without_wards_there_is_something_to_choose_in_every_county() -> None:
    assert [town.name for town in AREAS.towns("Kisumu")] == ["Ahero", "Maseno"]
    assert [town.name for town in AREAS.towns("Mombasa")] == ["Likoni Ferry"]
    assert AREAS.towns("Nowhere") == []


def test_a_town_that_two_sources_name_is_offered_once() -> None:
    again = Place(2001, "Ahero", PlaceKind.TOWN, "Kisumu", "Nyando", -1.01, 36.01, 1000.0)
    far = Place(2002, "Ahero", PlaceKind.TOWN, "Kisumu", "Seme", -1.5, 36.5, 1000.0)
    towns = Areas([place("Ahero", PlaceKind.TOWN, "Kisumu"), again, far]).towns("Kisumu")
    assert [town.lat for town in towns] == [-1.0, -1.5]


@pytest.mark.skipif(not WARDS.exists(), reason="the wards are not beside the project")
def test_every_ward_of_the_country_is_four_choices_away() -> None:
    file = WardFile(WARDS, "KE")
    records = [file.parse(fields).record for _, fields in file.rows()]
    wards = [
        Place(number, each.name, each.kind, each.county, each.parent, each.lat, each.lon, 1.0)
        for number, each in enumerate(records)
    ]
    areas = Areas(wards)
    found = {
        (county, part, ward.name)
        for county in areas.counties
        for part in areas.sub_counties(county)
        for ward in areas.wards(county, part)
    }
    assert len(areas.counties) == 47
    assert found == {(ward.county, ward.parent, ward.name) for ward in wards}
