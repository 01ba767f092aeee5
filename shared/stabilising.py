"""Where a patient is stabilised on the way: Kenya's charts ask for airway, breathing and bleeding
first, and nobody critical is driven past every hospital on a long way.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from shared.capability import Capability
from shared.emergency import Priority
from shared.facility import Facility
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

# Plain integers: arithmetic on flags is twenty times slower.
_OXYGEN = int(Capability.OXYGEN)
_EMERGENCY_24H = int(Capability.EMERGENCY_24H)


class Stop(NamedTuple):
    """A reason to stop at the nearest facility that is `able`, if it is that much nearer than the
    best match.
    """

    nearer_min: float
    able: Callable[[Facility, MatchPolicy], bool]


def stops(query: MatchQuery, tier: int, policy: MatchPolicy) -> list[Stop]:
    """The reasons that this patient has, whose best match is in that tier.

    Airway, breathing and bleeding ask for oxygen; on a long way any hospital will do. Hands and
    oxygen need no bed, but have their limit.
    """
    found = []
    if query.stabilise_first:
        found.append(Stop(policy.stabilise_nearer_min, _has_oxygen))
    if tier > 1 and query.priority is Priority.CRITICAL and not query.in_hospital:
        found.append(Stop(policy.stop_nearer_min, _is_hospital))
    return found


def stabiliser(
    reasons: Iterable[Stop], facilities: list[Facility], best_min: float, policy: MatchPolicy
) -> Facility | None:
    """The nearest of these open facilities at which a patient stops for one of the reasons, whose
    best match is `best_min` away; None where there is none.
    """
    found = []
    for stop in reasons:
        able = [facility for facility in facilities if stop.able(facility, policy)]
        nearest = min(able, key=_by_time, default=None)
        if nearest is not None and nearest.travel_min <= best_min - stop.nearer_min:
            found.append(nearest)
    return min(found, key=_by_time, default=None)


def _has_oxygen(facility: Facility, policy: MatchPolicy) -> bool:
    return bool(
        facility.has & _OXYGEN
        and not facility.crowded
        and facility.hospital.level >= policy.lowest_level
    )


def _is_hospital(facility: Facility, policy: MatchPolicy) -> bool:
    return (
        facility.hospital.level >= policy.stop_level
        and not facility.crowded
        and not facility.hospital.lacks & _EMERGENCY_24H
    )


def _by_time(facility: Facility) -> tuple[float, int]:
    return facility.travel_min, facility.hospital.id
