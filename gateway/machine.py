"""The real clock, chance and identifiers: the only place in the gateway that builds them."""

import random
from datetime import UTC, datetime

from shared import identifier
from shared.system import System


def real_system() -> System:
    """This machine's time, and chance that nobody can foresee."""

    def now() -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place where real time comes in

    rng = random.SystemRandom()
    return System(now=now, new_id=identifier.maker(now, rng), rng=rng)
