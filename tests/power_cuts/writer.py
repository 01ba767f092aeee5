"""A program that writes as the product does, and prints a line for each write once it is told that
the write is durable: `python -m tests.power_cuts.writer WHAT FOLDER COUNT [SYNCHRONOUS]`.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from edge_node.identity import Identity
from edge_node.store import Store
from edge_node.tables import streams as box_streams
from gateway.database.metadata import metadata
from gateway.database.sqlite import SqliteDatabase
from gateway.restoring.high_water import HighWater
from gateway.sites.tables import streams as gateway_streams
from sync.events import NoteWritten
from sync.peer import append
from sync.stream_log import StreamLog
from tests.power_cuts.samples import KEY, NOON, READER, a_site, words


def main(what: str, folder: Path, count: int, synchronous: str = "") -> None:
    {"store": _store, "database": _database, "identity": _identity, "high-water": _high_water}[
        what
    ](folder, count, synchronous)


def _store(folder: Path, count: int, synchronous: str) -> None:
    store = Store(folder / "store.sqlite", KEY)
    _prepare(store._writer, synchronous)
    _write_events(store.write, box_streams, count)
    store.close()


def _database(folder: Path, count: int, synchronous: str) -> None:
    database = SqliteDatabase(folder / "haven.sqlite", KEY)
    database.write(metadata.create_all)
    _prepare(database.engine, synchronous)
    _write_events(database.write, gateway_streams, count)
    database.close()


def _prepare(engine: Engine, synchronous: str) -> None:
    connection: Any = engine.raw_connection()
    # So that the log is carried over into the database several times while we look.
    connection.execute("PRAGMA wal_autocheckpoint = 150")
    if synchronous:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.close()


def _write_events(write: Callable[..., Any], log: StreamLog, count: int) -> None:
    write(lambda connection: log.outgoing.begin_epoch(connection, 7))
    _say(0)

    def add(connection: Connection, number: int) -> None:
        note = NoteWritten(at=NOON, report_id=number, text=words(number))
        append(connection, log, READER, [note], NOON)

    for number in range(1, count + 1):
        write(lambda connection, number=number: add(connection, number))
        _say(number)


def _identity(folder: Path, count: int, synchronous: str) -> None:
    identity = Identity(folder)
    keys = identity.node_keys().public
    for number in range(count):
        identity.keep(replace(a_site(), site_id=number, gateway=keys))
        _say(number)


def _high_water(folder: Path, count: int, synchronous: str) -> None:
    for number in range(count):
        HighWater(folder / "high-water").raise_to(number + 1)
        _say(number)


def _say(number: int) -> None:
    print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
