"""The real System of this machine: the only file of the box that reads clock and chance."""

import random
from datetime import UTC, datetime

from shared import identifier
from shared.system import System


def real_system() -> System:
    """Time, identifiers and cryptographic chance of the machine that we run on."""

    def now() -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is where time comes from

    rng = random.SystemRandom()
    return System(now=now, new_id=identifier.maker(now, rng), rng=rng)
