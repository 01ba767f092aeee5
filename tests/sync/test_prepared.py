"""Prepared statements: what stands in their text, and what is handed over each time."""

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, select, update

from sync.prepared import Prepared, one_of
from tests.sync.conftest import Open

_metadata = MetaData()
_words = Table(
    "words",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("word", String(40)),
)
# Whatever a database or its driver could take for more than a letter.
_ODD = ("o'clock", "100% sure", "%(word)s", "what? why?", ':colon "quoted"', "a\\b")


@pytest.mark.parametrize("odd", _ODD)
def test_a_constant_means_itself(open_database: Open, odd: str) -> None:
    add = Prepared(_words.insert(), _words.c.keys())
    find = Prepared(
        select(_words.c.id, _words.c.word)
        .where(_words.c.word == odd, _words.c.id >= bindparam("least"))
        .order_by(_words.c.id)
        .limit(1)
    )
    with open_database(_metadata).begin() as connection:
        for number, word in enumerate(("other", odd, odd), start=1):
            add.run(connection, id=number, word=word)
        assert [tuple(row) for row in find.all(connection, least=1)] == [(2, odd)]
        assert [tuple(row) for row in find.all(connection, least=3)] == [(3, odd)]


def test_a_constant_may_be_nothing(open_database: Open) -> None:
    forget = Prepared(
        update(_words).where(_words.c.id == bindparam("which")).values(word=None).returning(_words)
    )
    with open_database(_metadata).begin() as connection:
        connection.execute(_words.insert(), [{"id": 1, "word": "one"}, {"id": 2, "word": "two"}])
        assert forget.one(connection, which=2).word is None
        assert connection.execute(select(_words.c.word).order_by(_words.c.id)).scalars().all() == [
            "one",
            None,
        ]


def test_one_of_takes_the_values_that_it_was_made_with(open_database: Open) -> None:
    among = Prepared(select(_words.c.id).where(one_of(_words.c.word, _ODD)).order_by(_words.c.id))
    with open_database(_metadata).begin() as connection:
        rows = [{"id": number, "word": word} for number, word in enumerate((*_ODD, "other"))]
        connection.execute(_words.insert(), rows)
        assert [row.id for row in among.all(connection)] == list(range(len(_ODD)))
