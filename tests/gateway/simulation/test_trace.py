"""What chance draws: as often as is said, and the same where it should be."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.simulation.calendar import is_working_hour
from gateway.simulation.case_mix import PER_THOUSAND, case_mix, haven_case_mix
from gateway.simulation.country import Country, Site, is_public
from gateway.simulation.geography import Geography
from gateway.simulation.hidden import IN_STOCK, Hidden
from gateway.simulation.settings import Settings
from gateway.simulation.trace import Trace, make_trace, offered_load
from shared.capability import Capability, mask
from shared.errors import InvalidInput
from shared.hospital import Hospital
from shared.match_policy import MatchPolicy
from shared.triage import TriageRules
from tests.gateway.simulation.county import county

_DAY = 1440.0


def drawn(load: float = 0.5, seed: int = 3, **settings: float) -> tuple[Country, Trace]:
    place, policy = county(), MatchPolicy()
    chosen = replace(Settings(days=2, patients_per_day=100), **settings)  # type: ignore[arg-type]
    geography = Geography(place, policy.travel)
    return place, make_trace(place, haven_case_mix(), geography, policy, chosen, load, seed)


def test_another_load_changes_neither_patients_nor_hospitals() -> None:
    (_, calm), (_, busy) = drawn(load=0.3), drawn(load=0.9)
    assert calm.patients == busy.patients
    assert (calm.roads == busy.roads).all()
    assert calm.reports == busy.reports
    everything = [trace.hidden.has(row, 99.0) for trace in (calm, busy) for row in range(60)]
    assert everything[:60] == everything[60:]
    assert sum(map(len, calm.arrivals)) < sum(map(len, busy.arrivals))


def test_another_seed_changes_the_patients() -> None:
    assert drawn(seed=3)[1].patients != drawn(seed=4)[1].patients


@pytest.mark.parametrize("load", [0.3, 0.5, 0.9])
def test_that_share_of_beds_is_taken(load: float) -> None:
    beds = np.array([2, 5, 40])
    offered = offered_load(beds, np.full(3, load))
    for count, wanted in zip(beds.tolist(), offered.tolist(), strict=True):
        weights = np.cumprod([1.0, *(wanted / np.arange(1, count + 1))])
        taken = (weights / weights.sum() * np.arange(count + 1)).sum()
        assert taken / count == pytest.approx(load, abs=1e-6)


def test_beds_are_as_busy_as_was_asked() -> None:
    place, trace = drawn(load=0.5)
    shares = []
    for minute in (0.0, 3 * _DAY):
        taken = total = 0
        for row in range(len(place.sites)):
            beds = trace.beds_of(row)
            beds.advance(minute)
            taken, total = taken + beds.taken, total + beds.count
        shares.append(taken / total)
    assert shares == pytest.approx([0.5, 0.5], abs=0.1)


def test_every_hospital_that_reports_has_done_so_before_the_first_patient() -> None:
    _, trace = drawn(report_age_h=9.0, missing_reports=0.25)
    first = trace.patients[0].at
    reporting = {row for _, row in trace.reports}
    assert reporting == {row for at, row in trace.reports if at < first}
    assert len(reporting) == pytest.approx(45, abs=12)
    ages = [first - max(at for at, row in trace.reports if row == each and at < first)
            for each in reporting]  # fmt: skip
    assert np.mean(ages) == pytest.approx(9 * 60, rel=0.35)
    assert drawn(missing_reports=1.0)[1].reports == ()


def _facilities(public: bool, level: int, has: int = 0, lacks: int = 0) -> list[Site]:
    return [
        Site(Hospital(number, "", level, "", 0.0, 36.8, has, lacks), public, None)
        for number in range(1, 2001)
    ]


def _share_with(sites: list[Site], capability: Capability) -> float:
    hidden = Hidden(sites, 30 * _DAY, MatchPolicy(), np.random.default_rng(5))
    return float(
        np.mean(
            [
                bool(hidden.has(row, day * _DAY) & capability)
                for row in range(len(sites))
                for day in (0, 9, 29)
            ]
        )
    )


def test_antivenom_is_in_stock_as_often_as_the_facts_say() -> None:
    assert _share_with(_facilities(True, 4), Capability.ANTIVENOM) == pytest.approx(0.45, abs=0.04)
    assert _share_with(_facilities(False, 4), Capability.ANTIVENOM) == pytest.approx(0.19, abs=0.04)


def test_a_known_stock_runs_out_and_comes_back() -> None:
    sites = _facilities(True, 4, has=int(Capability.BLOOD))
    share, _ = IN_STOCK[Capability.BLOOD]
    assert _share_with(sites, Capability.BLOOD) == pytest.approx(share, abs=0.03)


def test_what_the_register_knows_is_so() -> None:
    known = int(mask(("theatre", "ct")))
    sites = _facilities(False, 4, has=int(Capability.CT), lacks=int(Capability.THEATRE))
    hidden = Hidden(sites, _DAY, MatchPolicy(), np.random.default_rng(5))
    assert {hidden.has(row, 0.0) & known for row in range(2000)} == {int(Capability.CT)}


def test_who_is_known_to_operate_more_often_has_blood_than_who_is_known_not_to() -> None:
    theatre = int(Capability.THEATRE)
    with_theatre = _share_with(_facilities(True, 4, has=theatre), Capability.BLOOD)
    without = _share_with(_facilities(True, 4, lacks=theatre), Capability.BLOOD)
    assert with_theatre > without + 0.2


def test_a_facility_that_works_by_day_is_closed_at_night_and_on_sunday() -> None:
    by_day = [
        replace(site, hospital=replace(site.hospital, open_24h=False))
        for site in _facilities(True, 3)[:2]
    ]
    hidden = Hidden(by_day, _DAY, MatchPolicy(), np.random.default_rng(1))
    assert hidden.is_open(0, 10 * 60.0)
    assert not hidden.is_open(0, 3 * 60.0)
    assert not hidden.is_open(0, 6 * _DAY + 10 * 60.0)
    assert is_working_hour(7 * _DAY + 600, 8, 17)


def test_the_mix_asks_for_what_the_rules_ask_for() -> None:
    mix = haven_case_mix()
    labour = next(case for case in mix.cases if case.rule_id == "labour")
    assert labour.needs == int(Capability.BEMONC)
    assert sum(case.share for case in mix.cases) == pytest.approx(1)
    assert sum(PER_THOUSAND.values()) == 1000


def test_rules_without_a_rule_of_the_mix_are_refused() -> None:
    with pytest.raises(InvalidInput, match="have no rule 'assault'"):
        case_mix(TriageRules("new", "", ()))


@pytest.mark.parametrize(
    ("owner", "public"),
    [
        ("Ministry of Health", True),
        ("Public Institution - Parastatal", True),
        ("Christian Health Association of Kenya", False),
        ("Private Practice - General Practitioner", False),
        ("", False),
    ],
)
def test_who_runs_it(owner: str, public: bool) -> None:
    assert is_public(owner) is public
