"""The index against the reference, and in step with the database through commits and rollbacks."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from math import degrees
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, update

from gateway.database.database import Database
from gateway.database.sqlite import SqliteDatabase
from gateway.hospitals import changes
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.hospitals.changes import Change
from gateway.hospitals.contacts import Roster
from gateway.hospitals.directory import HospitalDirectory
from gateway.hospitals.index import MatchIndex
from gateway.hospitals.tables import availability, hospital_changes, hospitals
from shared.capability import Capability
from shared.emergency import Priority
from shared.errors import InvalidInput, NotFound
from shared.geo import EARTH_RADIUS_M
from shared.hospital import Availability, Hospital, HospitalStatus
from shared.identifier import maker
from shared.match_policy import MatchPolicy
from shared.match_query import MatchQuery
from shared.matching import Match, rank
from shared.system import System
from shared.travel import GreatCircleTravel
from tests.bench import matching as seeded
from tests.faults.installation import until

_RNG = Random(1)
_SYSTEM = System(now=lambda: seeded.NOW, new_id=maker(lambda: seeded.NOW, _RNG), rng=_RNG)
_POLICY = MatchPolicy()
_OTHER_POLICY = MatchPolicy(
    distance_weight=0.2,
    capacity_weight=0.5,
    specialty_weight=0.3,
    tiers_min=dict.fromkeys(Priority, (20.0, 45.0)),
    travel=GreatCircleTravel(detour=1.2, stretch_m=200_000, peak_factor=2),
    lowest_level=2,
    report_half_age_s=900,
    trusted_report_s=3600,
    unknown_penalty=0.1,
    capability_weights={Capability.BLOOD: 3.0, Capability.CT: 0.5},
    stabilise_nearer_min=0,
    stop_nearer_min=5,
    stop_level=3,
    below_level_min=10,
    referral_min=30,
)
_BOARD = AvailabilityBoard(_SYSTEM)
_ROSTER = Roster(_POLICY.local_time, lambda day: False)
Pairs = list[tuple[Hospital, Availability]]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([1, 7, 60, 400]),
    st.sampled_from([1, 2, 5, 20]),
    st.sampled_from([_POLICY, _OTHER_POLICY]),
)
def test_the_index_equals_the_reference_before_and_after_updates(
    seed: int, count: int, limit: int, policy: MatchPolicy
) -> None:
    rng = Random(seed)
    pairs = seeded.hospitals(count, rng)
    arrays = seeded.arrays_of(pairs)
    queries = [seeded.query(rng) for _ in range(15)]
    assert seeded.differences(pairs, arrays, iter(queries), policy, limit) == []
    seeded.update_some(pairs, arrays, rng)
    for gone in range(0, len(pairs), 7):
        arrays.remove(pairs[gone][0].id)
    rest = [pair for row, pair in enumerate(pairs) if row % 7]
    assert len(arrays) == len(rest)
    assert seeded.differences(rest, arrays, iter(queries), policy, limit) == []


@pytest.mark.parametrize("tier_min", [60.0, 120.0, 240.0])
@pytest.mark.parametrize("inside", [0, 1, 3, 9])
def test_a_hospital_within_rounding_of_a_tier_is_judged_by_the_reference(
    tier_min: float, inside: int
) -> None:
    """Some hospitals well inside a tier, and many around its edge, closer together than the
    margin.
    """
    query = MatchQuery(0.0, 36.0, 0.0, 0, Priority.HIGH, seeded.NOW, urban=False)
    edge = degrees(tier_min / 60 * 40_000 / 1.4 / EARTH_RADIUS_M)
    longitudes = [36 + edge - 0.01] * inside
    longitudes += [36 + edge + number * 1e-7 for number in range(-40, 40)]
    pairs = [
        (Hospital(number, "H", 4, "X", 0.0, lon, 0, 0), Availability())
        for number, lon in enumerate(longitudes, start=1)
    ]
    arrays = seeded.arrays_of(pairs)
    # The edge runs through them: some are in, and some are not.
    assert inside < len(rank(query, pairs, _POLICY, seeded.NOW)) < len(pairs)
    for limit in (1, 5, 60):
        assert seeded.differences(pairs, arrays, iter([query]), _POLICY, limit) == []


def store_hospitals(connection: Connection, pairs: Pairs) -> None:
    numbers = changes.take_numbers(connection, len(pairs))
    for number, (hospital, reported) in zip(numbers, pairs, strict=True):
        connection.execute(
            insert(hospitals).values(
                id=hospital.id,
                source="test",
                source_id=str(hospital.id),
                name=hospital.name,
                official_name=hospital.name,
                level=hospital.level,
                owner="",
                county=hospital.county,
                sub_county="",
                ward="",
                lat=hospital.lat,
                lon=hospital.lon,
                has=hospital.has,
                lacks=hospital.lacks,
                open_24h=hospital.open_24h,
                status="normal",
                reachable=hospital.reachable,
            )
        )
        connection.execute(
            insert(availability).values(
                hospital_id=hospital.id,
                status=str(reported.status),
                staffed_beds=reported.staffed_beds,
                free_beds=reported.free_beds,
                assigned_since=reported.assigned_since,
                reported_at=reported.reported_at,
                stock_has=reported.stock_has,
                stock_lacks=reported.stock_lacks,
                stock_reported_at=reported.stock_reported_at,
                units_free=reported.units_free,
                units_full=reported.units_full,
                units_reported_at=reported.units_reported_at,
                source="test",
                version=number,
            )
        )
    changes.record(
        connection,
        [
            Change(number, _SYSTEM.new_id(), hospital.id)
            for number, (hospital, _) in zip(numbers, pairs, strict=True)
        ],
    )


def _seeded(database: Database, count: int = 80) -> tuple[Pairs, MatchIndex]:
    pairs = seeded.hospitals(count, Random(9))
    database.write(lambda connection: store_hospitals(connection, pairs))
    index = MatchIndex(_POLICY)
    database.read(index.catch_up)
    return pairs, index


def _eight_beds(database: Database) -> tuple[Pairs, MatchIndex]:
    """Eight hospitals side by side, with one bed each."""
    beds = Availability(staffed_beds=1, free_beds=1, reported_at=seeded.NOW)
    pairs = [
        (Hospital(number, f"H{number}", 4, "Nairobi", -1.3, 36.8, 0, 0, True, True), beds)
        for number in range(1, 9)
    ]
    database.write(lambda connection: store_hospitals(connection, pairs))
    index = MatchIndex(_POLICY)
    database.read(index.catch_up)
    return pairs, index


def _same(pairs: Pairs, index: MatchIndex) -> bool:
    rng = Random(4)
    queries = [seeded.query(rng) for _ in range(25)]
    return all(
        index.rank(query, seeded.NOW) == rank(query, pairs, _POLICY, seeded.NOW)[:5]
        for query in queries
    )


def _current(database: Database, pairs: Pairs) -> Pairs:
    """The same hospitals as a fresh process reads them."""
    fresh = MatchIndex(_POLICY)
    database.read(fresh.catch_up)
    return [fresh.get(hospital.id) for hospital, _ in pairs]


def test_what_is_loaded_from_the_database_ranks_as_the_reference(database: Database) -> None:
    pairs, index = _seeded(database)
    assert len(index) == len(pairs)
    assert _current(database, pairs) == pairs
    assert _same(pairs, index)


def test_an_index_in_another_process_catches_up(database: Database) -> None:
    pairs, index = _seeded(database)
    report = AvailabilityReport(
        status=HospitalStatus.ADVISORY,
        at=seeded.NOW,
        source="console",
        staffed_beds=20,
        free_beds=9,
        stock_has=int(Capability.BLOOD),
    )
    assert database.write(lambda connection: _BOARD.report(connection, 3, report))
    database.write(lambda connection: _BOARD.reserve(connection, 4))
    database.write(lambda connection: _BOARD.give_back(connection, 5))
    # Until it catches up, it knows nothing of that.
    before = index.get(4)[1].assigned_since
    assert [index.get(hospital.id) for hospital, _ in pairs] == pairs
    database.read(index.catch_up)
    assert index.get(3)[1].free_beds == 9
    assert index.get(4)[1].assigned_since == before + 1
    assert _same(_current(database, pairs), index)


class _GivesUp(Exception):
    pass


def test_a_rolled_back_reservation_leaves_no_trace_in_the_index(database: Database) -> None:
    pairs, index = _seeded(database)
    before = index.get(4)[1].assigned_since

    def fails(connection: Connection) -> None:
        _BOARD.reserve(connection, 4)
        index.catch_up(connection)
        assert index.get(4)[1].assigned_since == before + 1
        raise _GivesUp

    with pytest.raises(_GivesUp):
        database.write(fails)
    # The number of the lost change is given out again, to another hospital.
    database.write(lambda connection: _BOARD.reserve(connection, 5))
    database.read(index.catch_up)
    assert index.get(4)[1].assigned_since == before
    assert _same(_current(database, pairs), index)


def test_threads_that_share_an_index_promise_each_bed_once(database: Database) -> None:
    """Eight beds in eight hospitals, eight patients at once: each hospital gets one."""
    pairs, index = _eight_beds(database)
    query = MatchQuery(-1.31, 36.81, 0.0, 0, Priority.CRITICAL, seeded.NOW)

    directory = HospitalDirectory(index, _BOARD, _ROSTER)

    def assign(connection: Connection) -> int:
        best = directory.assign(connection, query, seeded.NOW)
        assert best is not None
        return best.hospital_id

    with ThreadPoolExecutor(max_workers=4) as threads:
        chosen = list(threads.map(lambda _: database.write(assign), range(8)))
    assert sorted(chosen) == list(range(1, 9))
    database.read(index.catch_up)
    assert index.rank(query, seeded.NOW)[0].full
    assert _same(_current(database, pairs), index)


def test_beds_stay_promised_once_when_others_in_the_group_give_up(database: Database) -> None:
    """Twelve assign while the database is busy, and four of them take it back."""
    pairs, index = _eight_beds(database)
    directory = HospitalDirectory(index, _BOARD, _ROSTER)
    begun, all_wait = threading.Event(), threading.Event()

    def keeps_it_busy(connection: Connection) -> None:
        begun.set()
        all_wait.wait(30)

    def assign(connection: Connection, gives_up: bool) -> int:
        best = _assign(directory, connection)
        assert best is not None
        if gives_up:
            raise _GivesUp
        return best.hospital_id

    with ThreadPoolExecutor(max_workers=13) as threads:
        threads.submit(database.write, keeps_it_busy)
        begun.wait()
        asked = [
            threads.submit(database.write, partial(assign, gives_up=number % 3 == 0))
            for number in range(12)
        ]
        if isinstance(database, SqliteDatabase):
            waiting = database._queue._waiting
            until("all of them wait", lambda: waiting.qsize() == len(asked))
        all_wait.set()
    chosen = [each.result() for each in asked if each.exception() is None]
    assert sorted(chosen) == list(range(1, 9))
    database.read(index.catch_up)
    assert _same(_current(database, pairs), index)


def test_a_hospital_that_moves_closes_or_loses_its_position_is_followed(
    database: Database,
) -> None:
    pairs, index = _seeded(database, count=10)

    def change(connection: Connection) -> None:
        for hospital_id, values in (
            (1, {"lat": 0.5, "lon": 35.0}),
            (2, {"status": "closed"}),
            (3, {"lat": None, "lon": None}),
        ):
            (number,) = changes.take_numbers(connection)
            connection.execute(
                update(hospitals).where(hospitals.c.id == hospital_id).values(values)
            )
            changes.record(connection, [Change(number, _SYSTEM.new_id(), hospital_id)])

    database.write(change)
    database.read(index.catch_up)
    assert (index.get(1)[0].lat, index.get(1)[0].lon) == (0.5, 35.0)
    assert index.get(2)[1].status is HospitalStatus.CLOSED
    with pytest.raises(NotFound):
        index.get(3)
    assert _same(_current(database, [pair for pair in pairs if pair[0].id != 3]), index)


def test_an_index_far_behind_reads_everything_again(database: Database) -> None:
    pairs, index = _seeded(database, count=5)
    for _ in range(3):
        database.write(lambda connection: _BOARD.reserve(connection, 1))
    database.write(lambda connection: connection.execute(hospital_changes.delete()))
    database.write(lambda connection: _BOARD.reserve(connection, 2))
    database.read(index.catch_up)
    assert _same(_current(database, pairs), index)
    assert index.get(1)[1] == _current(database, pairs)[0][1]


def test_the_log_keeps_only_what_an_index_may_still_need(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _seeded(database, count=2)
    monkeypatch.setattr(changes, "KEPT", 3)
    monkeypatch.setattr(changes, "_PRUNE_EVERY", 5)
    for _ in range(9):
        database.write(lambda connection: _BOARD.reserve(connection, 1))
    numbers = database.read(lambda connection: [c.number for c in changes.since(connection, 0)])
    assert numbers == [8, 9, 10, 11]


def _assign(directory: HospitalDirectory, connection: Connection) -> Match | None:
    query = MatchQuery(-1.31, 36.81, 0.0, 0, Priority.CRITICAL, seeded.NOW)
    return directory.assign(connection, query, seeded.NOW)


def test_an_assignment_after_our_own_reads_nothing_and_after_any_other_catches_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, index = _seeded(database)
    directory = HospitalDirectory(index, _BOARD, _ROSTER)
    read = []
    since = changes.since

    def counted(connection: Connection, number: int) -> list[Change]:
        read.append(number)
        return since(connection, number)

    def assigns() -> int:
        read.clear()
        assert database.write(lambda connection: _assign(directory, connection)) is not None
        return len(read)

    def fails(connection: Connection) -> None:
        assert _assign(directory, connection) is not None
        raise _GivesUp

    monkeypatch.setattr(changes, "since", counted)
    assigns()
    assert assigns() == 0
    # Somebody else's, one after another, and one with the number of a lost one of ours.
    database.write(lambda connection: _BOARD.reserve(connection, 4))
    assert assigns() == 1
    with pytest.raises(_GivesUp):
        database.write(fails)
    database.write(lambda connection: _BOARD.reserve(connection, 5))
    assert assigns() > 0
    with pytest.raises(_GivesUp):
        database.write(fails)
    assert assigns() > 0
    assert assigns() == 0
    assert _same(_current(database, pairs), index)


def test_an_assignment_that_is_rolled_back_leaves_no_trace_in_the_index(database: Database) -> None:
    pairs, index = _seeded(database)
    directory = HospitalDirectory(index, _BOARD, _ROSTER)

    def fails(connection: Connection) -> None:
        best = _assign(directory, connection)
        assert best is not None
        assert index.get(best.hospital_id)[1].assigned_since == best.assigned_since + 1
        raise _GivesUp

    with pytest.raises(_GivesUp):
        database.write(fails)
    # The number of the lost change is given out again, to another hospital.
    database.write(lambda connection: _BOARD.reserve(connection, 5))
    database.read(index.catch_up)
    assert _same(_current(database, pairs), index)


def test_a_reservation_that_a_reader_has_not_seen_is_read_again(database: Database) -> None:
    pairs, index = _seeded(database)
    directory = HospitalDirectory(index, _BOARD, _ROSTER)

    def assigns_beside_a_reader(connection: Connection) -> None:
        first = _assign(directory, connection)
        # Another thread asks for hospitals nearby before this commits.
        with ThreadPoolExecutor(max_workers=1) as other:
            other.submit(database.read, index.catch_up).result()
        assert first is not None
        assert index.get(first.hospital_id)[1].assigned_since == first.assigned_since
        assert _assign(directory, connection) is not None
        assert index.get(first.hospital_id)[1].assigned_since > first.assigned_since

    database.write(assigns_beside_a_reader)
    database.read(index.catch_up)
    assert _same(_current(database, pairs), index)


def test_where_nobody_is_left_the_log_has_no_gap(database: Database) -> None:
    pairs, index = _seeded(database, count=3)
    directory = HospitalDirectory(index, _BOARD, _ROSTER)
    closed = AvailabilityReport(HospitalStatus.CLOSED, seeded.NOW, "console")

    def close(connection: Connection) -> None:
        for hospital, _ in pairs:
            _BOARD.report(connection, hospital.id, closed)

    database.write(close)
    before = database.read(changes.last_number)
    assert database.write(lambda connection: _assign(directory, connection)) is None
    assert database.read(changes.last_number) == before
    database.write(lambda connection: _BOARD.reserve(connection, 1))
    database.read(index.catch_up)
    assert _same(_current(database, pairs), index)


def test_a_late_report_does_not_overwrite_a_newer_one(database: Database) -> None:
    _, index = _seeded(database, count=3)

    began = seeded.NOW - timedelta(minutes=30)

    def report(minutes: int, **beds: Any) -> bool:
        said = AvailabilityReport(
            HospitalStatus.NORMAL, began + timedelta(minutes=minutes), "sms", **beds
        )
        return database.write(lambda connection: _BOARD.report(connection, 2, said))

    assert report(10, staffed_beds=9, free_beds=4, assigned_since=1)
    assert not report(5, staffed_beds=9, free_beds=9)
    assert report(20)  # says nothing of beds: their count and its age stay
    database.read(index.catch_up)
    availability_now = index.get(2)[1]
    assert (availability_now.free_beds, availability_now.assigned_since) == (4, 1)
    assert availability_now.reported_at == began + timedelta(minutes=10)


def test_a_report_of_an_unknown_hospital_is_refused(database: Database) -> None:
    _seeded(database, count=1)
    report = AvailabilityReport(HospitalStatus.NORMAL, seeded.NOW, "api")
    with pytest.raises(NotFound, match="no such hospital"):
        database.write(lambda connection: _BOARD.report(connection, 999, report))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: _report(free_beds=5, staffed_beds=3), "5 free of 3"),
        (lambda: _report(free_beds=-1), "-1 beds cannot be"),
        (lambda: _report(stock_has=int(Capability.CT)), "have a stock"),
        (
            lambda: _report(stock_has=int(Capability.BLOOD), stock_lacks=int(Capability.BLOOD)),
            "same stock",
        ),
    ],
)
def test_contradicting_reports_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        make()


def _report(**said: Any) -> AvailabilityReport:
    return AvailabilityReport(HospitalStatus.NORMAL, seeded.NOW, "api", **said)
