"""The real System of this machine: the only file of the box that reads clock and chance."""

import random
import time
from datetime import UTC, datetime, timedelta

from shared import identifier
from shared.system import System


def real_system() -> System:
    """Time, identifiers and cryptographic chance of the machine that we run on.

    Its clock is read once; from then on only elapsed time counts. A box without a battery starts in
    1970, and somebody or something sets its clock while it rings: no countdown, no age and no wait
    may jump with it. How far it is from the gateway's clock is asked at every exchange.
    """
    started_at = datetime.now(UTC)  # noqa: TID251 - this is where time comes from
    started_s = _steady_s()

    def now() -> datetime:
        return started_at + timedelta(seconds=_steady_s() - started_s)

    rng = random.SystemRandom()
    return System(now=now, new_id=identifier.maker(now, rng), rng=rng)


def _steady_s() -> float:
    """Seconds since the machine was started; on Linux they pass while it sleeps too."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
