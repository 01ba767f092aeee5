"""Distances against known ones, and what counts as a position."""

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidInput
from shared.geo import COUNTRY_BOXES, check_in_country, check_position, distance_m, looks_swapped

_KENYA = COUNTRY_BOXES["KE"]
_LATITUDES = st.floats(-4.6, 4.6)
_LONGITUDES = st.floats(34.0, 41.8)


@given(_LATITUDES, _LONGITUDES, _LATITUDES, _LONGITUDES)
def test_great_circles_agree_with_the_geodesic_to_one_percent(
    lat: float, lon: float, other_lat: float, other_lon: float
) -> None:
    exact_m = geodesic((lat, lon), (other_lat, other_lon)).meters
    assert distance_m(lat, lon, other_lat, other_lon) == pytest.approx(exact_m, rel=0.01, abs=0.01)


def test_the_far_side_of_the_earth_has_a_distance() -> None:
    assert distance_m(0, 0, 0, 180) == pytest.approx(20_015_114, rel=1e-4)
    assert distance_m(-1.3, 36.8, -1.3, 36.8) == 0


@pytest.mark.parametrize(
    ("lat", "lon", "words"),
    [
        (float("nan"), 36.8, "not a number"),
        (1.0, float("inf"), "not a number"),
        (91.0, 36.8, "not on the earth"),
        (-1.3, 181.0, "not on the earth"),
        (0.0, 0.0, "nobody knows"),
    ],
)
def test_what_is_no_position_is_refused_with_the_reason(lat: float, lon: float, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        check_position(lat, lon)


@given(_LATITUDES, _LONGITUDES)
def test_every_swapped_position_in_kenya_is_noticed(lat: float, lon: float) -> None:
    assert not looks_swapped(lat, lon, _KENYA)
    assert looks_swapped(lon, lat, _KENYA)
    with pytest.raises(InvalidInput, match="swapped"):
        check_in_country(lon, lat, "KE")
    check_in_country(lat, lon, "KE")


def test_a_position_in_another_country_is_refused_unless_its_box_is_unknown() -> None:
    with pytest.raises(InvalidInput, match="outside KE"):
        check_in_country(51.5, -0.1, "KE")
    check_in_country(51.5, -0.1, "XX")
