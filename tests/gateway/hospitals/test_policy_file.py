"""Matching's settings as a file: what it may say, and what is refused in words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.hospitals.policy_file import load_match_policy
from shared.capability import Capability
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.match_policy import MatchPolicy

_WHOLE = """
distance_weight = 0.5
capacity_weight = 0.2
specialty_weight = 0.3
lowest_level = 4
unknown_penalty = 0.4
local_time = "Africa/Kampala"

[tiers_min]
critical = [30, 60, 120]

[assumed_beds]
4 = 10

[capability_weights]
blood = 2
ct = 0.5

[travel]
detour = 1.3
urban_kmh = 15
peak_hours = [[7, 9], [17, 19.5]]
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_the_file_says_counts_and_the_rest_is_havens(tmp_path: Path) -> None:
    policy = load_match_policy(_written(tmp_path, _WHOLE))
    default = MatchPolicy()
    assert (policy.distance_weight, policy.capacity_weight) == (0.5, 0.2)
    assert policy.lowest_level == 4
    assert policy.tiers_min[Priority.CRITICAL] == (30, 60, 120)
    assert policy.tiers_min[Priority.MEDIUM] == default.tiers_min[Priority.MEDIUM]
    assert (policy.assumed_beds[4], policy.assumed_beds[5]) == (10, default.assumed_beds[5])
    weights = {**default.capability_weights, Capability.BLOOD: 2, Capability.CT: 0.5}
    assert policy.capability_weights == weights
    assert (policy.travel.detour, policy.travel.rural_kmh) == (1.3, default.travel.rural_kmh)
    assert policy.travel.peak_hours == ((7, 9), (17, 19.5))
    noon = datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert policy.day_window_min(noon) == default.day_window_min(noon)
    assert str(policy.local_time) == str(policy.travel.local_time) == "Africa/Kampala"


def test_an_empty_file_is_havens_policy(tmp_path: Path) -> None:
    assert load_match_policy(_written(tmp_path, "# nothing yet\n")) == MatchPolicy()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("distance_weight = 0.9", "must add up to 1"),
        ("distance_wait = 0.4", "there is no setting 'distance_wait'"),
        ("lowest_level = 3.5", "should be a whole number"),
        ("lowest_level = true", "should be a whole number"),
        ('referral_min = "180"', "should be a number"),
        ("referral_min = nan", "give more than 0"),
        ("tiers_min = [60]", "should be a table"),
        ("[tiers_min]\nurgent = [60]", "critical, high or medium"),
        ("[tiers_min]\ncritical = []", "give minutes above 0"),
        ("[tiers_min]\ncritical = [60, 30]", "each more than the one before"),
        ("[assumed_beds]\n7 = 3", "levels are 0"),
        ("[assumed_beds]\n4 = 0", "give 1 to 1000"),
        ("[capability_weights]\nmagic = 2", "Unknown capability code"),
        ("[capability_weights]\nblood = -1", "give more than 0"),
        ("[travel]\nspeed = 30", "there is no setting 'speed'"),
        ("[travel]\nurban_kmh = 900", "give a speed from 1 to 200"),
        ("[travel]\npeak_hours = [7, 9]", "are pairs"),
        ("[travel]\npeak_hours = [[9, 7]]", "the earlier one first"),
        ('local_time = "Kenya/Nowhere"', "give a time zone"),
        ("stabilise_overload = -1", "stabilise_overload is -1"),
        ("stop_level = 4.5", "should be a whole number"),
        ("stop_nearer_min = -1", "give 0 or more"),
        ("stop_level = 8", "stop_level is 8"),
        ("is_holiday = 1", "there is no setting 'is_holiday'"),
        ("surge_share = 9", "give 0 to 5"),
        ("mass_casualty_patients = 1", "give 2 to 1000"),
        ("distance_weight = ", "is no TOML file"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=r"^policy\.toml") as refused:
        load_match_policy(_written(tmp_path, text))
    assert says in str(refused.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="is no TOML file"):
        load_match_policy(path)


def test_a_weight_that_is_set_leaves_the_others(tmp_path: Path) -> None:
    policy = load_match_policy(_written(tmp_path, "[capability_weights]\nblood = 3\n"))
    assert policy.capability_weights == {
        **MatchPolicy().capability_weights,
        Capability.BLOOD: 3,
    }
    again = load_match_policy(_written(tmp_path, "[capability_weights]\nemergency_24h = 1\n"))
    assert again.capability_weights == {Capability.EMERGENCY_24H: 1}


def test_how_far_nobody_passes_a_hospital_is_a_setting(tmp_path: Path) -> None:
    policy = load_match_policy(
        _written(tmp_path, "stop_nearer_min = 1000\nstop_level = 5\nbelow_level_min = 0\n")
    )
    assert (policy.stop_nearer_min, policy.stop_level, policy.below_level_min) == (1000, 5, 0)
