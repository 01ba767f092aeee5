"""What only several writers at once can meet."""

import socket
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select, update
from sqlalchemy.exc import OperationalError

from gateway.database.postgres import PostgresDatabase
from tests.gateway.postgres_only import Beside, CountingDatabase

metadata = MetaData()
rows = Table(
    "two_rows", metadata, Column("id", Integer, primary_key=True), Column("count", Integer)
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[CountingDatabase]:
    opened = CountingDatabase(postgres_url, connections=4)
    metadata.drop_all(opened.engine)
    metadata.create_all(opened.engine)
    opened.write(lambda c: c.execute(insert(rows), [{"id": 1, "count": 0}, {"id": 2, "count": 0}]))
    yield opened
    metadata.drop_all(opened.engine)
    opened.close()


def test_who_waits_in_a_circle_is_undone_and_done_again(database: CountingDatabase) -> None:
    both_hold_one = threading.Barrier(2, timeout=60)
    first_tries = [True, True]

    def count(connection: Connection, row: int) -> None:
        counted = update(rows).where(rows.c.id == row).values(count=rows.c.count + 1)
        connection.execute(counted)

    def work(connection: Connection, mine: int) -> None:
        if not first_tries[mine]:
            # In one order: beside the other's first try it could meet a second circle.
            count(connection, 1)
            count(connection, 2)
            return
        first_tries[mine] = False
        count(connection, 1 + mine)
        both_hold_one.wait()
        count(connection, 2 - mine)

    writers = [
        Beside(lambda mine=mine: database.write(lambda c: work(c, mine)))  # type: ignore[misc]
        for mine in range(2)
    ]
    for writer in writers:
        writer.result()
    assert database.again == 1
    query = select(rows.c.count)
    assert database.read(lambda c: c.execute(query).scalars().all()) == [2, 2]


def test_a_server_that_takes_calls_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = PostgresDatabase(
            f"postgresql+psycopg://nobody@127.0.0.1:{port}/nothing", 1, connect_within_s=2
        )
        with pytest.raises(OperationalError, match="timeout"):
            database.write(lambda connection: None)
        database.close()
