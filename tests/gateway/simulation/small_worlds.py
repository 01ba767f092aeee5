"""Worlds small enough to work every time out by hand.

Everything lies on one meridian. By the default travel model a road is 1.4 times the great circle;
its first 15 km take 2 min each, every further one 1.5 min.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from gateway.simulation.case_mix import Case
from gateway.simulation.country import Country, Site, Ward
from gateway.simulation.geography import Geography
from gateway.simulation.hidden import Hidden
from gateway.simulation.journey import Journey, Run
from gateway.simulation.policies import POLICIES, PolicyKind
from gateway.simulation.trace import Patient, Trace
from shared.capability import mask
from shared.emergency import Priority
from shared.hospital import Hospital
from shared.match_policy import MatchPolicy

_KM_A_DEGREE = 6371.0088 * np.pi / 180
_LON = 36.8
# Tuesday, ten o'clock: who works by day is there.
TEN_O_CLOCK = 1440.0 + 600.0


def latitude(road_km: float) -> float:
    """As far north of the ward as so many kilometres of road lead."""
    return float(road_km / 1.4 / _KM_A_DEGREE)


def site(
    number: int,
    road_km: float,
    has: Sequence[str] = (),
    lacks: Sequence[str] = (),
    level: int = 4,
    open_24h: bool | None = True,
) -> Site:
    """A facility at that distance from the ward; what is in neither list is unknown."""
    hospital = Hospital(
        id=100 + number,
        name=f"Hospital {number}",
        level=level,
        county="Nairobi",
        lat=latitude(road_km),
        lon=_LON,
        has=int(mask(has)),
        lacks=int(mask(lacks)),
        open_24h=open_24h,
    )
    return Site(hospital, public=True, beds=20)


def country(*sites: Site) -> Country:
    """These facilities, and one ward, whose people all live in its middle."""
    return Country(sites, (Ward("Ward", "Nairobi", 0.0, _LON, 0.0),))


class Truth(Hidden):
    """A truth that is written down: what each site can do, and which doors are closed."""

    def __init__(self, masks: Sequence[Sequence[str]], closed: Sequence[int] = ()) -> None:
        self._masks = [int(mask(names)) for names in masks]
        self._closed = closed

    def is_open(self, row: int, minute: float) -> bool:
        return row not in self._closed

    def has(self, row: int, minute: float) -> int:
        return self._masks[row]


def patient(
    needs: Sequence[str],
    at: float = TEN_O_CLOCK,
    stay_min: float = 600.0,
    stabilise: bool = False,
    priority: Priority = Priority.CRITICAL,
) -> Patient:
    case = Case("by-hand", int(mask(needs)), priority, stabilise, 1.0)
    return Patient(at, 0, 0.0, _LON, case, stay_min, vehicle=1.0)


def trace(
    patients: Sequence[Patient],
    truth: Truth,
    beds: Sequence[int],
    taken_until: Mapping[int, Sequence[float]] | None = None,
    reports: Sequence[tuple[float, int]] = (),
    answers: Sequence[int] = (),
) -> Trace:
    """A trace on roads as the model has them. `taken_until` is when each of a site's beds that are
    taken at the start becomes free.
    """
    taken = taken_until or {}
    return Trace(
        minutes=10 * 1440.0,
        patients=tuple(patients),
        hidden=truth,
        beds=tuple(beds),
        leaving=tuple(list(taken.get(row, ())) for row in range(len(beds))),
        arrivals=tuple([] for _ in beds),
        reports=tuple(reports),
        reports_stock=frozenset(),
        answers=frozenset(answers),
        roads=np.ones((1, len(beds)), np.float32),
    )


def play(
    place: Country, played: Trace, policy: str | PolicyKind, settings: MatchPolicy | None = None
) -> list[Journey]:
    """The journeys of that trace under that policy."""
    settings = settings or MatchPolicy()
    kind = POLICIES[policy] if isinstance(policy, str) else policy
    return Run(played, place, Geography(place, settings.travel), kind, settings).play()
