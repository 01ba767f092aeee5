"""A row that is made is the row that the database would have given back, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, insert, select, update

from gateway.database.database import Database
from gateway.database.metadata import Instant
from gateway.database.postgres import PostgresDatabase
from gateway.database.rows import Rows
from gateway.database.sqlite import SqliteDatabase

_metadata = MetaData()
_notes = Table(
    "notes_of_a_test",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("words", String(40), nullable=False),
    Column("choices", JSON),
    Column("at", Instant),
)
_NOW = datetime(2026, 11, 23, 4, 5, 6, 789_999, tzinfo=UTC)


def test_a_row_is_what_was_stored(database: Database) -> None:
    assert isinstance(database, SqliteDatabase | PostgresDatabase)
    _metadata.drop_all(database.engine)
    _metadata.create_all(database.engine)
    rows = Rows(_notes)
    note = {"id": 7, "words": "Njoro Ŵ", "choices": [["Thika", -1.03, 37, None]], "at": _NOW}
    database.write(lambda c: c.execute(insert(_notes), note))
    made = rows.new(note)
    assert made == database.read(lambda c: c.execute(select(_notes)).one())
    assert made._mapping["choices"] == note["choices"]

    changes = {"choices": None, "at": _NOW + timedelta(microseconds=2)}
    database.write(lambda c: c.execute(update(_notes).values(changes)))
    changed = rows.changed(made, changes)
    assert changed == database.read(lambda c: c.execute(select(_notes)).one())
    assert changed.words == "Njoro Ŵ"
    assert made.at == _NOW.replace(microsecond=789_000)
