"""Rows of a table as the database would give them back, made without asking it.

An UPDATE or INSERT that returns its row hands over every column of it, and each has to be read
anew; whoever wrote them knows them already.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table
from sqlalchemy.engine import result_tuple

from gateway.database.metadata import Instant


class Rows:
    """Makes rows of one table. Values are given as they are written: what goes into a JSON column
    has lists and never tuples.
    """

    def __init__(self, table: Table) -> None:
        names = table.c.keys()
        self._make: Callable[[list[Any]], Row[Any]] = result_tuple(names)
        self._names = names
        self._places = {name: place for place, name in enumerate(names)}
        self._instants = [
            place for place, column in enumerate(table.c) if isinstance(column.type, Instant)
        ]

    def new(self, values: Mapping[str, Any]) -> Row[Any]:
        """The row with these values, one for each column."""
        return self._row([values[name] for name in self._names])

    def changed(self, row: Row[Any], values: Mapping[str, Any]) -> Row[Any]:
        """The row with these values instead of those it has."""
        columns = list(row)
        for name, value in values.items():
            columns[self._places[name]] = value
        return self._row(columns)

    def _row(self, columns: list[Any]) -> Row[Any]:
        for place in self._instants:
            moment: datetime | None = columns[place]
            if moment is not None and moment.microsecond % 1000:
                # Milliseconds are what is stored.
                whole = moment.microsecond // 1000 * 1000
                columns[place] = moment.replace(microsecond=whole)
        return self._make(columns)
