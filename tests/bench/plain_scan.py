"""The scans that the matching index is measured beside: what somebody would write who has the same
hospitals and an afternoon.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from math import inf

import numpy as np
from numpy.typing import NDArray

from shared.capability import Capability
from shared.emergency import Priority
from shared.geo import EARTH_RADIUS_M
from shared.hospital import STOCK, TAKES_PATIENTS, UNITS, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

_OXYGEN = int(Capability.OXYGEN)
_EMERGENCY_24H = int(Capability.EMERGENCY_24H)
_STOCK = int(STOCK)
Pairs = Sequence[tuple[Hospital, Availability]]


class PlainScan:
    """The policy in plain numpy: the haversine formula, the limits and the score of every hospital,
    for every query. It answers with ids only, and explains nothing.
    """

    def __init__(self, pairs: Pairs, now: datetime) -> None:
        self._ids = np.array([hospital.id for hospital, _ in pairs])
        self._lat = np.radians([hospital.lat for hospital, _ in pairs])
        self._lon = np.radians([hospital.lon for hospital, _ in pairs])
        self._cos_lat = np.cos(self._lat)
        self._level = np.array([hospital.level for hospital, _ in pairs])
        self._day_only = np.array([hospital.open_24h is False for hospital, _ in pairs])
        self._takes = np.array([reported.status in TAKES_PATIENTS for _, reported in pairs])
        self._age_s = _ages([reported.reported_at for _, reported in pairs], now)
        self._stock_age_s = _ages([reported.stock_reported_at for _, reported in pairs], now)
        said = np.isfinite(self._stock_age_s) * _STOCK
        stock_has = np.array([int(reported.stock_has) for _, reported in pairs]) & said
        stock_lacks = np.array([int(reported.stock_lacks) for _, reported in pairs]) & said
        self._stock_has, self._stock_lacks = stock_has, stock_lacks & ~stock_has
        self._has = np.array([int(hospital.has) for hospital, _ in pairs])
        self._units_age_s = _ages([reported.units_reported_at for _, reported in pairs], now)
        said = np.isfinite(self._units_age_s) * UNITS
        units_free = np.array([int(reported.units_free) for _, reported in pairs]) & said
        units_full = np.array([int(reported.units_full) for _, reported in pairs]) & said
        self._units_full = units_full & ~units_free
        self._has = (self._has | stock_has | units_free) & ~self._stock_lacks & ~self._units_full
        self._lacks = np.array([int(hospital.lacks) for hospital, _ in pairs])
        self._lacks &= ~stock_has & ~units_free
        self._free = np.array(
            [np.nan if reported.free_beds is None else reported.free_beds for _, reported in pairs],
            float,
        )
        self._staffed = np.array(
            [
                np.nan if reported.staffed_beds is None else reported.staffed_beds
                for _, reported in pairs
            ],
            float,
        )
        self._assigned = np.array([reported.assigned_since for _, reported in pairs], float)

    def rank(self, query: MatchQuery, policy: MatchPolicy, limit: int) -> list[int]:
        """The ids of the first `limit` hospitals of `shared.matching.rank`, but for rounding."""
        lat, lon = np.radians(query.lat), np.radians(query.lon)
        half_lat = np.sin((self._lat - lat) / 2)
        half_lon = np.sin((self._lon - lon) / 2)
        square = half_lat**2 + np.cos(lat) * self._cos_lat * half_lon**2
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(square))
        road_m = policy.travel.detour * np.sqrt(metres**2 + query.radius_m**2 / 2)
        pace = policy.travel.pace(query.urban, query.depart_at)
        minutes = np.where(
            road_m <= pace.stretch_m,
            road_m * pace.near,
            pace.stretch_m * pace.near + (road_m - pace.stretch_m) * pace.beyond,
        )
        opens_min, closes_min = policy.day_window_min(query.depart_at)
        usable = self._takes & ~np.isin(self._ids, list(query.exclude))
        usable &= ~self._day_only | ((minutes >= opens_min) & (minutes <= closes_min))
        surge = policy.surge_share if query.mass_casualty else 0.0
        known = ~np.isnan(self._staffed)
        discharged = self._age_s / 3600 / policy.mean_stay_h + surge
        staffed = np.where(known, self._staffed, 0.0)
        balance = self._free - self._assigned + staffed * np.minimum(discharged, 1e6)
        free = np.maximum(balance, 0.0)
        free = np.where(known, np.minimum(free, self._staffed * (1 + surge)), free)
        trusted = self._age_s <= policy.trusted_report_s
        beds = np.array([policy.assumed_beds[level] for level in range(7)])[self._level]
        crowd = self._assigned - beds * (1 + surge)
        full = np.where(trusted, free < 1, crowd >= 0)
        needs = int(query.needs)
        lacks = self._lacks
        for age_s, gone in (
            (self._stock_age_s, self._stock_lacks),
            (self._units_age_s, self._units_full),
        ):
            lacks = lacks | np.where(age_s <= policy.trusted_report_s, gone, 0)
        care = usable & (self._level >= policy.lowest_level)
        capable = care & (lacks & needs == 0) & (minutes <= policy.tiers_min[query.priority][-1])
        specialty = self._specialty(needs, lacks, policy)
        room = capable & ~full
        capable = room if room.any() else capable
        if not capable.any():
            room = usable & ~full
            usable = room if room.any() else usable
            care_min = minutes + (1 - specialty) * policy.referral_min
            care_min += np.where(self._level < policy.lowest_level, policy.below_level_min, 0.0)
            return self._best(-care_min, minutes, usable, limit)
        whole = capable & (self._has & needs == needs)
        nearest_min = minutes[whole if whole.any() else capable].min()
        reach_min = next(t for t in policy.tiers_min[query.priority] if nearest_min <= t)
        capable &= minutes <= reach_min
        half = policy.half_capacity_beds
        prior = policy.capacity_prior * half / (half + np.maximum(self._assigned, 0))
        confidence = policy.report_half_age_s / (policy.report_half_age_s + self._age_s)
        capacity = np.where(
            np.isnan(free), prior, confidence * free / (free + half) + (1 - confidence) * prior
        )
        score = (
            policy.distance_weight * np.maximum(1 - minutes / reach_min, 0)
            + policy.capacity_weight * capacity
            + policy.specialty_weight * specialty
        )
        best = self._best(score, minutes, capable, limit)
        of_best = minutes[np.searchsorted(self._ids, best[0])]
        fit = np.where(trusted, -balance, crowd) < policy.stabilise_overload
        if query.mass_casualty:
            fit = ~full
        places = np.zeros(len(fit), bool)
        if query.stabilise_first:
            places |= (
                (self._has & _OXYGEN != 0)
                & care
                & (minutes <= of_best - policy.stabilise_nearer_min)
            )
        far = reach_min > policy.tiers_min[query.priority][0]
        if far and query.priority is Priority.CRITICAL and not query.in_hospital:
            places |= (
                (self._level >= policy.stop_level)
                & (self._lacks & _EMERGENCY_24H == 0)
                & (usable & (minutes <= of_best - policy.stop_nearer_min))
            )
        rows = np.flatnonzero(places & fit)
        if not len(rows):
            return best
        nearest = int(self._ids[rows[np.lexsort((self._ids[rows], minutes[rows]))[0]]])
        return [nearest, *(number for number in best if number != nearest)][:limit]

    def _specialty(
        self, needs: int, lacks: NDArray[np.int64], policy: MatchPolicy
    ) -> NDArray[np.float64]:
        unknown_value, standing = 1.0 - policy.unknown_penalty, policy.unreported_stock_value
        total, weights = np.zeros(len(self._ids)), 0.0
        for capability in Capability:
            bit = int(capability)
            if not needs & bit:
                continue
            weight = policy.capability_weights.get(capability, 1.0)
            weights += weight
            value = np.where(lacks & bit != 0, 0.0, unknown_value)
            there: float | NDArray[np.float64] = 1.0
            if bit & _STOCK:
                confidence = policy.report_half_age_s / (
                    policy.report_half_age_s + self._stock_age_s
                )
                there = np.where(
                    self._stock_has & bit != 0,
                    standing + (1 - standing) * confidence,
                    policy.unreported_stock_value,
                )
            total += weight * np.where(self._has & bit != 0, there, value)
        return total / weights if weights else np.ones(len(self._ids))

    def _best(
        self,
        score: NDArray[np.float64],
        minutes: NDArray[np.float64],
        among: NDArray[np.bool_],
        limit: int,
    ) -> list[int]:
        rows = np.flatnonzero(among)
        if len(rows) > limit:
            least = np.partition(-score[rows], limit - 1)[limit - 1]
            rows = rows[-score[rows] <= least]
        order = np.lexsort((self._ids[rows], minutes[rows], -score[rows]))
        return [int(number) for number in self._ids[rows[order[:limit]]]]


def _ages(moments: Sequence[datetime | None], now: datetime) -> NDArray[np.float64]:
    return np.array([inf if at is None else max((now - at).total_seconds(), 0.0) for at in moments])


class NearestScan:
    """The five nearest by the haversine formula, whatever they can do: less than is asked of
    matching, and the least that any scan does.
    """

    def __init__(self, pairs: Pairs) -> None:
        self._lat = np.radians([hospital.lat for hospital, _ in pairs])
        self._lon = np.radians([hospital.lon for hospital, _ in pairs])
        self._cos_lat = np.cos(self._lat)

    def rank(self, query: MatchQuery, limit: int) -> list[int]:
        """Rows, in no order."""
        lat, lon = np.radians(query.lat), np.radians(query.lon)
        half_lat = np.sin((self._lat - lat) / 2)
        half_lon = np.sin((self._lon - lon) / 2)
        square = half_lat**2 + np.cos(lat) * self._cos_lat * half_lon**2
        nearest: list[int] = np.argpartition(square, limit)[:limit].tolist()
        return nearest


# One statement over one table: the limits of capability, level and status, and the score over the
# widest tier. No narrower tiers, no ages of reports, nobody who stabilises first.
_SQL = """
SELECT id, :distance * (1 - minutes / :reach)
    + :capacity * coalesce(free, :prior) / (coalesce(free, :prior) + :half)
    + :specialty * CASE has & :needs WHEN :needs THEN 1.0 ELSE 0.4 END AS score
