"""The way out for whoever cannot spell the place: county, part of it, ward."""

from shared.emergency import EmergencyState
from tests.journeys.world import World

NAIROBI_WEST = (-1.3100, 36.8000)


def test_a_place_that_is_not_found_is_chosen_by_county_and_ward(world: World) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("xyzzy").sees("Not found")
    phone.chooses("1").sees("Which county?", "3 Nairobi").types("nai").sees("1 Nairobi")
    phone.chooses("1").sees("Which part of Nairobi?", "1 Kibra").chooses("1")
    phone.sees("Which ward?", "1 Laini Saba", "2 Sarangombe").chooses("2")
    phone.sees("END", "Telling Mbagathi Hospital")
    assert box.rings().place_name == "Sarangombe"


def test_none_of_the_places_leads_to_the_counties_too(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("olympic").chooses("4")
    phone.types("olympic").chooses("4").sees("Which county?")


def test_without_wards_the_towns_of_the_county_are_offered(world: World) -> None:
    world.hospital("Jaramogi", -0.0890, 34.7700)
    phone = world.phone().dials().chooses("1", "2", "6").types("xyzzy").chooses("1", "1")
    phone.sees("Nearest town in Kisumu?").chooses("1").sees("END", "Telling Jaramogi")


def test_who_knows_the_county_alone_is_left_to_operators_with_it(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("xyzzy").chooses("1", "3", "1", "9")
    phone.sees("END", "We need the place")
    emergency = world.the_emergency()
    assert emergency.state == EmergencyState.UNANSWERED
    assert emergency.place_text == "xyzzy, Kibra, Nairobi"
    assert emergency.lat is None


def test_a_county_without_any_place_is_left_to_operators(world: World) -> None:
    phone = world.phone().dials().chooses("1", "2", "6").types("xyzzy").chooses("1", "2")
    phone.sees("END", "We need the place")
    assert world.the_emergency().place_text == "xyzzy, Mombasa"


def test_an_area_chosen_before_goes_with_no_other_place(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    phone = world.phone().dials().chooses("1", "2", "6").types("xyzzy").chooses("1", "3", "0", "0")
    phone.types("kibra").sees("END", "Telling")
    assert world.the_emergency().place_text == "kibra"
