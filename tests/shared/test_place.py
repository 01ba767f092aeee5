"""How a place is called."""

from shared.place import Place, PlaceKind


def test_a_label_tells_places_of_one_name_apart_and_says_nothing_twice() -> None:
    def label(name: str, parent: str, county: str) -> str:
        return Place(1, name, PlaceKind.WARD, county, parent, -1.0, 37.0, 10.0).label

    assert label("Olympic", "Kibra", "Nairobi") == "Olympic, Kibra, Nairobi"
    assert label("Nairobi", "", "Nairobi") == "Nairobi"
