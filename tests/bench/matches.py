"""The matching index against the reference in plain Python: the same answers, and how much
faster.
"""

import time
from random import Random
from statistics import median

from shared.match_policy import MatchPolicy
from shared.matching import rank
from tests.bench import matching

CASES = 2000
_HOSPITALS = 10_000
_SEED = 20261123
_ROUNDS = 5
_LOOPS = 2
_SCANS = 200
# The reference is slow: many cases over a smaller country, which differ in everything else.
_CASE_HOSPITALS = 200
_CASES_A_COUNTRY = 100


def times_faster() -> float:
    """How many times as fast the index finds the first five as a loop over every hospital."""
    rng = Random(_SEED)
    pairs = matching.hospitals(_HOSPITALS, rng)
    arrays = matching.arrays_of(pairs)
    policy = MatchPolicy()
    ratios = []
    for _ in range(_ROUNDS):
        queries = [matching.query(rng) for _ in range(_SCANS)]
        began = time.perf_counter()
        for query in queries:
            arrays.rank(query, policy, matching.NOW, 5)
        scanned_s = (time.perf_counter() - began) / _SCANS
        began = time.perf_counter()
        for query in queries[:_LOOPS]:
            rank(query, pairs, policy, matching.NOW)[:5]
        ratios.append((time.perf_counter() - began) / _LOOPS / scanned_s)
    return median(ratios)


def differences() -> int:
    """In how many of CASES random cases the two do not give exactly the same five matches."""
    rng = Random(_SEED)
    policy = MatchPolicy()
    found = 0
    for _ in range(CASES // _CASES_A_COUNTRY):
        pairs = matching.hospitals(_CASE_HOSPITALS, rng)
        arrays = matching.arrays_of(pairs)
        for _ in range(2):
            queries = (matching.query(rng) for _ in range(_CASES_A_COUNTRY // 2))
            found += len(matching.differences(pairs, arrays, queries, policy))
            matching.update_some(pairs, arrays, rng)
    return found
