"""Finds, makes and changes callers."""

from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.callers.tables import callers
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork

_PLACE_LENGTH = 120


def find_or_add(uow: UnitOfWork, number: str) -> Row[Any]:
    """The caller with this number (E.164), made now if never seen."""
    vault = uow.services.vault
    index = vault.index(number)
    query = select(callers).where(callers.c.phone_index == index)
    found = uow.connection.execute(query).first()
    if found is not None:
        return found
    # Another process may be adding the same caller at this moment: then theirs is taken.
    dialect = postgresql if uow.connection.dialect.name == "postgresql" else sqlite
    uow.connection.execute(
        dialect.insert(callers)
        .values(
            id=uow.system.new_id(),
            phone_index=index,
            phone_sealed=vault.seal(number),
            first_seen_at=uow.now,
        )
        .on_conflict_do_nothing(index_elements=["phone_index"])
    )
    return uow.connection.execute(query).one()


def get(uow: UnitOfWork, caller_id: int) -> Row[Any]:
    """The caller with this id."""
    return uow.connection.execute(select(callers).where(callers.c.id == caller_id)).one()


def remember_language(uow: UnitOfWork, caller_id: int, language: str) -> None:
    """The language that this phone is addressed in from now on."""
    uow.connection.execute(
        update(callers).where(callers.c.id == caller_id).values(language=language)
    )


def remember_place(uow: UnitOfWork, caller_id: int, place: FoundPlace) -> None:
    """The place offered to this caller as "last time"."""
    uow.connection.execute(
        update(callers)
        .where(callers.c.id == caller_id)
        .values(
            last_place_name=place.name[:_PLACE_LENGTH],
            last_place_lat=place.lat,
            last_place_lon=place.lon,
            last_place_radius_m=place.radius_m,
        )
    )
