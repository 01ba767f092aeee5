"""Positions and codes as the gateway takes them: names win, and nothing abroad is taken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.database.database import Database
from gateway.places.finder import PlaceFinder
from gateway.places.gazetteer import Gazetteer
from gateway.places.named_place import NamedPlace
from gateway.places.place_record import store_places
from shared.geo import distance_m
from shared.place import Place, PlaceKind
from shared.typed_position import Unreadable
from tests.gateway.places.test_finder import place

_NAIROBI = (-1.2921, 36.8219)
_RECORDS = (
    place("Nairobi", PlaceKind.TOWN, "Nairobi", *_NAIROBI),
    place("Kerugoya", PlaceKind.TOWN, "Kirinyaga", -0.4989, 37.2803),
    place("Lodwar", PlaceKind.TOWN, "Turkana", 3.12, 35.60),
    # Letters and digits of a geohash, and a real stage.
    place("Kz45 Stage", PlaceKind.STAGE, "Nairobi", -1.25, 36.90),
    place("Kzf0t", PlaceKind.STAGE, "Nairobi", -1.20, 36.95),
)


@pytest.fixture
def finder(database: Database) -> PlaceFinder:
    database.write(lambda connection: store_places(connection, _RECORDS, dry_run=False))
    return PlaceFinder(database, "KE")


@pytest.mark.parametrize(
    ("typed", "sure"),
    [
        ("-1.2921 36.8219", True),
        ("https://maps.google.com/?q=-1.2921,36.8219", True),
        ("nisaidie https://www.google.com/maps/@-1.2921,36.8219,17z", True),
        ("6GCRPR5C+5Q", True),
        ("PR5C+5Q Nairobi", True),
        ("niko PR5C+5Q, nairobi, haraka", True),
        ("tuko nairobi pr5c+5q", True),
        ("PR5C+5Q nairobbi", True),
        ('A"ML=1;lt=-1.29210;lg=+36.82190;rd=14;top=20261123171748;lc=68;pm=W', True),
        # The other way round: it has to be confirmed.
        ("36.8219, -1.2921", False),
    ],
)
def test_a_position_in_any_form_is_the_only_choice(
    finder: PlaceFinder, typed: str, sure: bool
) -> None:
    answer = finder.search(typed)
    (hit,) = answer.hits
    assert distance_m(hit.lat, hit.lon, *_NAIROBI) < 20
    assert (answer.sure, answer.likely) == (sure, True) if sure else not answer.sure


def test_a_geohash_is_a_position_unless_a_place_is_called_so(finder: PlaceFinder) -> None:
    answer = finder.search("kzf0tvm")
    assert answer.sure
    assert distance_m(answer.hits[0].lat, answer.hits[0].lon, *_NAIROBI) < 2_000
    assert finder.search("kzf0t").hits[0].name == "Kzf0t, Nairobi"
    assert finder.search("kerugoya").hits[0].name == "Kerugoya, Kirinyaga"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("https://maps.app.goo.gl/AbCdEf123", Unreadable.LINK),
        ("help https://maps.app.goo.gl/AbCdEf123", Unreadable.LINK),
        ("///filled.count.soap", Unreadable.THREE_WORDS),
        ("51.5072, -0.1276", Unreadable.ABROAD),
        ("9C3XGV4C+XV", Unreadable.ABROAD),
        ("PR5C+5Q", Unreadable.NO_LOCALITY),
        ("PR5C+5Q help me", Unreadable.NO_LOCALITY),
        ('A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;lc=0;pm=N', Unreadable.NO_FIX),
    ],
)
def test_what_nobody_can_use_gives_no_place_and_says_why(
    finder: PlaceFinder, typed: str, reason: Unreadable
) -> None:
    answer = finder.search(typed)
    assert (answer.hits, answer.sure, answer.likely) == ((), False, False)
    assert answer.unreadable is reason


@pytest.mark.parametrize(
    "typed",
    ["https://maps.google.com/?q=Lodwar", "niko lodwar https://maps.app.goo.gl/AbCdEf123"],
)
def test_words_in_and_beside_a_link_are_searched(finder: PlaceFinder, typed: str) -> None:
    answer = finder.search(typed)
    assert answer.hits[0].name == "Lodwar, Turkana"
    assert answer.unreadable is None


def _gazetteer() -> Gazetteer:
    named = [
        NamedPlace(
            Place(number, each.name, each.kind, each.county, "", each.lat, each.lon, each.radius_m)
        )
        for number, each in enumerate(_RECORDS, start=1)
    ]
    return Gazetteer(named, "KE")


_GAZETTEER = _gazetteer()


def test_a_short_code_counts_from_where_the_caller_is_if_no_place_is_named() -> None:
    (hit,) = _GAZETTEER.search("PR5C+5Q", near=(-1.1, 36.9))
    assert distance_m(hit.place.lat, hit.place.lon, *_NAIROBI) < 20
    (hit,) = _GAZETTEER.search("PR5C+5Q", county="Nairobi")
    assert distance_m(hit.place.lat, hit.place.lon, *_NAIROBI) < 20
    assert (hit.place.kind, hit.place.county) == (PlaceKind.POSITION, "Nairobi")
    assert _GAZETTEER.search("PR5C+5Q", county="Atlantis") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_whatever_is_typed_harms_nothing(typed: str) -> None:
    for hit in _GAZETTEER.search(typed):
        assert -5 < hit.place.lat < 6
        assert 33 < hit.place.lon < 43
    _GAZETTEER.mentioned(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "\U0001f691\U0001f525\U0001f198",
        "\x00\x01\x1b[31m\r\n\t",
        "\u202eيبوريان\u202c nairobi",
        "0" * 10_000,
        "kerugoya " * 1_200,
        "a" * 10_000,
        "ab " * 3_500,
        "نيروبي",
        "🇰🇪" * 2_000,
        "%s%n{0}${x}'; DROP TABLE places;--",
    ],
)
def test_rubbish_of_any_kind_and_length_is_answered(finder: PlaceFinder, typed: str) -> None:
    assert len(finder.search(typed).hits) <= 3
