"""SQL statements on the way of every emergency: compiled once, then handed to the driver as they
are.

Building and looking up a statement costs SQLAlchemy several times what SQLite needs to carry it
out, and the gateway's web process has one interpreter (docs/adr/003). It stands here because the
stream log is on that way too.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Delete,
    Float,
    Insert,
    Row,
    Select,
    Table,
    Update,
    literal,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect, result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Processor = Callable[[Any], Any]
Statement = Select[Any] | Insert | Update | Delete


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in one database's own words. `arrange` gives the parameters as the driver takes
    them, `bind` holds the conversion of each that needs one, `result` that of each column that
    does.
    """

    text: str
    arrange: Callable[[dict[str, Any]], Any]
    bind: tuple[tuple[str, Processor], ...]
    result: tuple[tuple[int, Processor], ...]
    make_row: Callable[[Sequence[Any]], Row[Any]]
    driver_error: type[Exception]


class Prepared:
    """One statement of fixed shape. Its parameters are those that `bindparam` names, and for an
    INSERT the columns in `columns`. `one_of` writes an IN. A function instead of a statement is
    given the dialect's name, for what each database says in its own way.

    Use it inside a transaction that SQLAlchemy has begun: it begins none. Each method raises what
    SQLAlchemy raises for the same fault of the database.
    """

    def __init__(
        self, statement: Statement | Callable[[str], Statement], columns: Iterable[str] = ()
    ) -> None:
        self._statement = statement
        self._columns = list(columns) or None
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, **values: Any) -> int:
        """Carries it out; how many rows it changed."""
        cursor, _ = self._execute(connection, values)
        count: int = cursor.rowcount
        cursor.close()
        return count

    def all(self, connection: Connection, **values: Any) -> list[Row[Any]]:
        """Every row it gives."""
        cursor, compiled = self._execute(connection, values)
        rows = cursor.fetchall()
        cursor.close()
        return [_row(compiled, row) for row in rows]

    def first(self, connection: Connection, **values: Any) -> Row[Any] | None:
        """The first row it gives, or None."""
        cursor, compiled = self._execute(connection, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else _row(compiled, row)

    def one(self, connection: Connection, **values: Any) -> Row[Any]:
        """The row it gives. Raises LookupError when there is none."""
        row = self.first(connection, **values)
        if row is None:
            raise LookupError("a row that must be there is not")
        return row

    def _execute(self, connection: Connection, values: dict[str, Any]) -> tuple[Any, _Compiled]:
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compile(connection.dialect)
        for name, processor in compiled.bind:
            values[name] = processor(values[name])
        # Of the driver's own connection: SQLAlchemy's cursors are wrapped twice.
        driver: Any = connection.connection.dbapi_connection
        try:
            cursor = driver.execute(compiled.text, compiled.arrange(values))
        except compiled.driver_error as error:
            # What callers know of: the same as from a statement that SQLAlchemy carried out.
            raise DBAPIError.instance(
                compiled.text, None, error, compiled.driver_error, hide_parameters=True
            ) from error
        return cursor, compiled

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = self._statement
        statement = made(dialect.name) if callable(made) else made
        compiled = statement.compile(dialect=dialect, column_keys=self._columns)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        given = {name: bind for name, bind in binds.items() if bind.required}
        constants = {
            name: _literal(bind, dialect) for name, bind in binds.items() if not bind.required
        }
        shown = list(statement.exported_columns)
        prepared = self._compiled[dialect.name] = _Compiled(
            text=_with_constants(compiled, constants),
            arrange=_arrangement(
                [name for name in compiled.positiontup or () if name in given]
                if compiled.positional
                else None
            ),
            bind=tuple(
                (name, processor)
                for name, bind in given.items()
                if (processor := bind.type.dialect_impl(dialect).bind_processor(dialect))
            ),
            result=tuple(
                (position, processor)
                for position, column in enumerate(shown)
                # Both drivers give floats as they are.
                if not isinstance(column.type, Float)
                and (processor := column.type.dialect_impl(dialect).result_processor(dialect, None))
            ),
            make_row=result_tuple([str(column.key) for column in shown]),
            driver_error=dialect.loaded_dbapi.Error,
        )
        return prepared


def insert_into(table: Table, dialect_name: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what happens on a conflict."""
    return postgresql.insert(table) if dialect_name == "postgresql" else sqlite.insert(table)


def one_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """True for these values, whose number is part of the statement's shape."""
    return column.in_([literal(value, column.type) for value in values])


def _arrangement(places: Sequence[str] | None) -> Callable[[dict[str, Any]], Any]:
    """What hands the driver its parameters: one after another in this order, or by their names."""
    if places is None:
        return lambda values: values
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: [values[name] for name in places]


def _literal(constant: BindParameter[Any], dialect: Dialect) -> str:
    """A constant of the statement, as it is written in SQL."""
    if constant.effective_value is None:
        return "NULL"
    write = constant.type.dialect_impl(dialect).literal_processor(dialect)
    if write is None:
        raise TypeError(f"{constant.type} has no literal: name it with bindparam")
    return write(constant.effective_value)


def _with_constants(compiled: SQLCompiler, constants: Mapping[str, str]) -> str:
    """The statement's text with its constants in it. SQLite compiles a statement anew, each time
    that it runs, when a LIMIT or the condition of a partial index is bound.
    """
    text = str(compiled)
    if compiled.positional:
        first, *rest = text.split("?")
        places = zip(compiled.positiontup or (), rest, strict=True)
        return first + "".join(constants.get(name, "?") + words for name, words in places)
    for name, words in constants.items():
        text = text.replace(f"%({name})s", words)
    return text


def _row(compiled: _Compiled, values: Sequence[Any]) -> Row[Any]:
    if compiled.result:
        converted = list(values)
        for position, processor in compiled.result:
            converted[position] = processor(converted[position])
        values = tuple(converted)
    return compiled.make_row(values)
