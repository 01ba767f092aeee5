"""Positions that callers paste: a map link, a code, a phone's own message; and what nobody can
open.
"""

from pathlib import Path

import pytest

from gateway.database.database import Database
from gateway.places.finder import PlaceFinder
from gateway.places.place_record import store_places
from shared.geo import distance_m
from shared.place import PlaceKind
from tests.gateway.places.test_finder import place
from tests.journeys.world import World, build_world

_NAIROBI = (-1.2921, 36.8219)


@pytest.fixture
def kenya(database: Database, tmp_path: Path) -> World:
    records = [
        place("Nairobi", PlaceKind.TOWN, "Nairobi", *_NAIROBI),
        place("Lodwar", PlaceKind.TOWN, "Turkana", 3.12, 35.60),
    ]
    database.write(lambda connection: store_places(connection, records, dry_run=False))
    return build_world(database, tmp_path, places=PlaceFinder(database, "KE"))


@pytest.mark.parametrize(
    "words",
    [
        "help https://maps.google.com/?q=-1.2921,36.8219",
        "nisaidie PR5C+5Q Nairobi",
        "SOS 1.2921S 36.8219E",
        'A"ML=1;lt=-1.29210;lg=+36.82190;rd=14;top=20261123171748;lc=68;pm=W;ml=126',
    ],
)
def test_a_strangers_text_with_a_position_is_an_emergency_there(kenya: World, words: str) -> None:
    kenya.phone().texts(words)
    emergency = kenya.the_emergency()
    assert distance_m(emergency.lat, emergency.lon, *_NAIROBI) < 20
    assert emergency.radius_m <= 50


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("help https://maps.app.goo.gl/AbCdEf123", "cannot open links"),
        ("help ///filled.count.soap", "cannot open links"),
        ("help 51.5072, -0.1276", "not in this country"),
    ],
)
def test_what_nobody_can_open_is_asked_for_in_words(kenya: World, words: str, answer: str) -> None:
    phone = kenya.phone()
    phone.texts(words).reads(answer)
    assert kenya.the_emergency().lat is None
    # The same from whoever was asked already; then the words find it.
    phone.texts(words.removeprefix("help ")).reads(answer)
    phone.texts("lodwar")
    assert kenya.the_emergency().place_name == "Lodwar, Turkana"


def test_two_numbers_in_the_wrong_order_are_asked_about(kenya: World) -> None:
    phone = kenya.phone()
    phone.texts("help")
    phone.texts("36.8219, -1.2921")
    assert kenya.the_emergency().lat is None
    phone.texts("1")
    assert round(kenya.the_emergency().lat, 4) == _NAIROBI[0]


def test_coordinates_are_typed_by_ussd_too(kenya: World) -> None:
    kenya.phone().dials().chooses("1", "2", "6").types("-1.2921 36.8219").sees("END")
    assert round(kenya.the_emergency().lat, 4) == _NAIROBI[0]
