"""The grid leaves nobody out who is within the angle, anywhere on the earth."""

from math import cos, radians, sin

from hypothesis import given
from hypothesis import strategies as st

from gateway.hospitals.hospital_grid import HospitalGrid

_PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
_NEAR = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


def _within(here: tuple[float, float], there: tuple[float, float], angle: float) -> bool:
    lat, other = radians(here[0]), radians(there[0])
    between = radians(there[1] - here[1])
    return sin(lat) * sin(other) + cos(lat) * cos(other) * cos(between) >= cos(angle)


@given(_PLACES, st.lists(_PLACES), st.lists(_NEAR), st.floats(0, 0.2))
def test_all_within_the_angle_are_found(
    here: tuple[float, float],
    anywhere: list[tuple[float, float]],
    near: list[tuple[float, float]],
    angle: float,
) -> None:
    places = [
        *anywhere,
        *(
            (min(max(here[0] + north, -90.0), 90.0), (here[1] + east + 180) % 360 - 180)
            for north, east in near
        ),
    ]
    grid = HospitalGrid()
    for row, place in enumerate(places):
        grid.add(row, *place)
    found = grid.around(*here, angle)
    if found is None:
        return
    rows = found.rows().tolist()
    assert found.count() == len(rows)
    assert len(set(rows)) == len(rows)
    assert {row for row, place in enumerate(places) if _within(here, place, angle)} <= set(rows)


def test_who_has_moved_is_where_they_are_now() -> None:
    grid = HospitalGrid()
    grid.add(7, -1.28, 36.82)
    grid.add(8, -1.28, 36.82)
    assert sorted(_rows(grid, -1.3, 36.8)) == [7, 8]
    grid.remove(7, -1.28, 36.82)
    grid.add(7, 0.51, 35.27)
    assert _rows(grid, -1.3, 36.8) == [8]
    assert _rows(grid, 0.5, 35.3) == [7]


def test_degrees_of_longitude_are_shorter_away_from_the_equator() -> None:
    grid = HospitalGrid()
    grid.add(1, 60.0, 1.5)
    grid.add(2, 60.0, 4.0)
    found = grid.around(60.0, 0.0, radians(0.9))
    assert found is not None
    assert found.rows().tolist() == [1]


def test_at_the_pole_everybody_may_be_near() -> None:
    grid = HospitalGrid()
    grid.add(1, 89.9, 170.0)
    assert grid.around(89.95, -10.0, 0.01) is None


def _rows(grid: HospitalGrid, lat: float, lon: float) -> list[int]:
    found = grid.around(lat, lon, 0.001)
    assert found is not None
    return [int(row) for row in found.rows()]
