"""What hospitals can really do: drawn once for each seed where the register does not say.

All probabilities are assumed, informed by what the register says of those that fill it in, unless
a source is named.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import inf, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gateway.simulation.calendar import is_working_hour
from gateway.simulation.country import Site
from shared.capability import Capability
from shared.hospital import STOCK
from shared.match_policy import MatchPolicy

Floats = NDArray[np.float64]

_C = Capability

# How likely a facility really has what the register does not know of: at level 3 and below, at
# level 4, and at levels 5 and 6; at each run by the state, and by others. REGISTER: at levels 3 and
# 4 the share that has it among facilities of which the register of May 2020 knows it either way.
_Chance = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
REGISTER: Mapping[Capability, _Chance] = {
    _C.THEATRE: ((0.01, 0.04), (0.26, 0.49), (0.98, 0.98)),
    _C.ORTHOPAEDICS: ((0.0, 0.01), (0.12, 0.12), (0.90, 0.90)),
    _C.CT: ((0.0, 0.01), (0.09, 0.17), (0.70, 0.80)),
    _C.XRAY: ((0.01, 0.09), (0.35, 0.43), (0.98, 0.98)),
    _C.BEMONC: ((0.80, 0.57), (0.92, 0.79), (0.98, 0.95)),
    _C.CEMONC: ((0.01, 0.06), (0.38, 0.49), (0.98, 0.95)),
    _C.BLOOD: ((0.02, 0.08), (0.47, 0.57), (0.98, 0.95)),
    _C.ICU_ADULT: ((0.0, 0.0), (0.02, 0.14), (0.85, 0.80)),
    _C.DIALYSIS: ((0.0, 0.01), (0.05, 0.07), (0.50, 0.50)),
}
ASSUMED: Mapping[Capability, _Chance] = {
    _C.EMERGENCY_24H: ((0.0, 0.0), (0.85, 0.80), (1.0, 1.0)),
    _C.ANAESTHESIA: ((0.01, 0.04), (0.30, 0.50), (0.98, 0.98)),
    # More often than orthopaedic surgery, less often than a theatre.
    _C.TRAUMA_SURGERY: ((0.0, 0.02), (0.20, 0.30), (0.95, 0.95)),
    _C.ICU_PAEDIATRIC: ((0.0, 0.0), (0.02, 0.05), (0.40, 0.50)),
    _C.VENTILATOR: ((0.0, 0.0), (0.03, 0.14), (0.85, 0.80)),
    _C.NEWBORN_UNIT: ((0.10, 0.08), (0.50, 0.40), (0.98, 0.90)),
    _C.PAEDIATRICS: ((0.40, 0.30), (0.75, 0.65), (0.98, 0.90)),
    _C.BURNS: ((0.02, 0.01), (0.20, 0.12), (0.70, 0.50)),
    _C.STROKE: ((0.0, 0.0), (0.05, 0.08), (0.40, 0.50)),
    _C.CARDIAC: ((0.0, 0.0), (0.05, 0.08), (0.40, 0.50)),
    # 58 % of hospital beds are in a hospital with oxygen; larger ones have it more often.
    _C.OXYGEN: ((0.30, 0.30), (0.65, 0.65), (1.0, 1.0)),
    # In stock at 45 % of public and 19 % of private facilities: these shares times IN_STOCK.
    _C.ANTIVENOM: ((0.60, 0.25), (0.60, 0.25), (0.60, 0.25)),
    _C.RABIES_PROPHYLAXIS: ((0.50, 0.30), (0.70, 0.50), (0.95, 0.90)),
    _C.TOXICOLOGY: ((0.0, 0.0), (0.10, 0.10), (0.50, 0.50)),
    _C.PSYCHIATRY: ((0.05, 0.05), (0.30, 0.15), (0.80, 0.60)),
    _C.ISOLATION: ((0.10, 0.05), (0.40, 0.30), (0.90, 0.80)),
    _C.SEXUAL_ASSAULT_CARE: ((0.30, 0.15), (0.65, 0.35), (0.95, 0.85)),
    _C.AMBULANCE: ((0.20, 0.10), (0.60, 0.40), (0.95, 0.90)),
}
CHANCES: Mapping[Capability, _Chance] = {**REGISTER, **ASSUMED}
# What belongs together is found together: the correlation between a facility's hidden answers.
CORRELATION = 0.6
# Of so many candidates one is drawn that fits what the register does know of the facility.
_CANDIDATES = 64
# The logistic curve at this slope is the normal distribution to within 0.01.
_LOGISTIC = 1.702
# Whoever keeps a stock has it for this share of the time, and is out of it for so many days at a
# time (means of exponential stretches).
IN_STOCK: Mapping[Capability, tuple[float, float]] = {
    _C.ANTIVENOM: (0.75, 7.0),
    _C.RABIES_PROPHYLAXIS: (0.75, 7.0),
    _C.BLOOD: (0.85, 1.0),
    _C.OXYGEN: (0.95, 0.5),
}
# How many facilities of which nobody knows it are open day and night, by level as above.
OPEN_AT_NIGHT = (0.40, 0.85, 1.0)


class Hidden:
    """The truth about every site, over a number of minutes. What the register knows is right."""

    def __init__(
        self,
        sites: Sequence[Site],
        minutes: float,
        policy: MatchPolicy,
        rng: np.random.Generator,
    ) -> None:
        self._hours = (policy.day_opens_h, policy.day_closes_h)
        count = len(sites)
        place = [(_group(site.hospital.level), 0 if site.public else 1) for site in sites]
        self._has = np.array([int(site.hospital.has) for site in sites], np.int64)
        lacks = np.array([int(site.hospital.lacks) for site in sites], np.int64)
        thresholds = {
            int(capability): np.array([_threshold(chances[level][who]) for level, who in place])
            for capability, chances in CHANCES.items()
        }
        common = _common(thresholds, self._has, lacks, rng)
        for bit, threshold in thresholds.items():
            own = rng.standard_normal(count)
            there = _SHARED * common + _OWN * own < threshold
            self._has[there & ((self._has | lacks) & bit == 0)] |= bit
        open_at_night = rng.random(count) < np.array([OPEN_AT_NIGHT[level] for level, _ in place])
        self._day_only = [
            site.hospital.open_24h is False or (site.hospital.open_24h is None and not night)
            for site, night in zip(sites, open_at_night.tolist(), strict=True)
        ]
        self._standing: list[int] = self._has.tolist()
        self._stock = {
            int(capability): _stretches(count, minutes, *IN_STOCK[capability], rng)
            for capability in IN_STOCK
        }

    def is_open(self, row: int, minute: float) -> bool:
        """Whether its door is open."""
        return not self._day_only[row] or is_working_hour(minute, *self._hours)

    def has(self, row: int, minute: float) -> int:
        """The mask of what it can do at that moment, its stocks included."""
        standing = self._standing[row]
        for bit, stretches in self._stock.items():
            # An even number of changes so far: it is as at the start, in stock.
            if standing & bit and bisect_right(stretches[row], minute) % 2:
                standing &= ~bit
        return standing

    def can_treat(self, row: int, needs: int, minute: float) -> bool:
        """Whether it has all that is needed at that moment."""
        return not needs & ~self.has(row, minute)

    def stock(self, row: int, minute: float) -> tuple[int, int]:
        """What it would report of its stock then: the masks of what is there and of what is not."""
        there = self.has(row, minute) & int(STOCK)
        return there, int(STOCK) & ~there


def _group(level: int) -> int:
    return 0 if level <= 3 else min(level - 3, 2)


def _threshold(chance: float) -> float:
    if chance <= 0:
        return -inf
    return inf if chance >= 1 else NormalDist().inv_cdf(chance)


_SHARED, _OWN = sqrt(CORRELATION), sqrt(1 - CORRELATION)


def _common(
    thresholds: Mapping[int, Floats],
    has: NDArray[np.int64],
    lacks: NDArray[np.int64],
    rng: np.random.Generator,
) -> Floats:
    """How poorly equipped each facility is as a whole (standard normal), given what is known of it:
    drawn by importance sampling.
    """
    candidates = rng.standard_normal((len(has), _CANDIDATES))
    weights = np.ones_like(candidates)
    for bit, threshold in thresholds.items():
        margin = np.clip((threshold[:, None] - _SHARED * candidates) / _OWN, -12.0, 12.0)
        there = 1 / (1 + np.exp(-_LOGISTIC * margin))
        weights *= np.where((has & bit != 0)[:, None], there, 1.0)
        weights *= np.where((lacks & bit != 0)[:, None], 1 - there, 1.0)
    sums = weights.cumsum(axis=1)
    drawn = (sums < rng.random(len(has))[:, None] * sums[:, -1:]).sum(axis=1)
    common: Floats = candidates[np.arange(len(has)), drawn]
    return common


def _stretches(
    count: int, minutes: float, share: float, out_days: float, rng: np.random.Generator
) -> list[list[float]]:
    """For each site the minutes at which it runs out and is supplied again, in turns; it has some
    before the first. The start is drawn from the long run.
    """
    out_min = out_days * 1440.0
    in_min = out_min * share / (1 - share)
    expected = int(minutes / (in_min + out_min) * 2) + 2
    starts_out = rng.random(count) >= share
    lengths: Floats = rng.standard_exponential((count, expected * 3))
    found = []
    for row in range(count):
        is_out = bool(starts_out[row])
        at = 0.0
        changes = [0.0] if is_out else []
        for length in lengths[row].tolist():
            at += length * (out_min if is_out else in_min)
            if at > minutes:
                break
            changes.append(at)
            is_out = not is_out
        found.append(changes)
    return found
