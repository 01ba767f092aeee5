"""Whole experiments: the same again, nobody lost, and what is worse is measured as worse."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gateway.simulation import policies
from gateway.simulation.assumptions import assumptions
from gateway.simulation.case_mix import haven_case_mix
from gateway.simulation.experiment import Experiment, carry_out
from gateway.simulation.geography import Geography
from gateway.simulation.journey import Run
from gateway.simulation.measures import Estimate, estimate, worst_county
from gateway.simulation.policies import POLICIES, Asked, PolicyKind, Surroundings
from gateway.simulation.report import as_json, findings
from gateway.simulation.settings import Settings
from gateway.simulation.trace import make_trace
from shared.hospital import Availability
from shared.match_policy import MatchPolicy
from tests.gateway.simulation.county import county

SMALL = Settings(seeds=2, days=2, patients_per_day=150)
POLICY = MatchPolicy()


def carried_out(settings: Settings = SMALL) -> Experiment:
    return carry_out(county(), haven_case_mix(), settings, POLICY)


def mean_min(experiment: Experiment, policy: str, load: float = 0.5) -> float:
    outcome = experiment.outcome(load, policy)
    assert outcome is not None
    return outcome.measures["mean_min"].mean


def test_the_same_seed_gives_the_same_bytes() -> None:
    settings = replace(SMALL, days=1, policies=("plain-score", "ours-asking"))
    listed = assumptions(settings, POLICY, "rules")
    texts = {as_json(carried_out(settings), listed) for _ in range(2)}
    assert len(texts) == 1
    assert as_json(carried_out(replace(settings, seed=9)), listed) not in texts


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["nearest", "plain-score", "ours", "ours-asking"])
def test_every_patient_ends_once_and_no_bed_is_given_twice(seed: int, name: str) -> None:
    place = county(seed)
    geography = Geography(place, POLICY.travel)
    settings = Settings(days=1, patients_per_day=400)
    trace = make_trace(place, haven_case_mix(), geography, POLICY, settings, 0.8, seed)
    run = Run(trace, place, geography, POLICIES[name], POLICY)
    journeys = run.play()
    assert [journey.ended for journey in journeys] == [1] * 400
    treated = sum(not journey.untreated for journey in journeys)
    came, turned_away = run.others()
    at_start = sum(map(len, trace.leaving))
    assert sum(beds.admitted for beds in run.beds) == at_start + came - turned_away + treated
    for beds in run.beds:
        assert 0 <= beds.taken <= beds.count
        assert beds.taken == beds.admitted - beds.left
    for journey in journeys:
        assert journey.help_min <= journey.care_min
        # Nobody is sent to one place twice; one more is where they were treated, or came too late.
        turned_down = journey.arrivals_full + journey.arrivals_unfit + journey.declined
        assert turned_down <= len(journey.tried) <= turned_down + 1


class _Farthest:
    """Worse on purpose."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def hears(self, row: int, availability: Availability) -> None:
        pass

    def learns(self, row: int, needs: int, *, treated: bool) -> None:
        pass

    def choose(self, asked: Asked) -> int | None:
        rows = reversed(self._around.geography.by_nearness(asked.origin))
        return next((row for row in rows if row not in asked.tried), None)


def test_a_policy_that_is_worse_on_purpose_is_measured_as_worse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more: Mapping[str, PolicyKind] = {**POLICIES, "farthest": PolicyKind("Farthest", _Farthest)}
    for module in ("settings", "experiment", "report"):
        monkeypatch.setattr(f"gateway.simulation.{module}.POLICIES", more)
    monkeypatch.setattr(policies, "POLICIES", more)
    experiment = carried_out(replace(SMALL, policies=("ours", "farthest", "all-knowing")))
    assert mean_min(experiment, "all-knowing") < mean_min(experiment, "ours")
    assert mean_min(experiment, "ours") * 2 < mean_min(experiment, "farthest")
    (said,) = findings(experiment)
    assert said.startswith("Load 0.5: “Farthest” takes longer than Haven")


def test_a_policy_that_is_better_is_said_to_be_better() -> None:
    settings = replace(SMALL, policies=("nearest", "ours"))
    experiment = carried_out(settings)
    ours, nearest = experiment.outcomes[1], experiment.outcomes[0]
    better = replace(nearest, measures=ours.measures, ratio_of_ours=Estimate(1.4, 0.2))
    swapped = replace(experiment, outcomes=(better, replace(ours, measures=nearest.measures)))
    (said,) = findings(swapped)
    assert "“Nearest facility” is better than Haven" in said
    assert "(1.40 ± 0.20 of it)" in said
    alone = replace(better, ratio_of_ours=Estimate(1.4, None))
    (said,) = findings(replace(swapped, outcomes=(alone, ours)))
    assert "with this one seed, which cannot tell it from chance" in said
    unsure = replace(better, ratio_of_ours=Estimate(1.4, 0.5))
    (said,) = findings(replace(swapped, outcomes=(unsure, ours)))
    assert "cannot be told from Haven" in said


def test_stale_reports_send_more_patients_to_full_hospitals() -> None:
    settings = Settings(
        seeds=2, days=4, patients_per_day=150, missing_reports=0, loads=(0.8,), policies=("ours",)
    )
    (fresh,) = carried_out(replace(settings, report_age_h=0.5)).outcomes
    (stale,) = carried_out(replace(settings, report_age_h=48.0)).outcomes
    (never,) = carried_out(replace(settings, missing_reports=1.0)).outcomes
    arrivals = [each.measures["full_arrivals"].mean for each in (fresh, stale, never)]
    assert arrivals[0] < arrivals[1]
    assert arrivals[0] < arrivals[2]


def test_busier_hospitals_take_longer() -> None:
    experiment = carried_out(replace(SMALL, loads=(0.3, 0.9), policies=("ours",)))
    assert mean_min(experiment, "ours", 0.3) < mean_min(experiment, "ours", 0.9)


def test_without_ours_nothing_is_compared_with_it() -> None:
    experiment = carried_out(replace(SMALL, policies=("nearest",)))
    assert experiment.outcomes[0].ratio_of_ours is None
    assert list(findings(experiment)) == []


def test_an_interval_needs_two_seeds() -> None:
    assert estimate([4.0]).half_width is None
    # Student's t for one degree of freedom, 12.706, times the standard error of 1.
    assert estimate([3.0, 5.0]).half_width == pytest.approx(12.706)


def test_counties_with_few_patients_are_not_called_the_worst() -> None:
    experiment = carried_out(replace(SMALL, policies=("ours",)))
    (outcome,) = experiment.outcomes
    assert {county.county for county in outcome.counties} == {"Nakuru", "Baringo"}
    assert sum(county.patients for county in outcome.counties) == 2 * 2 * 150
    few = tuple(replace(county, patients=29) for county in outcome.counties)
    assert worst_county(few) is None
    assert worst_county(outcome.counties) == outcome.worst