FROM (
    SELECT id, has, free_beds - assigned AS free, 2 * :earth * asin(sqrt(
        pow(sin(radians(lat - :lat) / 2), 2)
        + cos(radians(:lat)) * cos(radians(lat)) * pow(sin(radians(lon - :lon) / 2), 2)
    )) * :minutes_a_metre AS minutes
    FROM hospitals
    WHERE takes AND level >= :lowest_level AND lacks & :needs = 0
)
WHERE minutes <= :reach
ORDER BY score DESC, minutes, id
LIMIT :limit
"""


class SqlScan:
    """A simpler policy as one statement over a table in memory: faster than any on a disk."""

    def __init__(self, pairs: Pairs) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE TABLE hospitals (id INTEGER PRIMARY KEY, lat REAL, lon REAL, level INTEGER, "
            "has INTEGER, lacks INTEGER, takes INTEGER, free_beds INTEGER, assigned INTEGER)"
        )
        self._connection.executemany(
            "INSERT INTO hospitals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    hospital.id,
                    hospital.lat,
                    hospital.lon,
                    hospital.level,
                    int(hospital.has),
                    int(hospital.lacks),
                    reported.status in TAKES_PATIENTS,
                    reported.free_beds,
                    reported.assigned_since,
                )
                for hospital, reported in pairs
            ),
        )

    def rank(self, query: MatchQuery, policy: MatchPolicy, limit: int) -> list[int]:
        """The ids of the best, by the simpler policy."""
        pace = policy.travel.pace(query.urban, query.depart_at)
        values = {
            "lat": query.lat,
            "lon": query.lon,
            "needs": int(query.needs),
            "earth": EARTH_RADIUS_M,
            "minutes_a_metre": policy.travel.detour * pace.near,
            "reach": policy.tiers_min[query.priority][-1],
            "lowest_level": policy.lowest_level,
            "distance": policy.distance_weight,
            "capacity": policy.capacity_weight,
            "specialty": policy.specialty_weight,
            "prior": policy.half_capacity_beds,
            "half": policy.half_capacity_beds,
            "limit": limit,
        }
        with closing(self._connection.execute(_SQL, values)) as found:
            return [int(row[0]) for row in found]
