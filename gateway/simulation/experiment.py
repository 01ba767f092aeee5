"""One experiment: every policy on the same traces, for each load and each seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gateway.simulation.case_mix import CaseMix
from gateway.simulation.country import Country
from gateway.simulation.geography import Geography
from gateway.simulation.journey import Run
from gateway.simulation.measures import (
    MEASURES,
    CountyFigures,
    Estimate,
    RunFigures,
    counties_of,
    estimate,
    figures_of,
    worst_county,
)
from gateway.simulation.policies import POLICIES
from gateway.simulation.settings import Settings
from gateway.simulation.trace import make_trace
from shared.match_policy import MatchPolicy

# Told before each run: what is played, runs done, runs in all.
Progress = Callable[[str, int, int], None]

OURS = "ours"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy at one load, over all seeds.

    `ratio_of_ours` is the mean time to care under ours as a share of that under this policy, seed
    by seed; None where ours was not played.
    """

    load: float
    policy: str
    measures: Mapping[str, Estimate]
    ratio_of_ours: Estimate | None
    curve: tuple[float, ...]
    counties: tuple[CountyFigures, ...]
    worst: CountyFigures | None


@dataclass(frozen=True, slots=True)
class Experiment:
    """What was asked and what came of it."""

    settings: Settings
    facilities: int
    wards: int
    ruleset: str
    outcomes: tuple[Outcome, ...]

    def outcome(self, load: float, policy: str) -> Outcome | None:
        """One of the outcomes; None where it was not played."""
        return next(
            (each for each in self.outcomes if (each.load, each.policy) == (load, policy)), None
        )


def carry_out(
    country: Country,
    mix: CaseMix,
    settings: Settings,
    policy: MatchPolicy,
    progress: Progress = lambda what, done, total: None,
) -> Experiment:
    """Plays it all. The same country, settings and policy give the same experiment."""
    geography = Geography(country, policy.travel)
    total = len(settings.loads) * settings.seeds * len(settings.policies)
    done = 0
    outcomes: list[Outcome] = []
    for load in settings.loads:
        runs: dict[str, list[RunFigures]] = {name: [] for name in settings.policies}
        for seed in range(settings.seed, settings.seed + settings.seeds):
            progress(f"load {load:g}, seed {seed}: drawing", done, total)
            trace = make_trace(country, mix, geography, policy, settings, load, seed)
            for name in settings.policies:
                progress(f"load {load:g}, seed {seed}: {name}", done, total)
                run = Run(trace, country, geography, POLICIES[name], policy)
                journeys = run.play()
                runs[name].append(figures_of(journeys, run.others(), country, geography))
                done += 1
        outcomes += [_outcome(load, name, runs) for name in settings.policies]
    progress("done", done, total)
    return Experiment(
        settings=settings,
        facilities=len(country.sites),
        wards=len(country.wards),
        ruleset=mix.ruleset,
        outcomes=tuple(outcomes),
    )


def _outcome(load: float, policy: str, runs: Mapping[str, list[RunFigures]]) -> Outcome:
    mine = runs[policy]
    counties = counties_of(mine)
    ratios = [
        ours.measures["mean_min"] / each.measures["mean_min"]
        for ours, each in zip(runs.get(OURS, ()), mine, strict=False)
    ]
    return Outcome(
        load=load,
        policy=policy,
        measures={name: estimate([run.measures[name] for run in mine]) for name in MEASURES},
        ratio_of_ours=estimate(ratios) if ratios else None,
        curve=tuple(np.mean([run.curve for run in mine], axis=0).tolist()),
        counties=counties,
        worst=worst_county(counties),
    )
