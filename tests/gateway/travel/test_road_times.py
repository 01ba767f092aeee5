"""What is kept of roads, what is wanted, and an engine that is left alone, by a clock of ours."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.travel.breaker import Breaker
from gateway.travel.cells import cell_of
from gateway.travel.fetching import RoadFetcher
from gateway.travel.kept_times import KEPT_FOR, KeptTimes
from gateway.travel.road_times import KnownRoads, RoadTimes, Wanted
from gateway.travel.trouble import EngineTrouble, NoRoadsHere
from shared.emergency import Priority
from shared.geo import distance_m
from shared.hospital import Hospital
from shared.match_query import MatchQuery
from shared.travel import GreatCircleTravel, Origin
from tests.faults.installation import until
from tests.journeys.world import Clock

PLACE = (-1.3133, 36.7890)
NEAR = Hospital(1, "Near", 5, "Nairobi", -1.31, 36.80, 0, 0)
FAR = Hospital(2, "Far", 5, "Nairobi", -1.40, 36.90, 0, 0)


class Engine:
    """Answers with `minutes`, or raises `trouble` when it is set; remembers what it was asked."""

    def __init__(self, *minutes: float) -> None:
        self.minutes_to = minutes
        self.trouble: Exception | None = None
        self.asked: list[tuple[Origin, list[int]]] = []

    def minutes(
        self, origin: Origin, hospitals: Sequence[Hospital], depart_at: datetime
    ) -> Sequence[float]:
        self.asked.append((origin, [hospital.id for hospital in hospitals]))
        if self.trouble is not None:
            raise self.trouble
        return self.minutes_to


def _query(clock: Clock, place: tuple[float, float] = PLACE, needs: int = 0) -> MatchQuery:
    return MatchQuery(*place, 0, needs, Priority.HIGH, clock.now)


def _roads(clock: Clock, most_wanted: int = 256) -> RoadTimes:
    return RoadTimes(clock, GreatCircleTravel().is_peak, most_wanted)


def _fetcher(clock: Clock, roads: RoadTimes, engine: Engine) -> RoadFetcher:
    return RoadFetcher(roads, engine, lambda wanted: [NEAR, FAR], clock)


@given(st.floats(-89, 89), st.floats(-180, 180))
def test_a_cell_is_small_and_holds_its_centre(lat: float, lon: float) -> None:
    cell = cell_of(lat, lon, peak=False)
    middle_lat, middle_lon = cell.centre
    assert distance_m(lat, lon, middle_lat, middle_lon) <= 360
    assert cell_of(*cell.centre, peak=False) == cell


def test_peak_hours_are_kept_apart() -> None:
    assert cell_of(*PLACE, peak=True) != cell_of(*PLACE, peak=False)
    assert cell_of(*PLACE, peak=True).centre == cell_of(*PLACE, peak=False).centre


def test_times_are_kept_for_an_hour() -> None:
    clock = Clock()
    kept = KeptTimes(clock)
    cell = cell_of(*PLACE, peak=False)
    kept.put(cell, {1: 10.0})
    clock.now += KEPT_FOR / 2
    kept.put(cell, {2: inf, 3: None})
    assert kept.of(cell) == {1: 10.0, 2: inf, 3: None}
    clock.now += KEPT_FOR / 2
    assert kept.of(cell) == {2: inf, 3: None}
    kept.put(cell, {1: 12.0})
    assert kept.of(cell)[1] == 12.0
    # What a clock that was wrong wrote is not believed for ever.
    clock.now -= timedelta(days=400)
    assert kept.of(cell) == {}


def test_the_cell_used_longest_ago_goes_first_and_so_does_the_oldest_hospital() -> None:
    clock = Clock()
    kept = KeptTimes(clock, most_cells=2, most_hospitals=3)
    first, second, third = (cell_of(lat, 36.8, peak=False) for lat in (-1.0, -1.1, -1.2))
    kept.put(first, {1: 1.0})
    kept.put(second, {1: 2.0})
    assert kept.of(first) == {1: 1.0}
    kept.put(third, {1: 3.0})
    assert (kept.of(first), kept.of(second), kept.of(third)) == ({1: 1.0}, {}, {1: 3.0})
    assert len(kept) == 2
    kept.put(third, {2: 1.0, 3: 1.0})
    kept.put(third, {1: 4.0, 4: 1.0})
    assert kept.of(third) == {3: 1.0, 1: 4.0, 4: 1.0}


def test_what_is_expected_is_fetched_for_the_cells_centre_and_known_then() -> None:
    clock = Clock()
    roads, engine = _roads(clock), Engine(12, inf)
    fetcher = _fetcher(clock, roads, engine)
    assert not fetcher.fetch_next()
    assert roads.known(_query(clock)) == {}
    roads.expect([PLACE])
    roads.expect([PLACE])
    assert fetcher.fetch_next()
    assert not fetcher.fetch_next()
    assert roads.known(_query(clock)) == {1: 12, 2: inf}
    (origin, ids), *_ = engine.asked
    assert (origin.lat, origin.lon) != PLACE
    assert distance_m(origin.lat, origin.lon, *PLACE) < 360
    assert ids == [1, 2]
    # Known already: nothing to ask.
    roads.expect([PLACE])
    assert not fetcher.fetch_next()
    assert fetcher.counts.answered == 1


def test_the_newest_wishes_stay_when_there_are_too_many() -> None:
    clock = Clock()
    roads = _roads(clock, most_wanted=2)
    for lat in (-1.0, -1.1, -1.2):
        roads.expect([(lat, 36.8)])
    seen = []
    while (wanted := roads.next_wanted(0)) is not None:
        seen.append(wanted.cell)
    assert seen == [cell_of(lat, 36.8, peak=False) for lat in (-1.1, -1.2)]
    assert roads.dropped == 1


def test_two_needs_at_one_place_are_two_wishes() -> None:
    clock = Clock()
    roads = _roads(clock)
    for needs in (0, 2, 0):
        roads.want(_query(clock, needs=needs))
    wishes = [roads.next_wanted(0), roads.next_wanted(0)]
    assert [wish.query.needs for wish in wishes if wish and wish.query] == [0, 2]
    assert roads.next_wanted(0) is None


@pytest.mark.parametrize("nowhere", [NoRoadsHere("none"), None])
def test_a_place_without_roads_is_asked_once_an_hour(nowhere: Exception | None) -> None:
    clock = Clock()
    roads, engine = _roads(clock), Engine(inf, inf)
    engine.trouble = nowhere
    fetcher = _fetcher(clock, roads, engine)
    roads.want(_query(clock))
    fetcher.fetch_next()
    assert roads.known(_query(clock)) == {1: None, 2: None}
    assert (fetcher.counts.without_roads, fetcher.counts.failed) == (1, 0)
    clock.now += KEPT_FOR
    assert roads.known(_query(clock)) == {}


def test_a_failing_engine_is_left_alone_for_a_growing_time() -> None:
    clock = Clock()
    roads, engine = _roads(clock), Engine(1, 2)
    engine.trouble = EngineTrouble("it is gone")
    fetcher = _fetcher(clock, roads, engine)

    def tries() -> int:
        before = len(engine.asked)
        roads.want(_query(clock))
        assert fetcher.fetch_next()
        return len(engine.asked) - before

    assert [tries() for _ in range(5)] == [1, 1, 1, 0, 0]
    for pause_s in (5, 10, 20, 40, 80, 160, 300, 300):
        clock.now += timedelta(seconds=pause_s - 1)
        assert tries() == 0
        clock.now += timedelta(seconds=1)
        assert tries() == 1
    assert fetcher.counts.left_alone == 10
    clock.now += timedelta(seconds=300)
    engine.trouble = None
    assert [tries(), tries()] == [1, 1]
    assert roads.known(_query(clock)) == {1: 1, 2: 2}
    # As if nothing had been: three failures in a row again.
    engine.trouble = EngineTrouble("it is gone again")
    assert [tries() for _ in range(4)] == [1, 1, 1, 0]


def test_a_clock_that_is_set_back_does_not_keep_the_engine_out() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.failed()
    assert breaker.is_open
    clock.now -= timedelta(days=1)
    assert not breaker.is_open


def test_the_thread_fetches_and_stops() -> None:
    clock = Clock()
    roads, engine = _roads(clock), Engine(1, 2)
    fetched = []

    def worth_asking(wanted: Wanted) -> list[Hospital]:
        fetched.append(wanted)
        if len(fetched) == 1:
            raise RuntimeError("nobody thought of this")
        return [NEAR, FAR]

    fetcher = RoadFetcher(roads, engine, worth_asking, clock)
    fetcher.start()
    roads.expect([PLACE, (-1.0, 36.0)])
    until("a question is answered", lambda: fetcher.counts.answered == 1)
    fetcher.stop()
    assert roads.known(_query(clock, (-1.0, 36.0))) == {1: 1, 2: 2}


def test_whoever_has_no_road_time_has_the_other_models() -> None:
    clock = Clock()
    model = GreatCircleTravel()
    travel = KnownRoads({1: 7.0, 3: None}, model)
    origin = Origin(*PLACE)
    other = Hospital(3, "Other", 5, "Nairobi", -1.35, 36.85, 0, 0)
    minutes = travel.minutes(origin, [NEAR, FAR, other], clock.now)
    plain = model.minutes(origin, [NEAR, FAR, other], clock.now)
    assert minutes[0] == 7.0
    assert list(minutes[1:]) == list(plain[1:])
    assert [travel.is_by_road(number) for number in (1, 2, 3)] == [True, False, False]
    assert not KnownRoads({1: inf}, model).is_by_road(1)
