"""Time that only a seed moves: the true one, which the gateway has, and what a box believes."""

from datetime import UTC, datetime, timedelta
from random import Random

from shared import identifier
from shared.system import System

_NEVER_SET = datetime(1970, 1, 1, tzinfo=UTC)
_TOO_FAR = datetime(2038, 1, 19, tzinfo=UTC)


class Clock:
    """The true time."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def forward(self, step: timedelta) -> None:
        self.now += step

    def system(self, rng: Random) -> System:
        return _system(self, rng)


class BoxClock:
    """A box's clock. It runs as the true one does, `wrong_by` so much."""

    def __init__(self, true: Clock) -> None:
        self._true = true
        self.wrong_by = timedelta()

    @property
    def now(self) -> datetime:
        return self._true.now + self.wrong_by

    def jumps(self, rng: Random) -> None:
        """To where clocks without a battery are found, or back to the truth."""
        self.wrong_by = rng.choice(
            [
                timedelta(),
                timedelta(),
                _NEVER_SET - self._true.now,
                _TOO_FAR - self._true.now,
                timedelta(hours=-1),
                timedelta(hours=5),
                timedelta(days=-2),
                timedelta(days=-60),
            ]
        )

    def system(self, rng: Random) -> System:
        return _system(self, rng)


def _system(clock: Clock | BoxClock, rng: Random) -> System:
    return System(lambda: clock.now, identifier.maker(lambda: clock.now, rng), rng)
