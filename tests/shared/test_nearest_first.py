"""Looking at the nearest first gives what looking at all of them gives, or says that it cannot."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.capability import Capability
from shared.emergency import Priority
from shared.geo import distance_m
from shared.hospital import Availability, Hospital, HospitalStatus
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Role, rank
from shared.nearest_first import rank_nearest_first
from tests.bench import matching as seeded

Pair = tuple[Hospital, Availability]
_POLICY = MatchPolicy()
_HERE = MatchQuery(0.5, 36.0, 0.0, Capability.CT, Priority.CRITICAL, seeded.NOW, urban=False)
_BEDS = Availability(staffed_beds=20, free_beds=20, reported_at=seeded.NOW)


class Known:
    """All hospitals, of which only so many within `until_min` can be looked at one by one;
    `looked_at` is how many were.
    """

    def __init__(
        self,
        query: MatchQuery,
        pairs: list[Pair],
        policy: MatchPolicy = _POLICY,
        *,
        first_min: float = inf,
        most: int = 1_000_000,
        until_min: float = inf,
    ) -> None:
        def metres(pair: Pair) -> float:
            return distance_m(query.lat, query.lon, pair[0].lat, pair[0].lon)

        pace = policy.travel.pace(query.urban, query.depart_at)
        self._nearest = [
            (pace.minutes(policy.travel.road_m(metres(pair), query.radius_m)), pair)
            for pair in sorted(pairs, key=metres)
        ]
        self._first_min, self._most, self._until_min = first_min, most, until_min
        self._told = 0
        self.looked_at = 0

    def first_min(self, tier_min: float) -> float:
        return min(self._first_min, tier_min)

    def ring(self, reach_min: float) -> Iterator[Pair] | None:
        within = sum(travel_min <= reach_min for travel_min, _ in self._nearest)
        if within > self._most or reach_min > self._until_min:
            return None
        ring = self._nearest[self._told : within]
        self._told = max(self._told, within)
        return map(self._look_at, ring)

    def _look_at(self, each: tuple[float, Pair]) -> Pair:
        self.looked_at += 1
        return each[1]


def hospital(number: int, north: float, has: int = Capability.CT, lacks: int = 0) -> Hospital:
    """A hospital so many degrees north of the patient."""
    return Hospital(number, f"H{number}", 4, "X", 0.5 + north, 36.0, has, lacks, open_24h=True)


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([3, 30, 200]),
    st.sampled_from([1, 2, 5]),
    st.sampled_from(
        [
            _POLICY,
            MatchPolicy(
                distance_weight=0.0,
                capacity_weight=0.5,
                specialty_weight=0.5,
                stabilise_nearer_min=0.0,
            ),
            MatchPolicy(tiers_min=dict.fromkeys(Priority, (20.0, 30.0, 90.0, 300.0))),
        ]
    ),
    st.sampled_from([1.0, 7.0, 45.0, inf]),
    st.sampled_from([0, 5, 40, 1000]),
)
def test_it_is_what_the_whole_ranking_begins_with(
    seed: int, count: int, limit: int, policy: MatchPolicy, first_min: float, most: int
) -> None:
    rng = Random(seed)
    pairs = seeded.hospitals(count, rng)
    query = seeded.query(rng)
    # Where most of them are.
    query = replace(query, lat=pairs[0][0].lat + 0.01, lon=pairs[0][0].lon)
    around = Known(query, pairs, policy, first_min=first_min, most=most)
    found, counts_min = rank_nearest_first(query, around, policy, seeded.NOW, limit)
    whole = rank(query, pairs, policy, seeded.NOW)[:limit]
    if found is None:
        # Who can look at everybody decides everything.
        assert count > most
    elif found:
        assert found == whole
    else:
        assert not any(match.tier for match in whole)
    treating = [match for match in whole if match.tier and match.role is Role.TREAT]
    assert all(match.travel_min <= counts_min for match in treating)


@pytest.mark.parametrize("assigned", [-3, 0, 3])
@pytest.mark.parametrize("staffed", [None, 4, 40])
def test_who_is_further_away_and_better_is_not_passed_over(
    staffed: int | None, assigned: int
) -> None:
    """Many near ones of which little is known, and behind them one whose ward is emptier."""
    near = [(hospital(number, 0.2 + number / 1000), Availability()) for number in range(1, 8)]
    beds = replace(_BEDS, staffed_beds=staffed, free_beds=4, assigned_since=assigned)
    pairs = [*near, (hospital(9, 0.22), beds)]
    found = rank_nearest_first(_HERE, Known(_HERE, pairs), _POLICY, seeded.NOW, 2).matches
    assert found == rank(_HERE, pairs, _POLICY, seeded.NOW)[:2]


def test_it_stops_where_nobody_can_be_better() -> None:
    pairs = [(hospital(number, number / 200), _BEDS) for number in range(1, 100)]
    around = Known(_HERE, pairs)
    found = rank_nearest_first(_HERE, around, _POLICY, seeded.NOW, 1).matches
    assert found is not None
    assert [match.hospital_id for match in found] == [1]
    assert around.looked_at < 20


def test_a_crowd_is_looked_at_as_far_as_it_counts() -> None:
    """The first few set the score that the others have to reach."""
    pairs = [(hospital(number, number / 200), _BEDS) for number in range(1, 100)]
    around = Known(_HERE, pairs, first_min=5.0, most=20)
    found = rank_nearest_first(_HERE, around, _POLICY, seeded.NOW, 1).matches
    assert found == rank(_HERE, pairs, _POLICY, seeded.NOW)[:1]
    around = Known(_HERE, pairs, first_min=2.5, most=4)
    undecided = rank_nearest_first(_HERE, around, _POLICY, seeded.NOW, 1)
    assert undecided.matches is None
    assert undecided.counts_min < _POLICY.tiers_min[Priority.CRITICAL][0]


@pytest.mark.parametrize(
    "nearby",
    [
        [(hospital(1, 0.01, 0, Capability.CT), _BEDS)],
        [(hospital(1, 0.01), Availability(HospitalStatus.CLOSED))],
        [(hospital(1, 0.01, 0, 0), _BEDS)],
        [(hospital(1, 0.7), _BEDS)],
        [],
    ],
    ids=["lacks it", "closed", "unknown", "further away", "nobody"],
)
def test_the_nearest_tier_decides_only_where_somebody_is_known_there(nearby: list[Pair]) -> None:
    around = Known(_HERE, nearby, until_min=60.0)
    assert rank_nearest_first(_HERE, around, _POLICY, seeded.NOW, 1).matches is None


def test_who_is_full_is_asked_where_nobody_has_room() -> None:
    full = hospital(1, 0.01), replace(_BEDS, free_beds=0)
    found = rank_nearest_first(_HERE, Known(_HERE, [full]), _POLICY, seeded.NOW, 1).matches
    assert found == rank(_HERE, [full], _POLICY, seeded.NOW)
    assert [(match.hospital_id, match.full) for match in found] == [(1, True)]


def test_nobody_in_reach_can_treat() -> None:
    lacks = hospital(1, 0.01, 0, Capability.CT), _BEDS
    beyond = hospital(2, 3.0), _BEDS
    around = Known(_HERE, [lacks, beyond])
    assert rank_nearest_first(_HERE, around, _POLICY, seeded.NOW, 1).matches == []


def test_who_stabilises_first_is_found_among_those_that_cannot_treat() -> None:
    query = replace(_HERE, stabilise_first=True)
    near = hospital(1, 0.01, Capability.OXYGEN, Capability.CT)
    pairs = [(near, _BEDS), *((hospital(number, 0.2), _BEDS) for number in (2, 3))]
    found = rank_nearest_first(query, Known(query, pairs), _POLICY, seeded.NOW, 2).matches
    assert found == rank(query, pairs, _POLICY, seeded.NOW)[:2]
    assert [match.hospital_id for match in found] == [1, 2]


def test_nobody_critical_passes_a_hospital_of_the_rings_before() -> None:
    near, far = hospital(1, 0.1, 0, Capability.CT), hospital(2, 0.8)
    pairs = [(near, _BEDS), (far, _BEDS)]
    found = rank_nearest_first(_HERE, Known(_HERE, pairs), _POLICY, seeded.NOW, 2).matches
    assert found == rank(_HERE, pairs, _POLICY, seeded.NOW)[:2]
    assert [match.hospital_id for match in found] == [1, 2]
