"""How JSON columns are written and read: pydantic's parser, which every session and every emergency
goes through several times a turn, takes a third of the standard library's time.
"""

from collections.abc import Callable
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import JSON
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


def write(value: Any) -> str:
    """The value as JSON text."""
    return to_json(value).decode()


read = from_json


def _read_column(text: str | None) -> Any:
    return None if text is None else from_json(text)


class Json(TypeDecorator[Any]):
    """Any JSON value. None is stored as JSON's null."""

    impl = JSON
    cache_ok = True

    # Straight to it where it is plain text: SQLAlchemy would go through two functions more for each
    # value of each row.

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return write if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        if dialect.name == "sqlite":
            return _read_column
        return super().result_processor(dialect, coltype)
