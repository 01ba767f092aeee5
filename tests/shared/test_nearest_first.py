"""Looking at the nearest first gives what looking at all of them gives, or says that it cannot."""

from collections.abc import Iterator
from dataclasses import replace
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
from shared.matching import rank
from shared.nearest_first import rank_nearest_first
from tests.bench import matching as seeded

Pair = tuple[Hospital, Availability]
_POLICY = MatchPolicy()
_HERE = MatchQuery(0.5, 36.0, 0.0, Capability.CT, Priority.CRITICAL, seeded.NOW, urban=False)
_BEDS = Availability(staffed_beds=20, free_beds=20, reported_at=seeded.NOW)


def by_distance(query: MatchQuery, pairs: list[Pair]) -> list[Pair]:
    return sorted(
        pairs, key=lambda pair: distance_m(query.lat, query.lon, pair[0].lat, pair[0].lon)
    )


def hospital(number: int, north: float, has: int = Capability.CT, lacks: int = 0) -> Hospital:
    """A hospital so many degrees north of the patient."""
    return Hospital(number, f"H{number}", 4, "X", 0.5 + north, 36.0, has, lacks, open_24h=True)


@settings(max_examples=300, deadline=None)
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
        ]
    ),
)
def test_it_is_what_the_whole_ranking_begins_with(
    seed: int, count: int, limit: int, policy: MatchPolicy
) -> None:
    rng = Random(seed)
    pairs = seeded.hospitals(count, rng)
    query = seeded.query(rng)
    # Where most of them are.
    query = replace(query, lat=pairs[0][0].lat + 0.01, lon=pairs[0][0].lon)
    found = rank_nearest_first(query, by_distance(query, pairs), policy, seeded.NOW, limit)
    if found is not None:
        assert found == rank(query, pairs, policy, seeded.NOW)[:limit]


def test_it_stops_where_nobody_can_be_better() -> None:
    looked_at = []

    def nearest() -> Iterator[Pair]:
        for number in range(1, 100):
            looked_at.append(number)
            yield hospital(number, number / 200), _BEDS

    found = rank_nearest_first(_HERE, nearest(), _POLICY, seeded.NOW, 1)
    assert found is not None
    assert [match.hospital_id for match in found] == [1]
    assert len(looked_at) < 20


@pytest.mark.parametrize(
    ("nearby", "why"),
    [
        ([(hospital(1, 0.01, 0, Capability.CT), _BEDS)], "none that is capable is in reach"),
        ([(hospital(1, 0.01), replace(_BEDS, free_beds=0))], "none has room"),
        ([(hospital(1, 0.01), Availability(HospitalStatus.CLOSED))], "none is open"),
        ([(hospital(1, 2.0), _BEDS)], "none is in the nearest tier"),
        ([], "there is none"),
        (
            [(hospital(number, 0.3, 0), _BEDS) for number in range(1, 40)],
            "too many are as good as each other",
        ),
    ],
)
def test_it_says_that_all_have_to_be_looked_at(nearby: list[Pair], why: str) -> None:
    assert rank_nearest_first(_HERE, nearby, _POLICY, seeded.NOW, 1) is None, why


def test_who_stabilises_first_is_found_among_those_that_cannot_treat() -> None:
    query = replace(_HERE, stabilise_first=True)
    near = hospital(1, 0.01, Capability.OXYGEN, Capability.CT)
    pairs = [(near, _BEDS), *((hospital(number, 0.2), _BEDS) for number in (2, 3))]
    found = rank_nearest_first(query, pairs, _POLICY, seeded.NOW, 2)
    assert found == rank(query, pairs, _POLICY, seeded.NOW)[:2]
    assert [match.hospital_id for match in found] == [1, 2]
