"""How long turns take at a steady rate, against a bare Flask view at the same rate in the same run.

What counts is the slowest hundredth: a caller whose turn comes late may lose the session. Both
answer in turns, for about a second each, so that a machine that is slow for a while is so for both;
and the hundredth is one of all those seconds together, so that no single late turn decides it.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from statistics import quantiles

from tests.bench import turns
from tests.bench.load import Visit, run, run_steadily

PER_SECOND = 100
_ROUNDS = 20
_TURNS = 120
_CONNECTIONS = 8
# About a second between two turns of one caller, and never the moment of another caller's turn.
_TURNS_BETWEEN = 101


def menu_turn() -> float:
    """The 99th percentile of menu turns, as a multiple of the bare view's."""
    with turns.bare() as bare_url, turns.gateway() as (_, url):
        return _multiple(bare_url, url, _rounds(_menu_turns()))


def session_turn() -> float:
    """The same of callers who dial one after another and all report an emergency: of their turns
    each sixth raises it, and the one before that looks a misspelt place up.
    """
    with turns.bare() as bare_url, turns.gateway() as (_, url):
        callers = range(_ROUNDS * _TURNS // turns.SESSION_TURNS)
        return _multiple(bare_url, url, _rounds(_in_turns(map(turns.session, callers))))


def raise_turn() -> float:
    """The same of turns that all raise an emergency."""
    with turns.bare() as bare_url, turns.gateway() as (_, url):

        def rounds() -> Iterator[list[Visit]]:
            for start in range(0, _ROUNDS * _TURNS, _TURNS):
                callers = range(start, start + _TURNS)
                run(url, map(turns.until_the_last_key, callers), _CONNECTIONS)
                yield list(map(turns.the_last_key, callers))

        return _multiple(bare_url, url, rounds())


def _multiple(bare_url: str, url: str, rounds: Iterable[list[Visit]]) -> float:
    bare_s: list[float] = []
    took_s: list[float] = []
    for visits, bare_visits in zip(rounds, _rounds(_menu_turns()), strict=True):
        bare_s += run_steadily(bare_url, bare_visits, PER_SECOND)
        took_s += run_steadily(url, visits, PER_SECOND)
    return _slow_s(took_s) / _slow_s(bare_s)


def _slow_s(took_s: Sequence[float]) -> float:
    return quantiles(took_s, n=100, method="inclusive")[98]


def _rounds(visits: Sequence[Visit]) -> Iterator[list[Visit]]:
    return (list(visits[start : start + _TURNS]) for start in range(0, len(visits), _TURNS))


def _menu_turns() -> list[Visit]:
    callers = range(_ROUNDS * _TURNS // len(turns.MENU_HISTORIES))
    return _in_turns(
        [turns.single(number, text) for text in turns.MENU_HISTORIES] for number in callers
    )


def _in_turns(sessions: Iterable[list[Visit]]) -> list[Visit]:
    """The turns of whole sessions, of which one begins whenever another has ended."""
    timed = [
        (position * len(session) + turn * _TURNS_BETWEEN, visit)
        for position, session in enumerate(sessions)
        for turn, visit in enumerate(session)
    ]
    return [visit for _, visit in sorted(timed, key=itemgetter(0))]
