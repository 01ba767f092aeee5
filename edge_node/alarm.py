"""Whether anybody can hear the box."""

from collections.abc import Callable
from datetime import datetime, timedelta

# A console says every 10 s that it can be heard; one that was closed, crashed or fell asleep says
# nothing, and must not be counted on for long.
_BELIEVED = timedelta(seconds=35)


class Alarm:
    """What each console last said about its sound. Until one has spoken, nobody hears anything."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._audible_until: dict[str, datetime] = {}

    @property
    def audible(self) -> bool:
        """True while at least one console has said lately that it can be heard."""
        now = self._now()
        return any(until > now for until in self._audible_until.copy().values())

    def report(self, console: str, audible: bool) -> None:
        """Notes what one console says of itself; consoles long unheard of are forgotten."""
        now = self._now()
        heard = {name: until for name, until in self._audible_until.items() if until > now}
        heard.pop(console, None)
        self._audible_until = heard | ({console: now + _BELIEVED} if audible else {})
