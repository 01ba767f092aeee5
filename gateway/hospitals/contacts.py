"""The telephones of hospitals' staff: who is on duty, and whether the number has proved itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from gateway.hospitals.tables import hospital_contacts
from shared import duty_hours
from shared.errors import Conflict, InvalidInput, NotFound
from sync.events import DutyPhonesSet
from sync.prepared import Prepared

# A weekly OK, and a day for a week that was a holiday's.
TRUSTED_FOR = timedelta(days=8)
# Whoever answers several times a day is written down once.
_PROVED_AGAIN_AFTER = timedelta(hours=12)
_MOST_CONTACTS = 12
_LONGEST_DUTY = 200
_LONGEST_LABEL = 60
_OF_HOSPITAL = Prepared(
    select(
        hospital_contacts.c.phone,
        hospital_contacts.c.sms,
        hospital_contacts.c.voice,
        hospital_contacts.c.duty,
    )
    .where(hospital_contacts.c.hospital_id == bindparam("of"))
    .order_by(hospital_contacts.c.position, hospital_contacts.c.id)
)
_WITH_PHONE = Prepared(
    select(hospital_contacts.c.hospital_id)
    .where(hospital_contacts.c.phone == bindparam("number"))
    .order_by(hospital_contacts.c.hospital_id)
)
_parse = lru_cache(maxsize=512)(duty_hours.parse)


@dataclass(frozen=True, slots=True)
class DutyPhones:
    """The numbers to text and to call now, in the order in which they are used."""

    sms: tuple[str, ...] = ()
    voice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """What rotas are read by: the local time, and the country's public holidays."""

    local_time: tzinfo
    is_holiday: Callable[[date], bool]

    def phones(self, connection: Connection, hospital_id: int, now: datetime) -> DutyPhones:
        """Who is on duty there now. Where nobody is, everybody: somebody has to hear."""
        rows = _OF_HOSPITAL.all(connection, of=hospital_id)
        return DutyPhones(
            sms=self._on_duty([row for row in rows if row.sms], now),
            voice=self._on_duty([row for row in rows if row.voice], now),
        )

    def _on_duty(self, rows: Sequence[Any], now: datetime) -> tuple[str, ...]:
        if all(not row.duty for row in rows):
            return tuple(row.phone for row in rows)
        local = now.astimezone(self.local_time)
        there = [row for row in rows if _parse(row.duty).on_duty(local, self.is_holiday)]
        return tuple(row.phone for row in there or rows)


def for_box(connection: Connection, hospital_id: int, now: datetime) -> DutyPhonesSet:
    """The telephones that the hospital's box may text by itself, in their order."""
    texted = [row for row in _OF_HOSPITAL.all(connection, of=hospital_id) if row.sms]
    return DutyPhonesSet(
        at=now,
        phones=tuple(row.phone for row in texted),
        hours=tuple(row.duty for row in texted),
    )


def hospitals_of(connection: Connection, number: str) -> tuple[int, ...]:
    """The hospitals whose staff have this number."""
    return tuple(row.hospital_id for row in _WITH_PHONE.all(connection, number=number))


@dataclass(frozen=True, slots=True)
class NewContact:
    """A telephone of a hospital's staff. `phone` is E.164; `duty` is a rota, empty for day and
    night.

    Raises InvalidInput.
    """

    phone: str
    label: str = ""
    sms: bool = True
    voice: bool = True
    duty: str = ""

    def __post_init__(self) -> None:
        if not (self.sms or self.voice):
            raise InvalidInput("A contact takes texts, calls, or both.")
        if len(self.duty) > _LONGEST_DUTY:
            raise InvalidInput(f"A rota has at most {_LONGEST_DUTY} characters.")
        if len(self.label) > _LONGEST_LABEL:
            raise InvalidInput(f"A contact's name has at most {_LONGEST_LABEL} characters.")
        duty_hours.parse(self.duty)


def add(connection: Connection, hospital_id: int, contact: NewContact) -> None:
    """Adds a telephone behind those that the hospital has; it has yet to prove itself.

    Raises Conflict when it has that number, or too many.
    """
    of = hospital_contacts.c.hospital_id == hospital_id
    known = connection.execute(
        select(hospital_contacts.c.phone, hospital_contacts.c.position).where(of)
    ).all()
    if any(row.phone == contact.phone for row in known):
        raise Conflict("The hospital has that number already; remove it first to change it.")
    if len(known) >= _MOST_CONTACTS:
        raise Conflict(f"A hospital has at most {_MOST_CONTACTS} contacts; remove one first.")
    connection.execute(
        insert(hospital_contacts),
        {
            "hospital_id": hospital_id,
            "position": max((row.position for row in known), default=0) + 1,
            "label": contact.label,
            "phone": contact.phone,
            "sms": contact.sms,
            "voice": contact.voice,
            "duty": contact.duty,
        },
    )


def remove(connection: Connection, hospital_id: int, phone: str) -> None:
    """Takes a telephone away. Raises NotFound."""
    gone = connection.execute(
        delete(hospital_contacts).where(
            hospital_contacts.c.hospital_id == hospital_id, hospital_contacts.c.phone == phone
        )
    )
    if not gone.rowcount:
        raise NotFound("The hospital has no such number; `hospitals show` lists those it has.")


def put_first(connection: Connection, hospital_id: int, phone: str) -> bool:
    """Makes this the hospital's first telephone, as a register names only one: it takes the place
    of the first one that is known. Whether anything changed.
    """
    of = hospital_contacts.c.hospital_id == hospital_id
    rows = connection.execute(
        select(hospital_contacts.c.id, hospital_contacts.c.phone)
        .where(of)
        .order_by(hospital_contacts.c.position, hospital_contacts.c.id)
    ).all()
    if any(row.phone == phone for row in rows):
        return False
    if not rows:
        add(connection, hospital_id, NewContact(phone))
        return True
    connection.execute(
        update(hospital_contacts)
        .where(hospital_contacts.c.id == rows[0].id)
        .values(phone=phone, ok_at=None, tested_at=None)
    )
    return True


def answered(connection: Connection, number: str, now: datetime) -> bool:
    """Somebody with this number has answered something of ours: it has proved itself wherever it is
    a contact. Whether that is news.
    """
    stale = (
        hospital_contacts.c.ok_at.is_(None)
        | (hospital_contacts.c.ok_at < now - _PROVED_AGAIN_AFTER)
        | (hospital_contacts.c.ok_at <= hospital_contacts.c.tested_at)
    )
    mine = (hospital_contacts.c.phone == number) & stale
    # Nearly always somebody has answered lately: nothing is written then.
    if connection.execute(select(hospital_contacts.c.id).where(mine).limit(1)).first() is None:
        return False
    connection.execute(update(hospital_contacts).where(mine).values(ok_at=now))
    return True


def is_trusted(connection: Connection, hospital_id: int, now: datetime) -> bool:
    """Whether a telephone of the hospital has proved itself within `TRUSTED_FOR`."""
    last = connection.execute(
        select(func.max(hospital_contacts.c.ok_at)).where(
            hospital_contacts.c.hospital_id == hospital_id
        )
    ).scalar()
    return last is not None and last >= now - TRUSTED_FOR
