"""Moments and spans of time as people at a terminal read them."""

from datetime import datetime


def age_words(age_s: int) -> str:
    """So long ago, such as `12 min` or `3 h 05`."""
    minutes = age_s // 60
    if minutes < 60:
        return f"{minutes:>3} min"
    return f"{minutes // 60} h {minutes % 60:02d}"


def clock_words(at: datetime) -> str:
    """The moment in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}"
