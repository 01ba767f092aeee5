"""What is measured: names, units and targets."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import (
    dispatch_simulation,
    doorbells,
    edge_box,
    finding,
    match_scale,
    matches,
    ringing,
    slow_line,
    slow_lookups,
    sms_size,
    steady,
    sync_size,
    turns,
)


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


def _match_scale() -> list[Figure]:
    figures = []
    for size, at in match_scale.measure().items():
        plain_target = Target(2 if size == "100k" else 1, at_least=True)
        sql_target = Target(20, at_least=True) if size == "100k" else None
        us = f"us, the best five of {match_scale.SIZES[size]:,}; slowest hundredth {{:,.0f}}"
        plain_p99, nearest_p99, sql_p99 = (
            f"; slowest hundredth {scan.p99_us / at.ours.p99_us:.2g}"
            for scan in (at.plain, at.nearest, at.sql)
        )
        figures += [
            Figure(f"match_us_{size}", at.ours.median_us, us.format(at.ours.p99_us)),
            Figure(
                f"match_plain_{size}",
                at.plain.median_us / at.ours.median_us,
                f"times as fast as the same answer by plain numpy{plain_p99}",
                plain_target,
            ),
            Figure(
                f"match_nearest_{size}",
                at.nearest.median_us / at.ours.median_us,
                f"times as fast as numpy's five nearest, whatever they can do{nearest_p99}",
            ),
            Figure(
                f"match_sql_{size}",
                at.sql.median_us / at.ours.median_us,
                f"times as fast as a scan in SQL{sql_p99}",
                sql_target,
            ),
            Figure(
                f"match_update_{size}",
                at.update.median_us,
                f"us more for a change of one; slowest hundredth {at.update.p99_us:,.0f}",
            ),
            Figure(
                f"match_differs_{size}",
                at.differences,
                f"of {match_scale.CASES:,} cases, and after {match_scale.UPDATES:,} updates",
                Target(0, at_least=False),
            ),
        ]
    return figures


_MATCH_SCALE = tuple(
    f"match_{what}_{size}"
    for size in match_scale.SIZES
    for what in ("us", "plain", "nearest", "sql", "update", "differs")
)


def _ring() -> list[Figure]:
    measured = ringing.measure()
    way = "ms from the gateway's commit until it is durable at the box"
    return [
        Figure("key_to_ring_p50", measured.key_to_ring[0] * 1000, "ms"),
        Figure("key_to_ring_p99", measured.key_to_ring[1] * 1000, "ms"),
        Figure("commit_to_box_p50", measured.commit_to_box[0] * 1000, way),
        Figure("commit_to_box_p99", measured.commit_to_box[1] * 1000, way),
    ]


def _doorbells() -> list[Figure]:
    figures = []
    for rung in doorbells.measure():
        told = f"{rung.boxes:,} boxes told at once"
        figures += [
            Figure(
                f"doorbells_{rung.boxes}_exchanges", rung.exchanges_per_second, f"a second, {told}"
            ),
            Figure(f"doorbells_{rung.boxes}_p50", rung.median_s * 1000, f"ms to a box, {told}"),
            Figure(f"doorbells_{rung.boxes}_p99", rung.p99_s * 1000, f"ms to a box, {told}"),
            Figure(
                f"doorbells_{rung.boxes}_memory",
                rung.live_kilobytes_each,
                "kB of the live process for each",
            ),
        ]
    return figures


_DOORBELLS = tuple(
    f"doorbells_{size}_{what}"
    for size in doorbells.SIZES
    for what in ("exchanges", "p50", "p99", "memory")
)


def _sync() -> list[Figure]:
    size = sync_size.measure()
    shape = f"{sync_size.SMALL_REPLY_BYTES // 1024} kB an answer"
    return [
        Figure(
            "sync_1000_bytes",
            size.fresh.bytes,
            "bytes both ways to a fresh box, what it says of them too",
            Target(60_000, at_least=False),
        ),
        Figure("sync_1000_down_bytes", size.fresh.exchanges[0][1], "of them the first answer"),
        Figure(
            "sync_1000_answers",
            size.downloads,
            "answers that brought them, 64 kB an answer",
            Target(1, at_least=False),
        ),
        Figure("sync_1000_exchanges", len(size.fresh.exchanges), "exchanges until nothing waits"),
        Figure("sync_1000_small_answers", size.downloads_small, f"answers, {shape}"),
        Figure(
            "sync_one_bytes",
            size.one.most_bytes,
            f"bytes both ways, one new emergency, the most of {sync_size.ONE_BY_ONE}; "
            f"mean {size.one.mean_bytes:.1f}",
            Target(200, at_least=False),
        ),
        Figure("sync_confirm_bytes", size.confirmed.mean_bytes, "bytes both ways, that it rings"),
        Figure(
            "sync_nothing_bytes",
            size.nothing.bytes,
            "bytes both ways, nothing new",
            Target(90, at_least=False),
        ),
    ]


def _slow_line() -> list[Figure]:
    taken = slow_line.measure()
    line = "over 50 kbit/s, 600 ms, 10 % loss"
    return [
        Figure(
            "slow_line_1000",
            taken.box_s,
            f"s, 1,000 to a fresh box {line}",
            Target(16, at_least=False),
        ),
        Figure("slow_line_1000_poll", taken.poll_s, f"s, as JSON and gzip, polled, {line}"),
    ]


def _simulation() -> list[Figure]:
    means = dispatch_simulation.means()
    haven = means["ours-asking"]
    settings = dispatch_simulation.SETTINGS
    under = f"load {settings.loads[0]:g}, reports {settings.report_age_h:g} h old"
    return [
        Figure(
            "simulation",
            haven / means["plain-score"],
            f"of the plain 40/30/30's mean time to care (0 from 2 h on), {under}",
            Target(0.5, at_least=False),
        ),
        Figure("simulation_plain_1h", haven / means["plain-score-1h"], "of it where 0 from 1 h on"),
        Figure("simulation_plain_4h", haven / means["plain-score-4h"], "of it where 0 from 4 h on"),
        Figure(
            "simulation_choice_alone",
            means["ours"] / means["plain-score"],
            "of the plain's, where no hospital answers before the patient comes",
        ),
        Figure(
            "simulation_nearest_capable", haven / means["nearest-capable"], "of nearest capable's"
        ),
        Figure("simulation_least_time", haven / means["least-time"], "of least expected time's"),
        Figure("simulation_all_knowing", haven / means["all-knowing"], "of it if all were known"),
    ]


def _places() -> list[Figure]:
    measured = finding.measure_finding()
    names = f"{finding.NAMES:,} names"
    figures = []
    for county, mine, library, least in (
        ("known", measured.known, measured.library_known, (0.92, 0.99)),
        ("unknown", measured.unknown, measured.library_unknown, (0.86, 0.96)),
    ):
        unit = f"of {mine.tries:,} misspelt names, county {county}, {names}"
        beside = f"of {library.tries:,} by rapidfuzz's WRatio, county {county}"
        figures += [
            Figure(f"places_{county}_top1", mine.first, unit, Target(least[0], at_least=True)),
            Figure(
                f"places_{county}_top3", mine.first_three, unit, Target(least[1], at_least=True)
            ),
            Figure(f"places_{county}_strict1", mine.strictly_first, "the very place, or namesake"),
            Figure(
                f"places_{county}_strict3", mine.strictly_first_three, "the very place, or namesake"
            ),
            Figure(f"wratio_{county}_top1", library.first, beside),
            Figure(f"wratio_{county}_top3", library.first_three, beside),
        ]
    return [
        *figures,
        Figure("places_ms", measured.unknown.seconds * 1000, f"ms a search, {names}"),
        Figure("places_known_ms", measured.known.seconds * 1000, f"ms a search, {names}"),
        Figure("places_faster", measured.times_faster, "times as fast as WRatio, county unknown"),
        Figure("places_memory", measured.resident_bytes / 1e6, f"MB that a process grows, {names}"),
    ]


def _edge_box() -> list[Figure]:
    box = edge_box.measure()
    memory = "MB at most, 1,000 patients in the store"
    return [
        Figure("edge_start_s", box.start_s, "s from the box's start to its console's first answer"),
        Figure("edge_memory_mb", box.memory_mb, memory, Target(100, at_least=False)),
    ]


_PLACES = tuple(
    f"{figure}_{county}_{top}"
    for county in ("known", "unknown")
    for figure, top in (
        ("places", "top1"),
        ("places", "top3"),
        ("places", "strict1"),
        ("places", "strict3"),
        ("wratio", "top1"),
        ("wratio", "top3"),
    )
)


def _sms() -> list[Figure]:
    size = sms_size.measure()
    return [
        Figure(
            "sms_longest",
            size.longest,
            f"letters, the longest of {sms_size.COUNT:,} sealed emergencies",
            Target(150, at_least=False),
        ),
        Figure("sms_whole_note", size.whole_note, "of them say the whole note"),
        Figure("sms_whole", size.whole, "of them are the whole emergency"),
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
    Measurement(_MATCH_SCALE, _match_scale),
    Measurement(
        ("key_to_ring_p50", "key_to_ring_p99", "commit_to_box_p50", "commit_to_box_p99"), _ring
    ),
    Measurement(("slow_line_1000", "slow_line_1000_poll"), _slow_line),
    Measurement(_DOORBELLS, _doorbells),
    Measurement(
        (
            "simulation",
            "simulation_plain_1h",
            "simulation_plain_4h",
            "simulation_choice_alone",
            "simulation_nearest_capable",
            "simulation_least_time",
            "simulation_all_knowing",
        ),
        _simulation,
    ),
    Measurement(
        (*_PLACES, "places_ms", "places_known_ms", "places_faster", "places_memory"),
        _places,
    ),
    Measurement(("sms_longest", "sms_whole_note", "sms_whole"), _sms),
    Measurement(("edge_start_s", "edge_memory_mb"), _edge_box),
    Measurement(
        (
            "sync_1000_bytes",
            "sync_1000_down_bytes",
            "sync_1000_answers",
            "sync_1000_exchanges",
            "sync_1000_small_answers",
            "sync_one_bytes",
            "sync_confirm_bytes",
            "sync_nothing_bytes",
        ),
        _sync,
    ),
)
