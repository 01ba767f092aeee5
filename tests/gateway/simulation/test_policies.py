"""Whom each policy sends a patient to first, by hand."""

import pytest

from gateway.simulation.country import Country
from gateway.simulation.policies import POLICIES
from gateway.simulation.settings import Settings
from shared.emergency import Priority
from shared.errors import InvalidInput
from tests.gateway.simulation.small_worlds import (
    TEN_O_CLOCK,
    Truth,
    country,
    patient,
    play,
    site,
    trace,
)

_MIDNIGHT = 1440.0


def first(
    place: Country,
    policy: str,
    needs: list[str],
    reports: list[tuple[float, int]] | None = None,
    taken: dict[int, list[float]] | None = None,
    at: float = TEN_O_CLOCK,
) -> int | None:
    beds = [4] * len(place.sites)
    truth = Truth([["theatre", "ct", "oxygen"]] * len(beds))
    played = trace([patient(needs, at=at)], truth, beds, taken, reports or [])
    (journey,) = play(place, played, policy)
    return journey.first


# 20, 90 and 165 min away.
THREE = country(site(0, 10, lacks=["theatre"]), site(1, 55), site(2, 105, has=["theatre"], level=5))


@pytest.mark.parametrize(
    ("policy", "needs", "row"),
    [
        ("nearest", ["theatre"], 0),
        ("nearest-capable", ["theatre"], 1),
        # 0.333 + 0.150 + 0 = 0.483 against 0.100 + 0.150 + 0.120 = 0.37 and 0.45 of the third.
        ("plain-score", ["theatre"], 0),
        ("plain-score-1h", ["theatre"], 2),
        # 0.250 + 0.150 + 0.3 × 0.4 = 0.52 against 0.125 + 0.150 + 0.300 = 0.575.
        ("plain-score-4h", ["theatre"], 2),
        # 90 + 0.6 × 180 = 198 min against 165.
        ("least-time", ["theatre"], 2),
        # The nearest tier with one that is known to have it is the third, of 4 h, and scores as the
        # plain one does there; on so long a way nobody critical passes the first.
        ("ours", ["theatre"], 0),
        ("all-knowing", ["theatre"], 0),
        ("nearest", [], 0),
        ("plain-score", [], 0),
        ("least-time", [], 0),
        ("ours", [], 0),
    ],
)
def test_three_hospitals_on_one_road(policy: str, needs: list[str], row: int) -> None:
    assert first(THREE, policy, needs) == row


def test_a_report_that_a_hospital_is_full_turns_those_away_who_listen() -> None:
    place = country(site(0, 10, has=["theatre"]), site(1, 20, has=["theatre"]))
    taken = {0: [TEN_O_CLOCK + 500.0] * 4}
    reports = [(TEN_O_CLOCK - 1.0, 0), (TEN_O_CLOCK - 1.0, 1)]
    heard = {
        policy: first(place, policy, ["theatre"], reports, taken)
        for policy in POLICIES
        if policy != "all-knowing"
    }
    assert heard == {
        "nearest": 0,
        "nearest-capable": 0,
        "plain-score": 1,
        "plain-score-1h": 1,
        "plain-score-4h": 1,
        "least-time": 1,
        "ours-forgetful": 1,
        "ours": 1,
        "ours-asking": 1,
    }


def test_what_a_hospital_has_shown_is_remembered() -> None:
    place = country(site(0, 10), site(1, 60, has=["theatre"]))
    truth = Truth([["oxygen"], ["theatre", "oxygen"]])
    later = TEN_O_CLOCK + 600.0
    patients = [patient(["theatre"], at=at, priority=Priority.HIGH) for at in (TEN_O_CLOCK, later)]
    for policy, second in (("ours", 1), ("ours-forgetful", 0)):
        played = trace(patients, truth, [4, 4])
        assert [journey.first for journey in play(place, played, policy)] == [0, second]


def test_our_own_assignments_count_before_the_next_report() -> None:
    place = country(site(0, 10), site(1, 11))
    reports = [(TEN_O_CLOCK - 1.0, 0), (TEN_O_CLOCK - 1.0, 1)]
    played = trace([patient([]) for _ in range(8)], Truth([[], []]), [4, 4], reports=reports)
    firsts = [journey.first for journey in play(place, played, "ours")]
    assert firsts.count(0) == firsts.count(1) == 4
    assert {journey.first for journey in play(place, played, "nearest")} == {0}


def test_a_health_centre_without_a_night_service_is_not_named_at_night() -> None:
    place = country(site(0, 10, level=3, open_24h=False), site(1, 30))
    for policy in ("nearest", "nearest-capable", "plain-score", "least-time", "ours"):
        assert first(place, policy, []) == 0
        assert first(place, policy, [], at=_MIDNIGHT) == 1


def test_below_level_three_nobody_is_sent_while_another_can_treat() -> None:
    place = country(site(0, 10, level=2), site(1, 30))
    assert first(place, "nearest", []) == 1
    assert first(place, "ours", []) == 1


def test_a_policy_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="There are: nearest, nearest-capable"):
        Settings(policies=("the-best",))
