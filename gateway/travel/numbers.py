"""Numbers as routing engines write them in JSON."""

from math import inf, isfinite
from typing import Any

from gateway.travel.trouble import EngineTrouble


def number_of(value: Any) -> float | None:
    """The finite number that this JSON value is; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def minutes_of(seconds: Any, engine: str) -> float:
    """Minutes; infinity for null, which says that no road leads there.

    Raises EngineTrouble for what is no duration.
    """
    if seconds is None:
        return inf
    number = number_of(seconds)
    if number is None or number < 0:
        raise EngineTrouble(f"{engine} answers with a duration that is none")
    return number / 60
