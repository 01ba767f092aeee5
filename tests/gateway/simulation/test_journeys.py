"""What happens to a patient, each time worked out by hand."""

import pytest

from gateway.simulation.journey import LIMIT_MIN
from tests.gateway.simulation.small_worlds import (
    TEN_O_CLOCK,
    Truth,
    country,
    patient,
    play,
    site,
    trace,
)

# The near one is 20 min away (10 km of road), the far one 30 + 40 × 1.5 = 90 min; from the one to
# the other it is 45 km, 30 + 30 × 1.5 = 75 min.
NEAR_UNKNOWN = country(site(0, 10), site(1, 55, has=["theatre"]))
ONLY_FAR_OPERATES = Truth([[], ["theatre"]])


def test_who_is_sent_to_the_wrong_place_is_found_out_and_moved_on() -> None:
    played = trace([patient(["theatre"])], ONLY_FAR_OPERATES, beds=[2, 2])
    (journey,) = play(NEAR_UNKNOWN, played, "nearest")
    # 20 there, 30 to find out, 45 for a vehicle, 75 to the far one.
    assert journey.care_min == pytest.approx(20 + 30 + 45 + 75, abs=0.01)
    assert (journey.arrivals_unfit, journey.arrivals_full, journey.transfers) == (1, 0, 1)
    assert (journey.first, journey.treated_at) == (0, 1)


def test_who_is_sent_to_the_right_place_only_travels() -> None:
    played = trace([patient(["theatre"])], ONLY_FAR_OPERATES, beds=[2, 2])
    (journey,) = play(NEAR_UNKNOWN, played, "all-knowing")
    assert journey.care_min == pytest.approx(90, abs=0.01)
    assert (journey.arrivals_unfit, journey.transfers, journey.first) == (0, 0, 1)


def test_a_closed_door_costs_little_and_still_the_way() -> None:
    played = trace([patient([])], Truth([[], []], closed=[0]), beds=[2, 2])
    (journey,) = play(NEAR_UNKNOWN, played, "nearest")
    assert journey.care_min == pytest.approx(20 + 5 + 45 + 75, abs=0.01)
    assert journey.arrivals_unfit == 1


def test_a_bed_that_becomes_free_within_the_hour_is_waited_for() -> None:
    both = Truth([["theatre"], ["theatre"]])
    at_half_past = {0: [TEN_O_CLOCK + 50.0, TEN_O_CLOCK + 500.0]}
    played = trace([patient(["theatre"])], both, [2, 2], at_half_past)
    (journey,) = play(NEAR_UNKNOWN, played, "nearest")
    assert journey.care_min == pytest.approx(50)
    assert (journey.arrivals_full, journey.transfers) == (1, 0)


def test_two_who_wait_do_not_get_the_same_bed() -> None:
    both = Truth([["theatre"], ["theatre"]])
    taken = {0: [TEN_O_CLOCK + 50.0, TEN_O_CLOCK + 60.0]}
    played = trace([patient(["theatre"]), patient(["theatre"])], both, [2, 2], taken)
    journeys = play(NEAR_UNKNOWN, played, "nearest")
    assert [journey.care_min for journey in journeys] == pytest.approx([50, 60])


def test_a_hospital_that_stays_full_is_left_after_an_hour() -> None:
    both = Truth([["theatre"], ["theatre"]])
    taken = {0: [TEN_O_CLOCK + 500.0, TEN_O_CLOCK + 500.0]}
    played = trace([patient(["theatre"])], both, [2, 2], taken)
    (journey,) = play(NEAR_UNKNOWN, played, "nearest")
    assert journey.care_min == pytest.approx(20 + 60 + 45 + 75, abs=0.01)
    assert (journey.arrivals_full, journey.arrivals_unfit, journey.transfers) == (1, 0, 1)


def test_who_is_treated_nowhere_counts_with_the_limit() -> None:
    played = trace([patient(["ct"])], Truth([[], []]), beds=[2, 2])
    (journey,) = play(NEAR_UNKNOWN, played, "nearest")
    assert journey.untreated
    assert journey.care_min == LIMIT_MIN
    assert journey.arrivals_unfit == 2


def test_oxygen_on_the_way_is_help_and_not_yet_care() -> None:
    place = country(site(0, 10, has=["oxygen"], lacks=["theatre"]), site(1, 55, has=["theatre"]))
    truth = Truth([["oxygen"], ["theatre"]])
    played = trace([patient(["theatre"], stabilise=True)], truth, beds=[2, 2])
    (journey,) = play(place, played, "ours")
    assert journey.help_min == pytest.approx(20, abs=0.01)
    assert journey.care_min == pytest.approx(20 + 30 + 45 + 75, abs=0.01)


def test_a_hospital_that_answers_spares_the_way() -> None:
    played = trace([patient(["theatre"])], ONLY_FAR_OPERATES, [2, 2], answers=[0, 1])
    (silent,) = play(NEAR_UNKNOWN, played, "ours")
    (asked,) = play(NEAR_UNKNOWN, played, "ours-asking")
    assert silent.care_min == pytest.approx(20 + 30 + 45 + 75, abs=0.01)
    assert asked.care_min == pytest.approx(3 + 90, abs=0.01)
    assert asked.arrivals_unfit == 0
