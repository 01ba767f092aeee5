"""How long turns take at a steady rate, against a bare Flask view at the same rate in the same run.

What counts is the slowest hundredth: a caller whose turn comes late may lose the session.
"""

from collections.abc import Callable, Iterable
from itertools import count
from statistics import median, quantiles

from tests.bench import turns
from tests.bench.load import Visit, run, run_steadily

PER_SECOND = 100
_ROUNDS = 3
_SESSIONS = 100
_RAISED = 400
_CONNECTIONS = 8


def menu_turn() -> float:
    """The 99th percentile of menu turns, as a multiple of the bare view's."""
    with turns.bare() as bare_url, turns.gateway() as (_, url):
        numbers = count(1)

        def measure() -> float:
            return _slow_s(url, _menu_turns([next(numbers) for _ in range(_SESSIONS)]))

        return _multiple(bare_url, measure)


def raise_turn() -> float:
    """The 99th percentile of turns that raise an emergency, as a multiple of the bare view's."""
    with turns.bare() as bare_url, turns.gateway() as (_, url):
        numbers = count(1)

        def measure() -> float:
            raised = [next(numbers) for _ in range(_RAISED)]
            run(url, [turns.until_the_last_key(number) for number in raised], _CONNECTIONS)
            return _slow_s(url, [turns.the_last_key(number) for number in raised])

        return _multiple(bare_url, measure)


def _multiple(bare_url: str, measure: Callable[[], float]) -> float:
    multiples = []
    for _ in range(_ROUNDS):
        bare_s = _slow_s(bare_url, _menu_turns(range(_SESSIONS)))
        multiples.append(measure() / bare_s)
    return median(multiples)


def _slow_s(url: str, visits: Iterable[Visit]) -> float:
    return quantiles(run_steadily(url, visits, PER_SECOND), n=100, method="inclusive")[98]


def _menu_turns(sessions: Iterable[int]) -> list[Visit]:
    """Every session's first turn, then every session's second, and so on: a second lies between
    two turns of one caller.
    """
    return [
        _single(turns.form(number, history))
        for history in turns.MENU_HISTORIES
        for number in sessions
    ]


def _single(form: dict[str, str]) -> Visit:
    yield form
