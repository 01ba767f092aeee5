"""What a caller is asked after typing a place: three choices, told apart, counties last."""

from collections.abc import Sequence

import pytest

from gateway.database.database import Database
from gateway.places.finder import PlaceFinder
from gateway.places.place_record import PlaceRecord, store_places
from shared.place import TYPICAL_RADIUS_M, PlaceKind


def place(
    name: str, kind: PlaceKind, county: str, lat: float, lon: float, parent: str = ""
) -> PlaceRecord:
    return PlaceRecord(
        source="test",
        source_id=f"{name}-{kind}-{lat}",
        name=name,
        kind=kind,
        county=county,
        parent=parent,
        lat=lat,
        lon=lon,
        radius_m=TYPICAL_RADIUS_M[kind],
        population=0,
        aliases=(),
    )


PLACES: Sequence[PlaceRecord] = (
    place("Kirinyaga", PlaceKind.COUNTY, "Kirinyaga", -0.50, 37.30),
    place("Kiine", PlaceKind.WARD, "Kirinyaga", -0.61, 37.18, "Ndia"),
    place("Kiine", PlaceKind.VILLAGE, "Kirinyaga", -0.62, 37.19, "Kiine"),
    place("Marafa", PlaceKind.TOWN, "Kilifi", -3.03, 39.96, "Magarini"),
    place("Marafa", PlaceKind.VILLAGE, "Kilifi", -3.60, 39.60, "Ganze"),
    place("Lodwar", PlaceKind.TOWN, "Turkana", 3.12, 35.60),
)


@pytest.fixture
def finder(database: Database) -> PlaceFinder:
    database.write(lambda c: store_places(c, PLACES, dry_run=False))
    return PlaceFinder(database, "KE")


def names(finder: PlaceFinder, typed: str) -> list[str]:
    return [hit.name for hit in finder.search(typed).hits]


def test_a_county_in_the_text_says_where_the_place_is(finder: PlaceFinder) -> None:
    assert names(finder, "kiine kirinyaga")[0] == "Kiine, Kirinyaga"


def test_a_ward_and_its_village_of_one_name_are_one_choice(finder: PlaceFinder) -> None:
    assert names(finder, "kiine").count("Kiine, Kirinyaga") == 1


def test_far_places_of_one_name_are_told_apart(finder: PlaceFinder) -> None:
    assert set(names(finder, "marafa")[:2]) == {"Marafa, Magarini", "Marafa, Ganze"}
    assert not finder.search("marafa").sure


def test_the_only_place_of_that_name_needs_no_asking(finder: PlaceFinder) -> None:
    answer = finder.search("Lodwar")
    assert answer.sure
    assert answer.hits[0].name == "Lodwar, Turkana"


def test_a_misspelt_name_is_always_asked_about(finder: PlaceFinder) -> None:
    answer = finder.search("lodwr")
    assert not answer.sure
    assert answer.hits[0].name == "Lodwar, Turkana"


def test_a_typed_position_is_taken_as_it_is(finder: PlaceFinder) -> None:
    answer = finder.search("-1.2921, 36.8219")
    assert answer.sure
    assert (answer.hits[0].lat, answer.hits[0].lon) == (-1.2921, 36.8219)


@pytest.mark.parametrize("typed", ["", "??", "xqzw vjkq", "*" * 200])
def test_rubbish_finds_nothing_and_harms_nothing(finder: PlaceFinder, typed: str) -> None:
    assert not finder.search(typed).sure


@pytest.mark.parametrize(
    "cry", ["help", "nisaidie", "sos", "help my wife is bleeding", "saidieni!"]
)
def test_a_cry_that_names_no_place_is_not_taken_for_one(finder: PlaceFinder, cry: str) -> None:
    assert not finder.search(cry).likely


@pytest.mark.parametrize("cry", ["help lodwar", "nisaidie ajali Lodwar", "SOS lodwar"])
def test_words_that_cry_for_help_do_not_hide_the_place(finder: PlaceFinder, cry: str) -> None:
    answer = finder.search(cry)
    assert answer.sure
    assert answer.hits[0].name == "Lodwar, Turkana"


@pytest.mark.parametrize("cry", ["help lodwr", "help marafa"])
def test_a_cry_near_a_place_is_asked_about(finder: PlaceFinder, cry: str) -> None:
    answer = finder.search(cry)
    assert (answer.sure, answer.likely) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "baba ameanguka hapumui vizuri tuko Lodwar karibu na soko",
        "my mother has been bleeding since morning, lodwar, come quickly please",
    ],
)
def test_a_place_named_inside_a_sentence_is_offered(finder: PlaceFinder, text: str) -> None:
    answer = finder.search(text)
    assert (answer.sure, answer.likely) == (False, True)
    assert answer.hits[0].name == "Lodwar, Turkana"


def test_surroundings_named_elsewhere_in_a_sentence_tell_which_one_comes_first(
    finder: PlaceFinder,
) -> None:
    text = "ganze: the house of my brother in marafa is burning and two people are inside it"
    assert names(finder, text)[0] == "Marafa, Ganze"
