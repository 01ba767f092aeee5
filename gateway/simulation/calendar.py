"""The simulated calendar: minutes since a Monday's midnight, East Africa Time."""

from datetime import datetime, timedelta

from shared.travel import EAST_AFRICA_TIME

MINUTES_A_DAY = 1440.0
_WORKING_DAYS = 5
START = datetime(2026, 3, 2, tzinfo=EAST_AFRICA_TIME)


def instant(minute: float) -> datetime:
    """That minute as the gateway's code wants it."""
    return START + timedelta(minutes=minute)


def is_working_hour(minute: float, opens_h: float, closes_h: float) -> bool:
    """Whether a place that is open from Monday to Friday in these hours is open then."""
    day, of_day = divmod(minute, MINUTES_A_DAY)
    return day % 7 < _WORKING_DAYS and opens_h * 60 <= of_day <= closes_h * 60
