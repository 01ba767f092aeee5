"""Typed positions, and how a place is called."""

import pytest

from shared.place import Place, PlaceKind, parse_position


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-1.2921, 36.8219", (-1.2921, 36.8219)),
        ("-1.2921,36.8219", (-1.2921, 36.8219)),
        (" -1.2921 36.8219 ", (-1.2921, 36.8219)),
        ("+0.09,34.76", (0.09, 34.76)),
        ("1, 2", None),
        ("45", None),
        ("githurai 45", None),
        ("-1.2921", None),
        ("-1.2921, 36.8219, 3", None),
        ("", None),
    ],
)
def test_a_typed_position_is_understood_and_nothing_else_is(
    text: str, expected: tuple[float, float] | None
) -> None:
    assert parse_position(text) == expected


def test_a_label_tells_places_of_one_name_apart_and_says_nothing_twice() -> None:
    def label(name: str, parent: str, county: str) -> str:
        return Place(1, name, PlaceKind.WARD, county, parent, -1.0, 37.0, 10.0).label

    assert label("Olympic", "Kibra", "Nairobi") == "Olympic, Kibra, Nairobi"
    assert label("Nairobi", "", "Nairobi") == "Nairobi"
