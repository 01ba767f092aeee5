"""Everything that chance decides, drawn before any policy chooses: the same for all of them."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from gateway.simulation.beds import Beds
from gateway.simulation.calendar import MINUTES_A_DAY
from gateway.simulation.case_mix import Case, CaseMix
from gateway.simulation.country import Country
from gateway.simulation.geography import VEHICLE_SPREAD, Geography
from gateway.simulation.hidden import Hidden
from gateway.simulation.settings import Settings
from shared.emergency import Priority
from shared.match_policy import MatchPolicy

Floats = NDArray[np.float64]

# Emergency beds: this share of a house's beds, and no fewer than two.
EMERGENCY_SHARE = 0.15
FEWEST_BEDS = 2
# The register's median by level, for houses whose beds nobody counted (KMHFL of May 2020).
MEDIAN_BEDS = {3: 10, 4: 32, 5: 323, 6: 650}
_MEDIAN_BELOW = 3
# How long beds stay taken, in hours: means, exponential.
BACKGROUND_STAY_H = 12.0
STAY_H = {Priority.CRITICAL: 18.0, Priority.HIGH: 8.0, Priority.MEDIUM: 4.0}
# Hospitals are not equally busy: the standard deviation of the load among them.
LOAD_SPREAD = 0.15
_MOST_LOAD = 0.97
# People after the last simulated day still need the rest of the world to go on.
_AFTERMATH_DAYS = 3
# The distance from a ward's middle is Rayleigh distributed: half live within its radius.
_RAYLEIGH_MEDIAN = float(np.sqrt(2 * np.log(2)))
_DEGREE_M = 111_195.0


@dataclass(frozen=True, slots=True)
class Patient:
    """One emergency: when (minutes), where from (a ward's number and the true position), what, how
    long a bed is needed for, and how fast the patient's vehicle is against the model (1: as it).
    """

    at: float
    ward: int
    lat: float
    lon: float
    case: Case
    stay_min: float
    vehicle: float


@dataclass(frozen=True, slots=True)
class Trace:
    """What happens at one seed and one load, whatever is chosen, in so many minutes.

    `beds` counts each site's emergency beds, `leaving` and `arrivals` are what `Beds` is made of;
    `reports` are minute and site of every bed report, in order, and `reports_stock` names the
    sites whose reports tell their stock too. `roads` are factors by ward and site. `answers` names
    the sites that would answer "cannot treat" before a patient comes.
    """

    minutes: float
    patients: tuple[Patient, ...]
    hidden: Hidden
    beds: tuple[int, ...]
    leaving: tuple[list[float], ...]
    arrivals: tuple[list[tuple[float, float]], ...]
    reports: tuple[tuple[float, int], ...]
    reports_stock: frozenset[int]
    answers: frozenset[int]
    roads: NDArray[np.float32]

    def beds_of(self, row: int) -> Beds:
        """A site's beds as they are before the first minute."""
        return Beds(self.beds[row], self.leaving[row], self.arrivals[row])


# The share of sites that answer an offer within minutes; only the policies that ask use it.
ANSWERING = 0.7


def make_trace(
    country: Country,
    mix: CaseMix,
    geography: Geography,
    policy: MatchPolicy,
    settings: Settings,
    load: float,
    seed: int,
) -> Trace:
    """The trace of that seed. Each part has a stream of chance of its own, so that another load
    changes neither the patients nor what hospitals can do.
    """
    minutes = (_lead_days(settings) + settings.days + _AFTERMATH_DAYS) * MINUTES_A_DAY
    streams = iter(np.random.SeedSequence(seed).spawn(6))
    truth, people, others, news, ways, answering = (np.random.default_rng(s) for s in streams)
    hidden = Hidden(country.sites, minutes, policy, truth)
    beds = emergency_beds(country)
    leaving, arrivals = _others(beds, load, minutes, others)
    reports, reports_stock = _reports(len(beds), minutes, settings, news)
    return Trace(
        minutes=minutes,
        patients=_patients(country, mix, settings, people),
        hidden=hidden,
        beds=tuple(beds.tolist()),
        leaving=leaving,
        arrivals=arrivals,
        reports=reports,
        reports_stock=reports_stock,
        answers=frozenset(np.flatnonzero(answering.random(len(beds)) < ANSWERING).tolist()),
        roads=geography.roads(ways),
    )


def emergency_beds(country: Country) -> NDArray[np.int64]:
    """How many staffed emergency beds each site has."""
    houses = [
        site.beds or MEDIAN_BEDS.get(site.hospital.level, _MEDIAN_BELOW) for site in country.sites
    ]
    return np.maximum(np.rint(np.array(houses) * EMERGENCY_SHARE), FEWEST_BEDS).astype(np.int64)


def offered_load(beds: NDArray[np.int64], carried: Floats) -> Floats:
    """How many patients must want each site's beds at a time, so that the share `carried` of them
    is taken although whoever finds none goes elsewhere (Erlang's loss formula, solved by halving).
    """
    lowest, highest = np.zeros(len(beds)), beds / (1.0 - carried) * 2 + 1
    for _ in range(50):
        middle = (lowest + highest) / 2
        too_much = middle * (1 - _blocked(beds, middle)) > carried * beds
        highest = np.where(too_much, middle, highest)
        lowest = np.where(too_much, lowest, middle)
    return (lowest + highest) / 2


def _blocked(beds: NDArray[np.int64], offered: Floats) -> Floats:
    """Erlang's B: the share that finds no bed."""
    blocked = np.ones(len(beds))
    for servers in range(1, int(beds.max()) + 1):
        following = offered * blocked / (servers + offered * blocked)
        blocked = np.where(servers <= beds, following, blocked)
    return blocked


def _others(
    beds: NDArray[np.int64], load: float, minutes: float, rng: np.random.Generator
) -> tuple[tuple[list[float], ...], tuple[list[tuple[float, float]], ...]]:
    """Who is there at the start, and who comes later without us."""
    count = len(beds)
    spread = rng.standard_normal(count) * LOAD_SPREAD
    carried = np.clip(load + spread, 0.0, _MOST_LOAD) if load > 0 else np.zeros(count)
    offered = offered_load(beds, carried)
    stay_min = BACKGROUND_STAY_H * 60
    leaving, arrivals = [], []
    for row in range(count):
        taken = _taken(int(beds[row]), float(offered[row]), float(rng.random()))
        leaving.append((rng.standard_exponential(taken) * stay_min).tolist())
        coming = rng.poisson(offered[row] * minutes / stay_min)
        at = np.sort(rng.random(coming)) * minutes
        stays = rng.standard_exponential(coming) * stay_min
        arrivals.append(list(zip(at.tolist(), stays.tolist(), strict=True)))
    return tuple(leaving), tuple(arrivals)


def _taken(beds: int, offered: float, chance: float) -> int:
    """How many beds are taken in the long run: Erlang's distribution at that quantile."""
    if offered <= 0:
        return 0
    # As logarithms, so that no load is too high or too low to be computed.
    logarithms = np.cumsum([0.0, *np.log(offered / np.arange(1, beds + 1))])
    weights = np.exp(logarithms - logarithms.max())
    return int(np.searchsorted(np.cumsum(weights) / weights.sum(), chance))


def _patients(
    country: Country, mix: CaseMix, settings: Settings, rng: np.random.Generator
) -> tuple[Patient, ...]:
    minutes = settings.days * MINUTES_A_DAY
    count = settings.days * settings.patients_per_day
    at = np.sort(rng.random(count)) * minutes + _lead_days(settings) * MINUTES_A_DAY
    wards = rng.integers(len(country.wards), size=count)
    kinds = rng.choice(len(mix.cases), size=count, p=[case.share for case in mix.cases])
    east, north = rng.standard_normal((2, count)) / _RAYLEIGH_MEDIAN
    stays = rng.standard_exponential(count)
    vehicles = np.exp(rng.standard_normal(count) * VEHICLE_SPREAD - VEHICLE_SPREAD**2 / 2)
    patients = []
    for number in range(count):
        ward, case = country.wards[wards[number]], mix.cases[kinds[number]]
        narrowing = float(np.cos(np.radians(ward.lat)))
        patients.append(
            Patient(
                at=float(at[number]),
                ward=int(wards[number]),
                lat=ward.lat + float(north[number]) * ward.radius_m / _DEGREE_M,
                lon=ward.lon + float(east[number]) * ward.radius_m / _DEGREE_M / narrowing,
                case=case,
                stay_min=float(stays[number]) * STAY_H[case.priority] * 60,
                vehicle=float(vehicles[number]),
            )
        )
    return tuple(patients)


def _reports(
    count: int, minutes: float, settings: Settings, rng: np.random.Generator
) -> tuple[tuple[tuple[float, int], ...], frozenset[int]]:
    """A site that reports does so every twice the mean age, from a time of its own on."""
    every = settings.report_age_h * 60 * 2
    reporting = rng.random(count) >= settings.missing_reports
    first = rng.random(count) * every
    with_stock = rng.random(count) < settings.stock_reports
    reports = sorted(
        (at, row)
        for row in np.flatnonzero(reporting).tolist()
        for at in np.arange(first[row], minutes, every).tolist()
    )
    return tuple(reports), frozenset(np.flatnonzero(with_stock & reporting).tolist())


def _lead_days(settings: Settings) -> int:
    """Days before the first patient, in which every hospital that reports has reported once."""
    return max(1, ceil(settings.report_age_h * 2 / 24))
