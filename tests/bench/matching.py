"""Seeded hospitals and queries over Kenya, and the count of differences between the index and the
reference.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from gateway.hospitals.matching_arrays import MatchingArrays
from shared.capability import Capability
from shared.emergency import Priority
from shared.hospital import STOCK, UNITS, Availability, Hospital, HospitalStatus
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import rank

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
# Most people and most hospitals are near these.
_TOWNS = ((-1.2864, 36.8172), (-4.0435, 39.6682), (-0.0917, 34.7680), (0.5143, 35.2698))


def hospitals(count: int, rng: Random) -> list[tuple[Hospital, Availability]]:
    """That many hospitals, half of them near a town, some at exactly the same place."""
    pairs: list[tuple[Hospital, Availability]] = []
    for number in range(1, count + 1):
        lat, lon = _position(rng)
        if pairs and rng.random() < 0.05:
            lat, lon = pairs[-1][0].lat, pairs[-1][0].lon
        known = rng.getrandbits(27) | rng.getrandbits(27)
        has = known & rng.getrandbits(27)
        hospital = Hospital(
            id=number,
            name=f"Hospital {number}",
            level=rng.choice((2, 3, 3, 4, 4, 5)),
            county="Nairobi",
            lat=lat,
            lon=lon,
            has=has,
            lacks=known & ~has,
            open_24h=rng.choice((True, False, None)),
        )
        pairs.append((hospital, availability(rng)))
    return pairs


def availability(rng: Random) -> Availability:
    """A report of any age, or none."""
    staffed = rng.choice((None, 0, 1, 4, 30))
    free = None if rng.random() < 0.4 else rng.randint(0, staffed or 3)
    stock = rng.getrandbits(27) & STOCK
    units = rng.getrandbits(27) & UNITS
    return Availability(
        status=rng.choice((*(HospitalStatus.NORMAL,) * 8, *HospitalStatus)),
        staffed_beds=staffed,
        free_beds=free,
        assigned_since=rng.choice((0, 0, 0, 0, 1, 2, -1, 7)),
        reported_at=None if free is None else NOW - _age(rng),
        stock_has=stock,
        stock_lacks=~stock & STOCK & rng.getrandbits(27),
        stock_reported_at=None if rng.random() < 0.6 else NOW - _age(rng),
        units_free=units,
        units_full=~units & UNITS & rng.getrandbits(27),
        units_reported_at=None if rng.random() < 0.7 else NOW - _age(rng),
    )


def query(rng: Random) -> MatchQuery:
    """A patient somewhere in Kenya who needs up to three capabilities."""
    lat, lon = _position(rng)
    needs = 0
    for capability in rng.sample(list(Capability), rng.choice((0, 1, 1, 2, 3))):
        needs |= capability
    return MatchQuery(
        lat=lat,
        lon=lon,
        radius_m=rng.choice((0.0, 0.0, 300.0, 3000.0, 40_000.0)),
        needs=needs,
        priority=rng.choice(list(Priority)),
        depart_at=NOW + timedelta(hours=rng.randint(0, 167)),
        stabilise_first=rng.random() < 0.4,
        urban=rng.choice((True, False, None)),
        mass_casualty=rng.random() < 0.2,
        in_hospital=rng.random() < 0.1,
        exclude=frozenset(rng.sample(range(1, 200), rng.choice((0, 0, 3)))),
    )


def arrays_of(pairs: list[tuple[Hospital, Availability]]) -> MatchingArrays:
    """The same hospitals in the index's arrays."""
    arrays = MatchingArrays()
    for hospital, reported in pairs:
        arrays.put(hospital, reported)
    return arrays


def differences(
    pairs: list[tuple[Hospital, Availability]],
    arrays: MatchingArrays,
    queries: Iterator[MatchQuery],
    policy: MatchPolicy,
    limit: int = 5,
) -> list[MatchQuery]:
    """The queries for which the index's first matches are not exactly the reference's."""
    return [
        asked
        for asked in queries
        if arrays.rank(asked, policy, NOW, limit) != rank(asked, pairs, policy, NOW)[:limit]
    ]


def update_some(
    pairs: list[tuple[Hospital, Availability]], arrays: MatchingArrays, rng: Random
) -> None:
    """Changes the availability of every tenth hospital, and moves a few, in both."""
    for row in range(0, len(pairs), 10):
        hospital = pairs[row][0]
        if row % 50 == 0:
            lat, lon = _position(rng)
            hospital = replace(hospital, lat=lat, lon=lon)
        pairs[row] = (hospital, availability(rng))
        arrays.put(*pairs[row])


def _position(rng: Random) -> tuple[float, float]:
    if rng.random() < 0.5:
        lat, lon = rng.choice(_TOWNS)
        return lat + rng.gauss(0, 0.1), lon + rng.gauss(0, 0.1)
    return rng.uniform(-4.6, 4.6), rng.uniform(34.0, 41.8)


def _age(rng: Random) -> timedelta:
    return timedelta(seconds=rng.choice((0, 60, 3600, 6 * 3600, 12 * 3600, 86_400, -60)))
