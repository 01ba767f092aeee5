"""Thirty hurt in one bus on the road between Nairobi and Mombasa, over the real register."""

from collections import Counter
from dataclasses import replace
from math import ceil

import pytest

from gateway.hospitals.matching_arrays import MatchingArrays
from shared.hospital import Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from tests.bench.matching import arrays_of
from tests.matching_cases.case import Case, cases, real_pairs
from tests.matching_cases.test_cases import on_real_places

_POLICY = MatchPolicy()
_HURT = 30


def _crash(ward: str) -> Case:
    (crash,) = (case for case in cases() if case.case == "bus crash at Mtito Andei")
    return replace(crash, at={"ward": ward})


def _room(hospital: Hospital) -> int:
    return ceil(_POLICY.assumed_beds[hospital.level] * (1 + _POLICY.surge_share))


def _sends(arrays: MatchingArrays, query: MatchQuery, case: Case) -> Hospital:
    match = arrays.rank(query, _POLICY, case.now, 1)[0]
    hospital, reported = arrays.get(match.hospital_id)
    arrays.put(hospital, replace(reported, assigned_since=reported.assigned_since + 1))
    return hospital


@on_real_places
@pytest.mark.parametrize(
    "ward", ["Makueni/Mtito Andei", "Machakos/Syokimau-Mulolongo", "Nakuru/Naivasha East"]
)
def test_no_hospital_gets_more_than_it_has_room_for(ward: str) -> None:
    """None of them ever reported, so that each counts as having the beds of its level."""
    case = _crash(ward)
    arrays = arrays_of(list(real_pairs()))
    sent = Counter(_sends(arrays, case.query(), case) for _ in range(_HURT))
    assert sent.total() == _HURT
    assert {hospital.name: count for hospital, count in sent.items()} == {
        hospital.name: min(count, _room(hospital)) for hospital, count in sent.items()
    }
    assert len(sent) > 2
    assert all(hospital.level >= 4 for hospital in sent)


@on_real_places
def test_who_reports_beds_gets_as_many() -> None:
    case = _crash("Nakuru/Naivasha East")
    pairs: list[tuple[Hospital, Availability]] = [
        (hospital, replace(reported, staffed_beds=4, free_beds=2, reported_at=case.now))
        if hospital.level >= 4
        else (hospital, reported)
        for hospital, reported in real_pairs()
    ]
    arrays = arrays_of(pairs)
    sent = Counter(_sends(arrays, case.query(), case).id for _ in range(_HURT))
    # Two free ones, and half of four more.
    assert max(sent.values()) <= 4
