"""The towns that come with Haven, beside places of one's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.bootstrap import Gateway, load_or_make_keys, open_database, open_gateway
from gateway.machine import real_system
from gateway.places.place_record import PlaceRecord, store_places
from shared.place import TYPICAL_RADIUS_M, PlaceKind
from tests.journeys.world import config_for

# Maseno and Kisumu come with Haven too, a little further off.
_OWN = tuple(
    PlaceRecord("test", name, name, kind, county, "", lat, lon, TYPICAL_RADIUS_M[kind])
    for name, kind, county, lat, lon in (
        ("Kibera", PlaceKind.VILLAGE, "Nairobi", -1.313, 36.788),
        ("Maseno", PlaceKind.TOWN, "Kisumu", -0.005, 34.600),
        ("Kisumu", PlaceKind.COUNTY, "Kisumu", -0.25, 34.90),
    )
)


@pytest.fixture
def starts(tmp_path: Path) -> Callable[..., Gateway]:
    """A gateway that starts where places were imported before its first start."""

    def start(**variables: str) -> Gateway:
        config = config_for(tmp_path, **variables)
        database = open_database(config, load_or_make_keys(config))
        database.write(lambda connection: store_places(connection, _OWN, dry_run=False))
        database.close()
        return open_gateway(config, real_system())

    return start


def test_own_places_take_no_town_away(starts: Callable[..., Gateway]) -> None:
    places = starts().services.places
    assert len(places.counties()) == 47
    assert places.search("nakuru").hits[0].name.startswith("Nakuru")
    assert places.search("kibera").sure


def test_a_place_that_both_name_is_offered_once(starts: Callable[..., Gateway]) -> None:
    places = starts().services.places
    for typed in ("maseno", "kisumu", "nakuru"):
        names = [hit.name for hit in places.search(typed).hits]
        assert len(names) == len(set(names)), names
    assert places.search("maseno").sure
    towns = [town.name for town in places.towns("Kisumu")]
    assert towns.count("Maseno") == 1
    assert "Kisumu" in towns


def test_whoever_wants_only_their_own_places_says_so(starts: Callable[..., Gateway]) -> None:
    places = starts(HAVEN_DEFAULT_PLACES="no").services.places
    assert list(places.counties()) == ["Kisumu", "Nairobi"]
    assert not any(hit.name.startswith("Nakuru") for hit in places.search("nakuru").hits)
