"""What may befall one seed: a few things each, so that each is also seen without the others."""

from dataclasses import dataclass
from random import Random

STEPS = 36


@dataclass(frozen=True)
class Plan:
    """`power_cuts` is the chance at every point where the power may go; `notices` that a gateway
    that was put back knows it.
    """

    power_cuts: float
    box_restores: bool
    centre_restores: bool
    notices: float
    clone: bool
    second_box: bool
    long: bool
    bad_clock: bool
    by_stick_alone: bool
    by_single_events: bool


def plan_of(rng: Random) -> Plan:
    """Draws it."""

    def chance(of: float) -> bool:
        return rng.random() < of

    return Plan(
        power_cuts=rng.choice([0, 0.015, 0.04]),
        box_restores=chance(0.3),
        centre_restores=chance(0.3),
        notices=0.6,
        clone=chance(0.1),
        second_box=chance(0.12),
        long=chance(0.2),
        bad_clock=chance(0.4),
        by_stick_alone=chance(0.08),
        by_single_events=chance(0.12),
    )
