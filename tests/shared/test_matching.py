"""The reference ranking: a table of cases, and properties over seeded hospitals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.capability import Capability as C
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.hospital import TAKES_PATIENTS, Availability, Hospital, HospitalStatus
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, Role, rank
from shared.travel import Origin
from tests.bench import matching as seeded

_NOON = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # Wednesday, 12:00 in Nairobi
_NIGHT = datetime(2026, 3, 4, 20, 0, tzinfo=UTC)
_POLICY = MatchPolicy()

_LEVEL_3 = C.BEMONC | C.OXYGEN
_LEVEL_4 = _LEVEL_3 | C.EMERGENCY_24H | C.THEATRE | C.CEMONC | C.BLOOD
_UNKNOWN = Availability()


def _hospital(
    id: int, km: float, has: int = 0, lacks: int = 0, level: int = 4, open_24h: bool | None = True
) -> Hospital:
    """A hospital that many kilometres east of the patient."""
    return Hospital(
        id, f"H{id}", level, "Nairobi", -1.0, 37.0 + km / 111.195, has, lacks, True, open_24h
    )


def _beds(
    free: int | None, staffed: int | None = 10, age_h: float = 0, sent: int = 0
) -> Availability:
    return Availability(
        staffed_beds=staffed,
        free_beds=free,
        assigned_since=sent,
        reported_at=_NOON - timedelta(hours=age_h),
    )


def _status(status: HospitalStatus) -> Availability:
    return Availability(status=status)


def _query(needs: int = 0, **changes: object) -> MatchQuery:
    query = MatchQuery(-1.0, 37.0, 0.0, int(needs), Priority.CRITICAL, _NOON, urban=False)
    return replace(query, **changes)  # type: ignore[arg-type]


def _ids(query: MatchQuery, *candidates: tuple[Hospital, Availability]) -> list[int]:
    return [match.hospital_id for match in rank(query, candidates, _POLICY, _NOON)]


_LABOUR = _query(C.BEMONC)
_ECLAMPSIA = _query(C.CEMONC | C.BLOOD)
_SNAKEBITE = _query(C.ANTIVENOM)
_Case = tuple[MatchQuery, Sequence[tuple[Hospital, Availability]], list[int]]

# What is asked, the candidates, and the hospitals in the order in which they are asked.
_CASES: dict[str, _Case] = {
    "labour without danger signs goes to the health centre 6 km away": (
        _LABOUR,
        [
            (_hospital(1, 6, _LEVEL_3, C.CEMONC, level=3), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [1, 2],
    ),
    "a dispensary is not asked, however near": (
        _LABOUR,
        [
            (_hospital(1, 1, _LEVEL_3, level=2), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [2],
    ),
    "eclampsia passes the health centre that has no caesarean": (
        _ECLAMPSIA,
        [
            (_hospital(1, 6, _LEVEL_3, C.CEMONC, level=3), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [2],
    ),
    "one of two needs known to be missing is out": (
        _ECLAMPSIA,
        [
            (_hospital(1, 6, C.CEMONC, C.BLOOD), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [2],
    ),
    "nobody knows of antivenom: in, behind the one that has it at the same distance": (
        _SNAKEBITE,
        [(_hospital(1, 10), _UNKNOWN), (_hospital(2, 10, C.ANTIVENOM), _UNKNOWN)],
        [2, 1],
    ),
    "unknown antivenom nearby goes before known antivenom far away": (
        _SNAKEBITE,
        [(_hospital(1, 2), _UNKNOWN), (_hospital(2, 27, C.ANTIVENOM), _UNKNOWN)],
        [1, 2],
    ),
    "antivenom used up an hour ago is out": (
        _SNAKEBITE,
        [
            (
                _hospital(1, 2, C.ANTIVENOM),
                Availability(
                    stock_lacks=int(C.ANTIVENOM), stock_reported_at=_NOON - timedelta(hours=1)
                ),
            ),
            (_hospital(2, 25), _UNKNOWN),
        ],
        [2],
    ),
    "antivenom used up last week is unknown again": (
        _SNAKEBITE,
        [
            (
                _hospital(1, 2, C.ANTIVENOM),
                Availability(
                    stock_lacks=int(C.ANTIVENOM), stock_reported_at=_NOON - timedelta(days=7)
                ),
            ),
            (_hospital(2, 25), _UNKNOWN),
        ],
        [1, 2],
    ),
    "stock reported today counts more than the register's word": (
        _SNAKEBITE,
        [
            (_hospital(1, 10, C.ANTIVENOM), _UNKNOWN),
            (
                _hospital(2, 10),
                Availability(stock_has=int(C.ANTIVENOM), stock_reported_at=_NOON),
            ),
        ],
        [2, 1],
    ),
    "closed, evacuating and diverting are out, advisory is in": (
        _query(),
        [
            (_hospital(1, 1), _status(HospitalStatus.CLOSED)),
            (_hospital(2, 2), _status(HospitalStatus.EVACUATING)),
            (_hospital(3, 3), _status(HospitalStatus.DIVERTING)),
            (_hospital(4, 4), _status(HospitalStatus.ADVISORY)),
        ],
        [4],
    ),
    "full is out while another has room": (
        _query(),
        [(_hospital(1, 1), _beds(0)), (_hospital(2, 20), _beds(1))],
        [2],
    ),
    "our own assignments fill a hospital": (
        _query(),
        [(_hospital(1, 1), _beds(2, sent=2)), (_hospital(2, 20), _beds(1))],
        [2],
    ),
    "a bed given back after the report makes room": (
        _query(),
        [(_hospital(1, 1), _beds(0, sent=-1)), (_hospital(2, 20), _beds(1))],
        [1, 2],
    ),
    "everything is full: the full ones are asked": (
        _query(),
        [(_hospital(1, 1), _beds(0)), (_hospital(2, 20), _beds(0))],
        [1, 2],
    ),
    "a report of yesterday calls nobody full": (
        _query(),
        [(_hospital(1, 1), _beds(0, staffed=None, age_h=24)), (_hospital(2, 20), _beds(1))],
        [1, 2],
    ),
    "six hours bring discharges": (
        _query(),
        [(_hospital(1, 1), _beds(0, staffed=10, age_h=6)), (_hospital(2, 20), _beds(1))],
        [1, 2],
    ),
    "many free beds beat a few minutes": (
        _query(),
        [(_hospital(1, 5), _beds(1, staffed=40)), (_hospital(2, 7), _beds(30, staffed=40))],
        [2, 1],
    ),
    "the next tier is not looked at while the nearest holds one": (
        _query(C.CT),
        [(_hospital(1, 27, C.CT), _UNKNOWN), (_hospital(2, 30, C.CT), _beds(50, 50))],
        [1],
    ),
    "one that may have it does not shut out one a little further that has": (
        _query(C.CT),
        [(_hospital(1, 27), _UNKNOWN), (_hospital(2, 30, C.CT), _UNKNOWN)],
        [2, 1],
    ),
    "one that may have it and is much nearer still goes first": (
        _query(C.CT),
        [(_hospital(1, 2), _UNKNOWN), (_hospital(2, 30, C.CT), _UNKNOWN)],
        [1, 2],
    ),
    "where nobody is known to have it the nearest tier that may is asked": (
        _query(C.CT),
        [(_hospital(1, 27), _UNKNOWN), (_hospital(2, 30), _beds(50, 50))],
        [1],
    ),
    "one that has it and is full does not widen the reach": (
        _query(C.CT),
        [(_hospital(1, 27), _UNKNOWN), (_hospital(2, 30, C.CT), _beds(0, 10))],
        [1],
    ),
    "the second tier when the first holds none": (
        _query(C.CT, priority=Priority.HIGH),
        [(_hospital(1, 5, 0, C.CT), _UNKNOWN), (_hospital(2, 40, C.CT), _UNKNOWN)],
        [2],
    ),
    "those already asked are left out": (
        _query(exclude=frozenset({1})),
        [(_hospital(1, 1), _UNKNOWN), (_hospital(2, 20), _UNKNOWN)],
        [2],
    ),
    "equal in score and time: the lowest number": (
        _query(),
        [(_hospital(7, 5), _UNKNOWN), (_hospital(3, 5), _UNKNOWN)],
        [3, 7],
    ),
    "a health centre without a night service is out at night": (
        _query(C.BEMONC, depart_at=_NIGHT),
        [
            (_hospital(1, 5, _LEVEL_3, level=3, open_24h=False), _UNKNOWN),
            (_hospital(2, 20, _LEVEL_3, open_24h=None), _UNKNOWN),
        ],
        [2],
    ),
    "and at noon it is in": (
        _query(C.BEMONC),
        [(_hospital(1, 5, _LEVEL_3, level=3, open_24h=False), _UNKNOWN)],
        [1],
    ),
    "bleeding: the near health centre stabilises, the capable one comes next": (
        _query(C.THEATRE | C.BLOOD, stabilise_first=True),
        [
            (_hospital(1, 3, _LEVEL_3, C.THEATRE, level=3), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [1, 2],
    ),
    "bleeding: without oxygen nobody stabilises": (
        _query(C.THEATRE, stabilise_first=True),
        [
            (_hospital(1, 3, C.BEMONC, C.THEATRE, level=3), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [2],
    ),
    "bleeding: fifteen minutes nearer is not enough": (
        _query(C.THEATRE, stabilise_first=True),
        [
            (_hospital(1, 18, _LEVEL_3, C.THEATRE, level=3), _UNKNOWN),
            (_hospital(2, 25, _LEVEL_4), _UNKNOWN),
        ],
        [2],
    ),
    "bleeding: whoever stabilises and can treat is named once": (
        _query(C.THEATRE, stabilise_first=True),
        [
            (_hospital(1, 1, _LEVEL_4), _beds(1, 1, age_h=5)),
            (_hospital(2, 15, _LEVEL_4), _beds(60, 60)),
        ],
        [1, 2],
    ),
    "critical: a hospital on a long way is not passed, though nobody knows of its oxygen": (
        _query(C.CT),
        [(_hospital(1, 5, 0, C.CT), _UNKNOWN), (_hospital(2, 40, C.CT), _UNKNOWN)],
        [1, 2],
    ),
    "and is passed where it would save less than an hour": (
        _query(C.CT),
        [(_hospital(1, 13, 0, C.CT), _UNKNOWN), (_hospital(2, 40, C.CT), _UNKNOWN)],
        [2],
    ),
    "and where a hospital has the patient already": (
        _query(C.CT, in_hospital=True),
        [(_hospital(1, 5, 0, C.CT), _UNKNOWN), (_hospital(2, 40, C.CT), _UNKNOWN)],
        [2],
    ),
    "and a health centre without oxygen or emergencies is passed": (
        _query(C.CT),
        [
            (_hospital(1, 5, 0, C.CT, level=3), _UNKNOWN),
            (_hospital(3, 5, 0, C.CT | C.EMERGENCY_24H), _UNKNOWN),
            (_hospital(2, 40, C.CT), _UNKNOWN),
        ],
        [2],
    ),
    "and nobody stops on the way to one within the hour": (
        _query(C.CT),
        [(_hospital(1, 0, 0, C.CT), _UNKNOWN), (_hospital(2, 28, C.CT), _UNKNOWN)],
        [2],
    ),
    "bleeding: the nearer of a health centre with oxygen and a hospital on a long way": (
        _query(C.THEATRE, stabilise_first=True),
        [
            (_hospital(1, 9, C.OXYGEN, C.THEATRE, level=3), _UNKNOWN),
            (_hospital(3, 8, 0, C.THEATRE), _UNKNOWN),
            (_hospital(2, 60, C.THEATRE), _UNKNOWN),
        ],
        [3, 2],
    ),
    "bleeding: a full health centre still stabilises one": (
        _query(C.THEATRE, stabilise_first=True),
        [
            (_hospital(1, 1, C.OXYGEN, C.THEATRE, level=3), _beds(0)),
            (_hospital(2, 25, C.THEATRE), _UNKNOWN),
        ],
        [1, 2],
    ),
    "and not the many of a crash": (
        _query(C.THEATRE, stabilise_first=True, mass_casualty=True),
        [
            (_hospital(1, 1, C.OXYGEN, C.THEATRE, level=3), _beds(0, staffed=1)),
            (_hospital(2, 25, C.THEATRE), _UNKNOWN),
        ],
        [2],
    ),
    "snakebite: known antivenom 18 minutes further goes before what nobody knows": (
        _query(C.EMERGENCY_24H | C.ANTIVENOM),
        [
            (_hospital(1, 4, C.EMERGENCY_24H), _UNKNOWN),
            (
                _hospital(2, 12.5, C.EMERGENCY_24H),
                Availability(stock_has=int(C.ANTIVENOM), stock_reported_at=_NOON),
            ),
        ],
        [2, 1],
    ),
    "nothing capable within four hours: the near one, to be moved on": (
        _query(C.ICU_ADULT),
        [
            (_hospital(1, 10, 0, C.ICU_ADULT, level=3), _UNKNOWN),
            (_hospital(2, 190, C.ICU_ADULT), _UNKNOWN),
        ],
        [1, 2],
    ),
    "nothing capable within four hours: straight to the capable one if that is sooner": (
        _query(C.ICU_ADULT),
        [
            (_hospital(1, 110, 0, C.ICU_ADULT, level=3), _UNKNOWN),
            (_hospital(2, 120, C.ICU_ADULT), _UNKNOWN),
        ],
        [2, 1],
    ),
    "nothing capable: a health centre 18 minutes further goes before a dispensary": (
        _query(C.THEATRE),
        [
            (_hospital(1, 20, 0, C.THEATRE, level=2), _UNKNOWN),
            (_hospital(2, 29, 0, C.THEATRE, level=3), _UNKNOWN),
        ],
        [2, 1],
    ),
    "nobody is open": (_query(), [(_hospital(1, 1), _status(HospitalStatus.CLOSED))], []),
}


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
def test_who_is_asked_in_which_order(case: _Case) -> None:
    query, candidates, expected = case
    assert _ids(query, *candidates) == expected
    assert _ids(query, *reversed(candidates)) == expected


def test_roles_and_what_is_missing_are_told() -> None:
    near = _hospital(1, 3, _LEVEL_3, C.THEATRE, level=3)
    far = _hospital(2, 25, _LEVEL_4 & ~C.BLOOD)
    query = _query(C.THEATRE | C.BLOOD, stabilise_first=True)
    first, second = rank(query, [(near, _UNKNOWN), (far, _UNKNOWN)], _POLICY, _NOON)
    assert (first.role, first.missing, first.unknown) == (Role.STABILISE, C.THEATRE, C.BLOOD)
    assert (second.role, second.missing, second.unknown) == (Role.TREAT, C(0), C.BLOOD)
    assert second.tier == 1
    assert second.distance_m == pytest.approx(25_000, rel=0.001)
    assert second.travel_min == pytest.approx(52.5, rel=0.001)


def test_the_score_is_the_weighted_sum_of_its_parts() -> None:
    (match,) = rank(_query(C.THEATRE), [(_hospital(1, 10, C.THEATRE), _beds(3))], _POLICY, _NOON)
    assert match.distance_part == pytest.approx(1 - 21 / 60, abs=0.001)
    assert match.capacity_part == pytest.approx(0.5)
    assert match.specialty_part == 1
    assert match.score == pytest.approx(0.4 * match.distance_part + 0.3 * 0.5 + 0.3)


def test_a_fading_report_moves_towards_the_prior() -> None:
    hospital = _hospital(1, 10)

    def part(age_h: float) -> float:
        report = _beds(30, staffed=None, age_h=age_h)
        return rank(_query(), [(hospital, report)], _POLICY, _NOON)[0].capacity_part

    assert part(0) == pytest.approx(30 / 33)
    assert part(6) == pytest.approx((30 / 33 + 0.5) / 2)
    assert 0.5 < part(240) < 0.52


def test_patients_sent_to_a_silent_hospital_make_it_less_likely() -> None:
    sent = [Availability(assigned_since=count) for count in (0, 1, 3)]
    parts = [
        rank(_query(), [(_hospital(1, 10), availability)], _POLICY, _NOON)[0].capacity_part
        for availability in sent
    ]
    assert parts == [0.5, 0.375, 0.25]


def test_a_deployment_may_widen_the_reach_of_the_less_severe() -> None:
    policy = MatchPolicy(
        tiers_min={
            Priority.CRITICAL: (60, 120, 240),
            Priority.HIGH: (60, 120, 240),
            Priority.MEDIUM: (240,),
        }
    )
    candidates = [(_hospital(1, 5), _beds(1)), (_hospital(2, 40), _beds(100, 100))]
    medium = replace(_query(), priority=Priority.MEDIUM)
    assert [m.hospital_id for m in rank(medium, candidates, policy, _NOON)] == [2, 1]
    assert [m.hospital_id for m in rank(_query(), candidates, policy, _NOON)] == [1]


class _Roads:
    """A routing engine that knows a river between the patient and hospital 1."""

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        return [float("inf") if hospital.id == 1 else 30.0 for hospital in hospitals]


def test_a_routing_engine_replaces_the_default_model() -> None:
    candidates = [(_hospital(1, 1), _UNKNOWN), (_hospital(2, 20), _UNKNOWN)]
    matches = rank(_query(), candidates, _POLICY, _NOON, travel=_Roads())
    assert [(match.hospital_id, match.travel_min) for match in matches] == [(2, 30.0)]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MatchPolicy(distance_weight=0.5), "add up to 1.1"),
        (lambda: MatchPolicy(distance_weight=-0.2, capacity_weight=0.9), "each 0 to 1"),
        (lambda: MatchPolicy(tiers_min={}), "tiers_min for CRITICAL"),
        (lambda: MatchPolicy(tiers_min=dict.fromkeys(Priority, (120.0, 60.0))), "tiers_min"),
        (lambda: MatchPolicy(unknown_penalty=1.5), "unknown_penalty"),
        (lambda: MatchPolicy(capacity_prior=float("nan")), "capacity_prior"),
        (lambda: MatchPolicy(report_half_age_s=0), "report_half_age_s"),
        (lambda: MatchPolicy(stabilise_nearer_min=-1), "stabilise_nearer_min"),
        (lambda: MatchPolicy(lowest_level=9), "lowest_level"),
        (lambda: MatchPolicy(stop_level=9), "stop_level"),
        (lambda: MatchPolicy(stop_level=2), "below lowest_level"),
        (lambda: MatchPolicy(stop_nearer_min=float("inf")), "stop_nearer_min"),
        (lambda: MatchPolicy(day_opens_h=18), "day_opens_h"),
        (lambda: MatchPolicy(capability_weights={C.CT: 0}), "CT"),
        (lambda: _query(radius_m=-1.0), "radius_m"),
        (lambda: _query(lat=95.0), "not on the earth"),
        (lambda: _query(needs=1 << 40), "needs"),
        (lambda: _query(depart_at=_NOON.replace(tzinfo=None)), "time zone"),
    ],
)
def test_settings_and_queries_without_sense_are_refused_by_name(
    make: Callable[[], object], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        make()


@pytest.mark.parametrize(
    ("depart", "expected"),
    [
        ("2026-03-04T12:00", (0, 300)),  # Wednesday noon: open until 17:00
        ("2026-03-04T07:00", (60, 600)),
        ("2026-03-04T18:00", (14 * 60, 23 * 60)),
        ("2026-03-06T18:00", (62 * 60, 71 * 60)),  # Friday evening: until Monday
        ("2026-03-08T12:00", (20 * 60, 29 * 60)),
    ],
)
def test_the_day_window_is_local_and_skips_the_weekend(
    depart: str, expected: tuple[float, float]
) -> None:
    local = datetime.fromisoformat(depart).replace(tzinfo=_POLICY.local_time)
    assert _POLICY.day_window_min(local.astimezone(UTC)) == expected


def test_the_day_window_skips_public_holidays() -> None:
    easter = {date(2026, 4, 3), date(2026, 4, 6)}
    policy = MatchPolicy(is_holiday=easter.__contains__)
    thursday = datetime(2026, 4, 2, 18, tzinfo=policy.local_time)
    # Good Friday, the weekend and Easter Monday are over by Tuesday.
    assert policy.day_window_min(thursday) == (14 * 60 + 4 * 1440, 23 * 60 + 4 * 1440)
    assert MatchPolicy(is_holiday=lambda _: True).day_window_min(thursday) == (inf, inf)


def _order(match: Match) -> tuple[float, float, int]:
    return match.order


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_whatever_the_hospitals_the_limits_hold(seed: int, count: int) -> None:
    rng = Random(seed)
    candidates = seeded.hospitals(count, rng)
    query = seeded.query(rng)
    by_id = {hospital.id: (hospital, availability) for hospital, availability in candidates}
    matches = rank(query, candidates, _POLICY, seeded.NOW)
    ids = [match.hospital_id for match in matches]
    assert len(ids) == len(set(ids))
    assert not query.exclude & set(ids)
    treat = matches[1:] if len(matches) > 1 and query.stabilise_first else matches
    assert treat == sorted(treat, key=_order)
    assert all(by_id[id_][1].status in TAKES_PATIENTS for id_ in ids)
    assert all(0 <= match.score <= 1 for match in matches)
    last_resort = [match for match in matches if match.role is Role.LAST_RESORT]
    if last_resort:
        assert last_resort == matches
    else:
        assert not any(match.missing for match in matches if match.role is Role.TREAT)
        assert len({match.tier for match in matches}) <= 1
    # Going on without those who were asked reaches every capable hospital before the last resort.
    rest = replace(query, exclude=query.exclude | set(ids))
    later = rank(rest, candidates, _POLICY, seeded.NOW)
    if last_resort:
        assert all(match.role is Role.LAST_RESORT for match in later)


def test_the_order_of_candidates_does_not_matter() -> None:
    rng = Random(11)
    candidates = seeded.hospitals(200, rng)
    for _ in range(30):
        query = seeded.query(rng)
        expected = rank(query, candidates, _POLICY, seeded.NOW)
        rng.shuffle(candidates)
        assert rank(query, candidates, _POLICY, seeded.NOW) == expected
