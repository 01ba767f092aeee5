"""When somebody is on duty at a telephone: weekdays, nights and public holidays, in local time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.errors import InvalidInput

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY = frozenset(range(7))
_WHOLE_DAY_MIN = 24 * 60
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_HOW = (
    "Write days and hours such as 'mon-fri 08:00-17:00; sat,sun 20:00-06:00; holidays off', or "
    "nothing for day and night"
)
HOLIDAYS = "holidays"
_OFF = "off"


@dataclass(frozen=True, slots=True)
class _Shift:
    """One entry. `days` are weekdays, Monday 0; minutes count from the local midnight of the day
    that the shift begins on, and may run into the next one.
    """

    days: frozenset[int]
    on_holidays: bool
    starts_min: int
    ends_min: int

    def covers(self, minute: int) -> bool:
        return self.starts_min <= minute < self.ends_min


@dataclass(frozen=True, slots=True)
class DutyHours:
    """A rota. On a public holiday only the entries that name `holidays` count, if there is one:
    `holidays off` is nobody, `mon-fri,holidays 08:00-17:00` is as usual. Without entries somebody
    is on duty day and night.
    """

    shifts: tuple[_Shift, ...] = ()

    def on_duty(self, local: datetime, is_holiday: Callable[[date], bool]) -> bool:
        """Whether somebody is there at this local time. A night shift belongs to the day that it
        began on.
        """
        if not self.shifts:
            return True
        minute = local.hour * 60 + local.minute
        yesterday = local.date() - timedelta(days=1)
        return any(
            shift.covers(minute) for shift in self._of(local.date(), is_holiday(local.date()))
        ) or any(
            shift.covers(minute + _WHOLE_DAY_MIN)
            for shift in self._of(yesterday, is_holiday(yesterday))
        )

    def _of(self, day: date, is_holiday: bool) -> list[_Shift]:
        if is_holiday and any(shift.on_holidays for shift in self.shifts):
            return [shift for shift in self.shifts if shift.on_holidays]
        return [shift for shift in self.shifts if day.weekday() in shift.days]


def parse(text: str) -> DutyHours:
    """The rota that somebody wrote.

    Raises InvalidInput naming the part that makes no sense.
    """
    entries = [entry.split() for entry in text.lower().split(";") if entry.strip()]
    return DutyHours(tuple(_shift(words) for words in entries))


def _shift(words: list[str]) -> _Shift:
    written = " ".join(words)
    if len(words) == 1 and _HOURS.fullmatch(words[0]):
        words = ["daily", words[0]]
    if len(words) > 2:
        raise InvalidInput(f"{written!r} has more than days and hours. {_HOW}.")
    days, on_holidays = _days(words[0], written)
    hours = words[1] if len(words) == 2 else "00:00-24:00"
    if hours == _OFF:
        return _Shift(days, on_holidays, 0, 0)
    match = _HOURS.fullmatch(hours)
    if match is None:
        raise InvalidInput(f"{written!r}: {hours!r} are no hours. {_HOW}.")
    starts_min = int(match[1]) * 60 + int(match[2])
    ends_min = int(match[3]) * 60 + int(match[4])
    if max(starts_min, ends_min) > _WHOLE_DAY_MIN or starts_min == ends_min:
        raise InvalidInput(f"{written!r}: {hours!r} are no hours. {_HOW}.")
    return _Shift(
        days, on_holidays, starts_min, ends_min if ends_min > starts_min else ends_min + 24 * 60
    )


def _days(written: str, entry: str) -> tuple[frozenset[int], bool]:
    days: set[int] = set()
    on_holidays = False
    for part in written.split(","):
        if part == HOLIDAYS:
            on_holidays = True
        elif part == "daily":
            days |= _EVERY_DAY
        else:
            first, dash, last = part.partition("-")
            if first not in _DAYS or (dash and last not in _DAYS):
                raise InvalidInput(f"{entry!r}: {part!r} is no day. {_HOW}.")
            day = _DAYS.index(first)
            days.add(day)
            while last and day != _DAYS.index(last):
                day = (day + 1) % 7
                days.add(day)
    return frozenset(days), on_holidays
