"""Time, identifiers and chance, handed in from outside so that a simulation can own them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random


@dataclass(frozen=True, slots=True)
class System:
    """What a program takes from the machine it runs on.

    `now` gives an aware UTC datetime; `new_id` gives a fresh identifier (see
    `shared.identifier`); `rng` is the only source of chance, cryptographic in production and
    seeded in simulations. Only one file of each program builds the real one.
    """

    now: Callable[[], datetime]
    new_id: Callable[[], int]
    rng: Random
