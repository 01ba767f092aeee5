"""The matching index at a thousand, ten thousand and a hundred thousand hospitals, beside scans of
the same data in the same run.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from statistics import median
from typing import Any

from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import rank
from tests.bench import matching
from tests.bench.plain_scan import NearestScan, PlainScan, SqlScan

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000}
CASES = 2_000
# The reference in plain Python takes half a second at a hundred thousand.
BY_REFERENCE = {"1k": 2_000, "10k": 400, "100k": 40}
UPDATES = 2_000
_SEED = 20261123
_TIMED = 400
_LIMIT = 5


@dataclass(frozen=True, slots=True)
class Timed:
    """Microseconds a query: the middle one, and the slowest hundredth."""

    median_us: float
    p99_us: float


@dataclass(frozen=True, slots=True)
class AtScale:
    """One size. `plain`, `nearest` and `sql` are the scans, `update` is a change of one hospital
    with the ranking that follows it less a ranking alone. `differences` from the reference are
    counted over CASES before and CASES after UPDATES changes; of most cases at the larger sizes the
    plain scan says the same, so that the reference, which takes half a second, need not be asked.
    """

    ours: Timed
    plain: Timed
    nearest: Timed
    sql: Timed
    update: Timed
    differences: int


@lru_cache(maxsize=1)
def measure() -> dict[str, AtScale]:
    """Every size."""
    return {name: _at(count, BY_REFERENCE[name]) for name, count in SIZES.items()}


def _at(count: int, by_reference: int) -> AtScale:
    rng = Random(_SEED)
    pairs = matching.hospitals(count, rng)
    arrays = matching.arrays_of(pairs)
    arrays.refresh()
    policy = MatchPolicy()
    plain, nearest, sql = PlainScan(pairs, matching.NOW), NearestScan(pairs), SqlScan(pairs)

    def ours(query: MatchQuery) -> Any:
        return arrays.rank(query, policy, matching.NOW, _LIMIT)

    queries = [matching.query(rng) for _ in range(_TIMED)]
    scans: dict[str, Callable[[MatchQuery], Any]] = {
        "ours": ours,
        "plain": lambda query: plain.rank(query, policy, _LIMIT),
        "nearest": lambda query: nearest.rank(query, _LIMIT),
        "sql": lambda query: sql.rank(query, policy, _LIMIT),
    }
    timed: dict[str, list[float]] = {name: [] for name in scans}
    for query in queries:
        for name, scan in scans.items():
            began = time.perf_counter()
            scan(query)
            timed[name].append(time.perf_counter() - began)
    updates = []
    for query in queries:
        row = rng.randrange(count)
        ours(query)
        began = time.perf_counter()
        ours(query)
        alone_s = time.perf_counter() - began
        pairs[row] = (pairs[row][0], matching.availability(rng))
        began = time.perf_counter()
        arrays.put(*pairs[row])
        ours(query)
        updates.append(time.perf_counter() - began - alone_s)
    differences = 0
    for _ in range(2):
        plain = PlainScan(pairs, matching.NOW)
        for case in range(CASES):
            query = matching.query(rng)
            found = ours(query)
            ids = [match.hospital_id for match in found]
            # Where the two disagree, rounding has decided in one of them: the reference knows.
            if case < by_reference or ids != plain.rank(query, policy, _LIMIT):
                differences += found != rank(query, pairs, policy, matching.NOW)[:_LIMIT]
        for _ in range(UPDATES):
            row = rng.randrange(count)
            pairs[row] = (pairs[row][0], matching.availability(rng))
            arrays.put(*pairs[row])
    return AtScale(
        **{name: _timed(values) for name, values in timed.items()},
        update=_timed(updates),
        differences=differences,
    )


def _timed(seconds: list[float]) -> Timed:
    ordered = sorted(seconds)
    return Timed(median(ordered) * 1e6, ordered[int(len(ordered) * 0.99)] * 1e6)
