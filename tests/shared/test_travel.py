"""The default travel model: its settings, its peak hours, and that farther never takes less."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidInput
from shared.hospital import Hospital
from shared.travel import GreatCircleTravel, Origin

# Wednesday 10:30 in Nairobi, and 17:00 on the same day.
_QUIET = datetime(2026, 3, 4, 7, 30, tzinfo=UTC)
_RUSH = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
_SATURDAY = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)


def _minutes(
    urban: bool | None, depart_at: datetime, lon: float = 36.9, radius: float = 0
) -> float:
    hospital = Hospital(1, "There", 4, "Nairobi", -1.3, lon, 0, 0)
    origin = Origin(-1.3, 36.8, radius, urban)
    return GreatCircleTravel().minutes(origin, [hospital], depart_at)[0]


def test_eleven_kilometres_of_city_take_47_minutes_and_more_in_the_rush_hour() -> None:
    # 11.116 km × 1.4 = 15.562 km of road: 15 km at 20 km/h, the rest at 40 km/h.
    assert _minutes(True, _QUIET) == pytest.approx(45 + 0.562 / 40 * 60, abs=0.05)
    assert _minutes(True, _RUSH) == pytest.approx(67.5 + 0.562 / 40 * 60, abs=0.05)
    assert _minutes(True, _SATURDAY) == _minutes(True, _QUIET)


def test_the_countryside_is_faster_and_has_no_rush_hour() -> None:
    assert _minutes(False, _QUIET) == pytest.approx(15.562 / 40 * 60, abs=0.05)
    assert _minutes(False, _RUSH) == _minutes(False, _QUIET)
    assert _minutes(False, _QUIET) < _minutes(None, _QUIET) < _minutes(True, _QUIET)


def test_a_rough_place_is_never_at_the_door() -> None:
    assert _minutes(True, _QUIET, lon=36.8) == 0
    assert _minutes(True, _QUIET, lon=36.8, radius=3000) == pytest.approx(8.9, abs=0.1)


@given(
    st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from([True, False, None]), st.floats(0, 1e5)
)
def test_farther_never_takes_less(near: float, far: float, urban: bool, radius: float) -> None:
    model = GreatCircleTravel()
    pace = model.pace(urban, _RUSH)
    near, far = min(near, far), max(near, far)
    assert pace.minutes(model.road_m(near, radius)) <= pace.minutes(model.road_m(far, radius))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: GreatCircleTravel(detour=0.9), "detour"),
        (lambda: GreatCircleTravel(urban_kmh=0), "urban_kmh"),
        (lambda: GreatCircleTravel(rural_kmh=float("nan")), "rural_kmh"),
        (lambda: GreatCircleTravel(stretch_m=-1), "stretch_m"),
        (lambda: GreatCircleTravel(peak_factor=0.5), "peak_factor"),
        (lambda: GreatCircleTravel(peak_hours=((9, 7),)), "peak_hours"),
    ],
)
def test_settings_without_sense_are_refused_by_name(make: object, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        make()  # type: ignore[operator]
