"""The arrays say of every hospital what the reference says of one."""

from datetime import timedelta
from random import Random

import pytest

from gateway.simulation.calendar import START
from gateway.simulation.country import Site
from gateway.simulation.reported import Reported
from shared.capability import ALL, Capability
from shared.emergency import Priority
from shared.facility import weigh
from shared.hospital import STOCK, Availability, Hospital
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery

NOW = START + timedelta(hours=40)
_COUNT = 60


def _site(number: int, rng: Random) -> Site:
    known = rng.getrandbits(27)
    has = known & rng.getrandbits(27)
    return Site(Hospital(number, str(number), 4, "", 0.0, 36.8, has, known & ~has), True, None)


def _availability(rng: Random) -> Availability:
    staffed = rng.randint(1, 12)
    free = None if rng.random() < 0.3 else rng.randint(0, staffed)
    stock = rng.getrandbits(27) & STOCK
    return Availability(
        staffed_beds=None if free is None else staffed,
        free_beds=free,
        assigned_since=rng.randint(-1, 5),
        reported_at=None if free is None else NOW - timedelta(hours=rng.choice((0, 1, 5, 12, 30))),
        stock_has=stock,
        stock_lacks=~stock & STOCK & rng.getrandbits(27),
        stock_reported_at=None
        if rng.random() < 0.5
        else NOW - timedelta(hours=rng.choice((1, 20))),
    )


@pytest.mark.parametrize("seed", range(8))
def test_row_for_row(seed: int) -> None:
    rng = Random(seed)
    policy = MatchPolicy(capability_weights={Capability.BLOOD: 2.0, Capability.CT: 0.5})
    sites = [_site(number, rng) for number in range(1, _COUNT + 1)]
    heard = [_availability(rng) for _ in sites]
    reported = Reported(sites, policy)
    for row, availability in enumerate(heard):
        reported.put(row, availability)
    needs = rng.getrandbits(27) & rng.getrandbits(27) & int(ALL)
    weighed = reported.weigh(needs, NOW)
    query = MatchQuery(0.0, 36.8, 0.0, needs, Priority.HIGH, NOW)
    needed = policy.weighed(needs)
    for row, (known, availability) in enumerate(zip(sites, heard, strict=True)):
        alone = weigh(query, needed, known.hospital, availability, 0.0, 10.0, policy, NOW)
        assert weighed.capacity_part[row] == pytest.approx(alone.capacity_part)
        assert weighed.specialty_part[row] == pytest.approx(alone.specialty_part)
        assert weighed.lacking[row] == bool(alone.missing)
        assert weighed.full[row] == alone.full
