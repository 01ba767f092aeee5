"""One command is all or nothing and durable when it returns, alone or in a group, on both
databases.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from gateway.audit import audit_entries
from gateway.database.database import Database
from gateway.database.sqlite import DatabaseUnusable, SqliteDatabase
from gateway.database.write_queue import TransactionLost, WriteQueue
from tests.faults.installation import until


class Refusal(Exception):
    """What a command raises in these tests."""


def add(connection: Connection, number: int) -> int:
    from datetime import UTC, datetime

    connection.execute(
        insert(audit_entries),
        {
            "id": number,
            "at": datetime(2026, 1, 1, tzinfo=UTC),
            "actor": "test",
            "action": "add",
            "subject": str(number),
        },
    )
    return number


def stored(connection: Connection) -> set[int]:
    return set(connection.execute(select(audit_entries.c.id)).scalars())


def has_size(waiting: SimpleQueue[Any], size: int) -> bool:
    return waiting.qsize() == size


def count(database: Database) -> int:
    return database.read(
        lambda c: c.execute(select(func.count()).select_from(audit_entries)).scalar_one()
    )


def test_a_command_that_raises_leaves_nothing(database: Database) -> None:
    def half_done(connection: Connection) -> None:
        add(connection, 1)
        raise Refusal

    with pytest.raises(Refusal):
        database.write(half_done)
    assert count(database) == 0
    assert database.write(lambda c: add(c, 1)) == 1
    assert count(database) == 1


def test_of_many_at_once_each_stands_or_falls_alone(database: Database) -> None:
    start = threading.Barrier(16)

    def one(number: int) -> bool:
        def work(connection: Connection) -> None:
            add(connection, number)
            if number % 3 == 0:
                raise Refusal(number)

        start.wait()
        try:
            database.write(work)
        except Refusal as refusal:
            return refusal.args != (number,)
        return True

    with ThreadPoolExecutor(16) as pool:
        stands = list(pool.map(one, range(16)))
    assert stands == [number % 3 != 0 for number in range(16)]
    assert count(database) == sum(stands)


def test_what_was_answered_is_there_for_everybody(database: Database) -> None:
    """Also while many wait, when one group's commands are answered by the side of the next one."""
    start = threading.Barrier(24)

    def client(number: int) -> int:
        start.wait()
        missing = 0
        for turn in range(20):
            identifier = number * 100 + turn
            database.write(partial(add, number=identifier))
            missing += identifier not in database.read(stored)
        return missing

    with ThreadPoolExecutor(24) as pool:
        assert sum(pool.map(client, range(24))) == 0
    assert count(database) == 24 * 20


def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only"):
        database.read(lambda c: add(c, 1))
    assert count(database) == 0


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteDatabase:
    database = SqliteDatabase(tmp_path / "haven.sqlite", bytes(32))
    audit_entries.create(database.engine)
    return database


def test_a_write_inside_a_write_says_what_to_do(sqlite: SqliteDatabase) -> None:
    with pytest.raises(RuntimeError, match="hand the connection down"):
        sqlite.write(lambda c: sqlite.write(lambda inner: add(inner, 1)))
    sqlite.close()


def test_when_the_commit_fails_nobody_is_told_that_it_is_stored(sqlite: SqliteDatabase) -> None:
    connection = sqlite.engine.connect()
    queue = WriteQueue(connection)
    gathered = threading.Barrier(4)
    answers: list[object] = []

    def break_it(inner: Connection) -> int:
        gathered.wait()
        add(inner, 0)
        # As a full disk does: the transaction is gone under everybody's feet.
        inner.exec_driver_sql("ROLLBACK")
        return 0

    def others(number: int) -> None:
        gathered.wait()
        try:
            answers.append(queue.run(lambda c: add(c, number)))
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=others, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    with pytest.raises(TransactionLost, match="gave the transaction up"):
        queue.run(break_it)
    for thread in threads:
        thread.join()
    told = {answer for answer in answers if isinstance(answer, int)}
    assert sqlite.read(stored) == told
    queue.close()


def test_nobody_is_answered_late_because_many_come_after_them(sqlite: SqliteDatabase) -> None:
    begun, gathered, answered = threading.Event(), threading.Event(), threading.Event()
    told_in_time = []

    def slow(connection: Connection) -> int:
        begun.set()
        gathered.wait()
        return add(connection, 0)

    def last(connection: Connection) -> int:
        # Whoever came before all of these is told while they are carried out.
        told_in_time.append(answered.wait(30))
        return add(connection, 60)

    with ThreadPoolExecutor(61) as pool:
        first = pool.submit(sqlite.write, slow)
        first.add_done_callback(lambda _: answered.set())
        begun.wait()
        others: list[Callable[[Connection], int]] = [
            *(partial(add, number=number) for number in range(1, 60)),
            last,
        ]
        waiting = sqlite._queue._waiting
        for number, work in enumerate(others, start=1):
            pool.submit(sqlite.write, work)
            until("it waits in its turn", partial(has_size, waiting, number))
        gathered.set()
    assert told_in_time == [True]
    assert count(sqlite) == 61
    sqlite.close()


def test_closing_lets_what_waits_finish_and_refuses_what_comes_later(
    sqlite: SqliteDatabase,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> int:
        begun.set()
        go_on.wait()
        return add(connection, 1)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sqlite.write, slow)
        begun.wait()
        closing = pool.submit(sqlite._queue.close)
        go_on.set()
        assert first.result() == 1
        closing.result()
    with pytest.raises(RuntimeError, match="closed"):
        sqlite.write(lambda c: add(c, 2))


def test_another_key_is_refused_in_plain_words(tmp_path: Path) -> None:
    first = SqliteDatabase(tmp_path / "haven.sqlite", bytes(32))
    audit_entries.create(first.engine)
    first.close()
    with pytest.raises(DatabaseUnusable, match="another database's key"):
        SqliteDatabase(tmp_path / "haven.sqlite", bytes(31) + b"x")


def test_the_file_shows_nothing_of_what_is_in_it(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "haven.sqlite", bytes(32))
    audit_entries.create(database.engine)
    database.close()
    for path in tmp_path.iterdir():
        assert b"audit_entries" not in path.read_bytes()
        assert not path.read_bytes().startswith(b"SQLite format 3")
