"""Ranked again by road: the default's order where an engine says the same, another where not."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hospitals.by_road import rank_by_road, worth_asking
from gateway.hospitals.matching_arrays import MatchingArrays
from gateway.travel.cells import cell_of
from gateway.travel.road_times import KnownRoads, Wanted
from shared.capability import Capability
from shared.geo import distance_m
from shared.hospital import TAKES_PATIENTS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, rank
from tests.bench import matching as seeded

POLICY = MatchPolicy()
Pairs = list[tuple[Hospital, Availability]]


class FixedRoads:
    """Road times as a test says them; remembers what was wanted."""

    def __init__(self, minutes: Mapping[int, float | None]) -> None:
        self.minutes = minutes
        self.wanted: list[MatchQuery] = []

    def known(self, query: MatchQuery) -> Mapping[int, float | None]:
        return self.minutes

    def want(self, query: MatchQuery) -> None:
        self.wanted.append(query)


def _by_default(pairs: Pairs, query: MatchQuery) -> dict[int, float | None]:
    """What an engine says that thinks as the default model does."""
    hospitals = [hospital for hospital, _ in pairs]
    times = POLICY.travel.minutes(query.origin, hospitals, query.depart_at)
    return {hospital.id: time for hospital, time in zip(hospitals, times, strict=True)}


def _alike(by_road: list[Match], default: list[Match]) -> None:
    assert [match._replace(by_road=False) for match in by_road] == default


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 7, 60, 400]), st.sampled_from([1, 2, 5, 20, 30]))
def test_an_engine_that_says_what_the_default_model_says_changes_nothing(
    seed: int, count: int, limit: int
) -> None:
    rng = Random(seed)
    pairs = seeded.hospitals(count, rng)
    arrays = seeded.arrays_of(pairs)
    for _ in range(10):
        query = seeded.query(rng)
        roads = FixedRoads(_by_default(pairs, query))
        ranked = rank_by_road(arrays, query, POLICY, seeded.NOW, limit, roads)
        default = rank(query, pairs, POLICY, seeded.NOW)[:limit]
        _alike(ranked, default)
        assert all(match.by_road for match in ranked)
        assert not roads.wanted


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 7, 20]))
def test_up_to_twenty_hospitals_are_ranked_exactly_by_road(seed: int, count: int) -> None:
    """With no more than are ranked again, it is the reference by those times over all of them."""
    rng = Random(seed)
    pairs = seeded.hospitals(count, rng)
    arrays = seeded.arrays_of(pairs)
    for _ in range(10):
        query = seeded.query(rng)
        minutes: dict[int, float | None] = {
            hospital.id: rng.choice((None, rng.uniform(0, 300))) for hospital, _ in pairs
        }
        minutes[pairs[0][0].id] = 5.0
        ranked = rank_by_road(arrays, query, POLICY, seeded.NOW, 20, FixedRoads(minutes))
        travel = KnownRoads(minutes, POLICY.travel)
        expected = rank(query, _open_at_all(pairs, query), POLICY, seeded.NOW, travel)[:20]
        if not expected:
            # By road everybody has closed before the patient comes: better the default than nobody.
            assert ranked == rank(query, pairs, POLICY, seeded.NOW)[:20]
            continue
        _alike(ranked, expected)
        for match in ranked:
            assert match.by_road == (minutes[match.hospital_id] is not None)


def _open_at_all(pairs: Pairs, query: MatchQuery) -> Pairs:
    """Without those that are closed by day when a patient comes by the default model: nobody ranks
    them, so nobody ranks them again.
    """
    candidates = rank(query, pairs, POLICY, seeded.NOW)
    ids = {match.hospital_id for match in candidates}
    while candidates:
        asked = replace(query, exclude=query.exclude | ids)
        candidates = rank(asked, pairs, POLICY, seeded.NOW)
        ids |= {match.hospital_id for match in candidates}
    if query.stabilise_first:
        near = sorted(pairs, key=lambda pair: _distance(query, pair[0]))
        with_oxygen = [
            hospital.id
            for hospital, availability in near
            if hospital.has & Capability.OXYGEN
            and hospital.level >= POLICY.lowest_level
            and availability.status in TAKES_PATIENTS
        ]
        ids |= set(with_oxygen[:4])
    return [pair for pair in pairs if pair[0].id in ids]


def _distance(query: MatchQuery, hospital: Hospital) -> float:
    return distance_m(query.lat, query.lon, hospital.lat, hospital.lon)


def _two(rng: Random) -> tuple[MatchingArrays, MatchQuery, Pairs]:
    pairs = [
        (
            Hospital(number, f"Hospital {number}", 5, "Homa Bay", -0.5, lon, 0, 0, open_24h=True),
            Availability(staffed_beds=10, free_beds=5, reported_at=seeded.NOW),
        )
        # The first is 5 km across the water, the second 17 km along the shore.
        for number, lon in ((1, 34.545), (2, 34.65))
    ]
    query = replace(seeded.query(rng), lat=-0.5, lon=34.5, radius_m=0, needs=0, exclude=frozenset())
    return seeded.arrays_of(pairs), replace(query, depart_at=seeded.NOW), pairs


def test_the_way_around_the_lake_is_seen() -> None:
    arrays, query, _ = _two(Random(1))
    default = rank_by_road(arrays, query, POLICY, seeded.NOW, 2, FixedRoads({}))
    assert [match.hospital_id for match in default] == [1, 2]
    roads = FixedRoads({1: 170.0, 2: 31.0})
    ranked = rank_by_road(arrays, query, POLICY, seeded.NOW, 2, roads)
    assert [(match.hospital_id, match.travel_min, match.by_road) for match in ranked] == [
        (2, 31.0, True)
    ]


def test_nobody_waits_for_roads_that_are_not_known() -> None:
    arrays, query, pairs = _two(Random(1))
    roads = FixedRoads({})
    ranked = rank_by_road(arrays, query, POLICY, seeded.NOW, 2, roads)
    assert ranked == rank(query, pairs, POLICY, seeded.NOW)
    assert roads.wanted == [query]
    # One of them is known: the other has the default model's time, and is wanted.
    roads = FixedRoads({1: 170.0})
    ranked = rank_by_road(arrays, query, POLICY, seeded.NOW, 2, roads)
    assert [(match.hospital_id, match.by_road) for match in ranked] == [(2, False)]
    assert roads.wanted == [query]
    # The engine was asked in vain: not again for every ranking.
    roads = FixedRoads({1: None, 2: None})
    assert rank_by_road(arrays, query, POLICY, seeded.NOW, 2, roads) == rank(
        query, pairs, POLICY, seeded.NOW
    )
    assert not roads.wanted


@pytest.mark.parametrize("times", [{1: inf, 2: 31.0}, {1: inf, 2: 900.0}])
def test_who_cannot_be_reached_by_road_is_asked_when_all_others_were(
    times: dict[int, float | None],
) -> None:
    arrays, query, _ = _two(Random(1))
    roads = FixedRoads(times)
    first = rank_by_road(arrays, query, POLICY, seeded.NOW, 5, roads)
    assert [(match.hospital_id, match.by_road) for match in first] == [(2, True)]
    query = replace(query, exclude=frozenset({2}))
    (last,) = rank_by_road(arrays, query, POLICY, seeded.NOW, 5, roads)
    assert (last.hospital_id, last.by_road) == (1, False)
    assert last.travel_min < 60


def test_what_is_asked_before_anybody_knows_what_is_needed() -> None:
    rng = Random(3)
    pairs = seeded.hospitals(600, rng)
    arrays = seeded.arrays_of(pairs)
    query = seeded.query(rng)
    wanted = Wanted(cell_of(query.lat, query.lon, peak=False), seeded.NOW)
    asked = worth_asking(arrays, wanted, POLICY, seeded.NOW)
    assert len({hospital.id for hospital in asked}) == len(asked) <= 49
    lat, lon = wanted.cell.centre
    near = sorted(
        (
            hospital
            for hospital, availability in pairs
            if hospital.level >= POLICY.lowest_level and availability.status in TAKES_PATIENTS
        ),
        key=lambda hospital: distance_m(lat, lon, hospital.lat, hospital.lon),
    )
    assert {hospital.id for hospital in near[:20]} <= {hospital.id for hospital in asked}


def test_what_is_asked_for_a_ranking_is_what_it_looks_at() -> None:
    rng = Random(4)
    pairs = seeded.hospitals(300, rng)
    arrays = seeded.arrays_of(pairs)
    for _ in range(20):
        query = seeded.query(rng)
        wanted = Wanted(cell_of(query.lat, query.lon, peak=False), query.depart_at, query)
        asked = worth_asking(arrays, wanted, POLICY, seeded.NOW)
        roads = FixedRoads({hospital.id: 20.0 for hospital in asked})
        ranked = rank_by_road(arrays, query, POLICY, seeded.NOW, 5, roads)
        assert all(match.by_road for match in ranked)
        assert not roads.wanted


def test_the_nearest_around_a_place() -> None:
    rng = Random(5)
    pairs = seeded.hospitals(50, rng)
    arrays = seeded.arrays_of(pairs)
    for count in (0, 1, 7, 50, 80):
        around = arrays.nearest(-1.3, 36.8, count)
        assert len(around) == min(count, 50)
        distances = [distance_m(-1.3, 36.8, hospital.lat, hospital.lon) for hospital, _ in around]
        assert distances == sorted(distances)
    assert MatchingArrays().nearest(-1.3, 36.8, 5) == []
