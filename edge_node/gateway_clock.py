"""The gateway's clock, as far as this program has heard it."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta


class GatewayClock:
    """Nothing until a sealed answer has told the time; from there on it is counted by the seconds
    that this program runs. The box's own clock may be wrong, and may jump when somebody sets it.
    """

    def __init__(self, running_s: Callable[[], float] = time.monotonic) -> None:
        self._running_s = running_s
        self._heard: tuple[datetime, float] | None = None

    def hear(self, moment: datetime) -> None:
        """A sealed answer says that it is this moment."""
        self._heard = moment, self._running_s()

    def now(self) -> datetime | None:
        """What the gateway's clock shows; None when it was not heard yet."""
        if self._heard is None:
            return None
        moment, at_s = self._heard
        return moment + timedelta(seconds=self._running_s() - at_s)
