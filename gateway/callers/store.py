"""Finds, makes and changes callers."""

from typing import Any

from sqlalchemy import Row, bindparam, select, update

from gateway.callers.tables import callers
from gateway.ports import FoundPlace
from gateway.unit_of_work import UnitOfWork
from sync.prepared import Prepared

_PLACE_LENGTH = 120
_BY_NUMBER = Prepared(select(callers).where(callers.c.phone_index == bindparam("index")))
_BY_ID = Prepared(select(callers).where(callers.c.id == bindparam("caller_id")))
_ADD = Prepared(
    callers.insert().returning(*callers.c), ("id", "phone_index", "phone_sealed", "first_seen_at")
)
_LANGUAGE = Prepared(
    update(callers)
    .where(callers.c.id == bindparam("caller_id"))
    .values(language=bindparam("spoken"))
)
_HOME = ("home_place_name", "home_place_lat", "home_place_lon", "home_place_radius_m")
_LAST_PLACE = Prepared(
    update(callers)
    .where(callers.c.id == bindparam("caller_id"))
    .values(
        last_place_name=bindparam("name"),
        last_place_lat=bindparam("lat"),
        last_place_lon=bindparam("lon"),
        last_place_radius_m=bindparam("radius_m"),
    )
)


def find_or_add(uow: UnitOfWork, number: str) -> Row[Any]:
    """The caller with this number (E.164), made now if never seen."""
    vault = uow.services.vault
    index = vault.index(number)
    found = _BY_NUMBER.first(uow.connection, index=index)
    if found is not None:
        return found
    return _ADD.one(
        uow.connection,
        id=uow.system.new_id(),
        phone_index=index,
        phone_sealed=vault.seal(number),
        first_seen_at=uow.now,
    )


def language_of(uow: UnitOfWork, number: str) -> str | None:
    """The language that was chosen on this phone; None where none was, or nobody knows it."""
    known = _BY_NUMBER.first(uow.connection, index=uow.services.vault.index(number))
    return None if known is None else known.language


def get(uow: UnitOfWork, caller_id: int) -> Row[Any]:
    """The caller with this id."""
    return _BY_ID.one(uow.connection, caller_id=caller_id)


def phone(uow: UnitOfWork, caller_id: int) -> str:
    """The caller's number, E.164."""
    number = uow.phones.get(caller_id)
    if number is None:
        number = uow.services.vault.open(get(uow, caller_id).phone_sealed)
        uow.phones[caller_id] = number
    return number


def remember_language(uow: UnitOfWork, caller_id: int, language: str) -> None:
    """The language that this phone is addressed in from now on."""
    _LANGUAGE.run(uow.connection, caller_id=caller_id, spoken=language)


def remember_place(uow: UnitOfWork, caller_id: int, place: FoundPlace) -> None:
    """The place offered to this caller as "last time"."""
    _LAST_PLACE.run(
        uow.connection,
        caller_id=caller_id,
        name=place.name[:_PLACE_LENGTH],
        lat=place.lat,
        lon=place.lon,
        radius_m=place.radius_m,
    )


def remember_home(uow: UnitOfWork, caller_id: int, place: FoundPlace) -> None:
    """The place offered to this caller as "home"."""
    _set_home(uow, caller_id, place.name[:_PLACE_LENGTH], place.lat, place.lon, place.radius_m)


def forget_home(uow: UnitOfWork, caller_id: int) -> None:
    """No place is offered as "home" any more."""
    _set_home(uow, caller_id, "", None, None, None)


def _set_home(uow: UnitOfWork, caller_id: int, *values: str | float | None) -> None:
    of_caller = update(callers).where(callers.c.id == caller_id)
    uow.connection.execute(of_caller.values(dict(zip(_HOME, values, strict=True))))


def last_place(caller: Row[Any]) -> FoundPlace:
    """The place offered to this caller as "last time"; only for one who has it."""
    return _place(caller, "last_place")


def home_place(caller: Row[Any]) -> FoundPlace:
    """The place offered to this caller as "home"; only for one who has it."""
    return _place(caller, "home_place")


def known_positions(caller: Row[Any]) -> list[tuple[float, float]]:
    """Where the places are that this caller may be offered: latitude and longitude in degrees."""
    offered = (
        (caller.last_place_lat, caller.last_place_lon),
        (caller.home_place_lat, caller.home_place_lon),
    )
    return [(lat, lon) for lat, lon in offered if lat is not None and lon is not None]


def _place(caller: Row[Any], which: str) -> FoundPlace:
    columns = caller._mapping
    return FoundPlace(*(columns[f"{which}_{part}"] for part in ("name", "lat", "lon", "radius_m")))
