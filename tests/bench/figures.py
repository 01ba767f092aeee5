"""What is measured: names, units and targets."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import matches, ringing, slow_lookups, steady, turns
from tests.bench.sync_size import SyncSize
from tests.bench.sync_size import measure as measure_sync


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be."""

    bound: float
    at_least: bool

    def met_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `unit` says what the number counts."""

    name: str
    value: float
    unit: str
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """Something that is measured in one go, and the names of the figures it gives."""

    names: tuple[str, ...]
    measure: Callable[[], list[Figure]]


def _menu() -> list[Figure]:
    unit = "of a bare Flask view's turns/s"
    return [Figure("menu_turn", turns.menu_turn(), unit, Target(0.9, at_least=True))]


def _raise() -> list[Figure]:
    unit = "of a bare Flask view's turns/s"
    return [Figure("raise_turn", turns.raise_turn(), unit, Target(0.4, at_least=True))]


def _steady_menu() -> list[Figure]:
    return [_steadily("steady_menu_p99", steady.menu_turn())]


def _steady_session() -> list[Figure]:
    return [_steadily("steady_session_p99", steady.session_turn())]


def _steady_raise() -> list[Figure]:
    return [_steadily("steady_raise_p99", steady.raise_turn())]


def _steadily(name: str, value: float) -> Figure:
    unit = f"times a bare Flask view's, at a steady {steady.PER_SECOND} turns/s"
    return Figure(name, value, unit, Target(3, at_least=False))


def _slow_lookups() -> list[Figure]:
    waited = slow_lookups.measure()
    each = f"{slow_lookups.LOOK_UP_S * 1000:g} ms each"
    return [
        Figure(
            "slow_lookups_wrong",
            waited.wrong,
            f"wrong answers to {slow_lookups.CALLERS} callers at once, look-ups of {each}",
            Target(0, at_least=False),
        ),
        Figure("slow_lookups_longest", waited.longest_look_up_s * 1000, "ms, the last of them"),
        Figure("slow_lookups_beside_p99", waited.beside_p99_s * 1000, "ms, others' menu turns"),
    ]


def _match() -> list[Figure]:
    return [
        Figure(
            "match_top5",
            matches.times_faster(),
            "times as fast as a Python loop, 10,000 hospitals",
            Target(100, at_least=True),
        )
    ]


def _differences() -> list[Figure]:
    return [
        Figure(
            "match_differences",
            matches.differences(),
            f"of {matches.CASES} random cases",
            Target(0, at_least=False),
        )
    ]


def _ring() -> list[Figure]:
    half, nearly_all = ringing.key_to_ring()
    return [
        Figure("key_to_ring_p50", half * 1000, "ms"),
        Figure("key_to_ring_p99", nearly_all * 1000, "ms"),
    ]


def _sync() -> list[Figure]:
    size: SyncSize = measure_sync(1000)
    return [
        Figure("sync_1000_bytes", size.down_bytes + size.up_bytes, "bytes both ways, before TLS"),
        Figure("sync_1000_requests", size.requests, "requests"),
    ]


MEASUREMENTS = (
    Measurement(("menu_turn",), _menu),
    Measurement(("raise_turn",), _raise),
    Measurement(("steady_menu_p99",), _steady_menu),
    Measurement(("steady_session_p99",), _steady_session),
    Measurement(("steady_raise_p99",), _steady_raise),
    Measurement(
        ("slow_lookups_wrong", "slow_lookups_longest", "slow_lookups_beside_p99"), _slow_lookups
    ),
    Measurement(("match_top5",), _match),
    Measurement(("match_differences",), _differences),
    Measurement(("key_to_ring_p50", "key_to_ring_p99"), _ring),
    Measurement(("sync_1000_bytes", "sync_1000_requests"), _sync),
)
