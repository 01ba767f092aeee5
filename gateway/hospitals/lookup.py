"""Finding the hospital that a person at a terminal means. Never by a guess: what is not the whole
name or an id gets the likely ones to choose from.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Row, Select, func, or_, select

from gateway.hospitals.tables import hospitals
from shared.errors import InvalidInput, NotFound

_SUGGESTED = 8


def find_hospital(connection: Connection, typed: str) -> tuple[int, str]:
    """The id and the name of the hospital with this name, register's id, or our own number.

    Raises NotFound, and InvalidInput when several are called so; both name the likely ones.
    """
    typed = typed.strip()
    wanted = [func.lower(hospitals.c.name) == typed.lower(), hospitals.c.source_id == typed]
    if typed.isascii() and typed.isdigit() and len(typed) < 10:
        wanted.append(hospitals.c.id == int(typed))
    found = connection.execute(_hospitals().where(or_(*wanted)).limit(_SUGGESTED)).all()
    if len(found) == 1:
        return found[0].id, found[0].name
    if found:
        raise InvalidInput(
            f"Several hospitals are called {typed!r}. Give the number: {_listed(found)}"
        )
    like = _hospitals().where(hospitals.c.name.icontains(typed, autoescape=True))
    similar = connection.execute(like.order_by(hospitals.c.name).limit(_SUGGESTED)).all()
    if not typed or not similar:
        raise NotFound(f"No hospital is called {typed!r} or has that id.")
    raise NotFound(
        f"No hospital is called {typed!r}. Give the number of the one that you mean: "
        f"{_listed(similar)}"
    )


def _hospitals() -> Select[int, str, str]:
    return select(hospitals.c.id, hospitals.c.name, hospitals.c.county)


def _listed(found: Iterable[Row[int, str, str]]) -> str:
    return "; ".join(f"{row.id} {row.name}, {row.county}" for row in found)
