"""Hospitals' telephones: in which order, who is on duty, and which are trusted."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, select

from gateway.database.database import Database
from gateway.hospitals import contacts
from gateway.hospitals.contacts import TRUSTED_FOR, NewContact, Roster
from gateway.hospitals.public_holidays import public_holidays
from gateway.hospitals.tables import hospital_contacts
from shared.errors import Conflict, InvalidInput, NotFound
from shared.travel import EAST_AFRICA_TIME
from tests.bench import matching as seeded
from tests.gateway.hospitals.test_index import store_hospitals

_DESK, _MATRON, _NIGHT = "+254722000001", "+254722000002", "+254722000003"
_ROSTER = Roster(EAST_AFRICA_TIME, public_holidays("KE"))
# Monday noon, Monday 22:00 and Jamhuri Day (a Saturday) at noon, in Nairobi.
_NOON = datetime(2026, 12, 7, 9, tzinfo=UTC)
_EVENING = datetime(2026, 12, 7, 19, tzinfo=UTC)
_JAMHURI = datetime(2026, 12, 12, 9, tzinfo=UTC)


@pytest.fixture
def hospital(database: Database) -> int:
    pairs = seeded.hospitals(2, Random(9))
    database.write(lambda connection: store_hospitals(connection, pairs))
    return pairs[0][0].id


def _add(database: Database, hospital_id: int, *added: NewContact) -> None:
    def add(connection: Connection) -> None:
        for contact in added:
            contacts.add(connection, hospital_id, contact)

    database.write(add)


def test_the_one_on_duty_is_used(database: Database, hospital: int) -> None:
    _add(
        database,
        hospital,
        NewContact(_DESK, "casualty", duty="mon-fri 08:00-17:00; holidays off"),
        NewContact(_NIGHT, "night", duty="daily 17:00-08:00; holidays"),
        NewContact(_MATRON, "matron", sms=False, duty="mon-fri 08:00-17:00; holidays off"),
    )

    def phones(at: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = database.read(lambda c: _ROSTER.phones(c, hospital, at))
        return found.sms, found.voice

    assert phones(_NOON) == ((_DESK,), (_DESK, _MATRON))
    assert phones(_EVENING) == ((_NIGHT,), (_NIGHT,))
    assert phones(_JAMHURI) == ((_NIGHT,), (_NIGHT,))


def test_where_nobody_is_on_duty_everybody_is_told(database: Database, hospital: int) -> None:
    _add(
        database,
        hospital,
        NewContact(_DESK, duty="mon-fri 08:00-17:00"),
        NewContact(_MATRON, voice=False, duty="tue 08:00-17:00"),
    )
    found = database.read(lambda c: _ROSTER.phones(c, hospital, _EVENING))
    assert (found.sms, found.voice) == ((_DESK, _MATRON), (_DESK,))


def test_a_phone_may_be_of_several_hospitals(database: Database, hospital: int) -> None:
    _add(database, hospital, NewContact(_DESK))
    _add(database, hospital + 1, NewContact(_DESK))
    assert database.read(lambda c: contacts.hospitals_of(c, _DESK)) == (hospital, hospital + 1)
    assert database.read(lambda c: contacts.hospitals_of(c, _MATRON)) == ()
    assert database.write(lambda c: contacts.answered(c, _DESK, _NOON))
    last = _NOON + TRUSTED_FOR
    for of in (hospital, hospital + 1):
        for at in (last, last + timedelta(seconds=1)):
            trusted = partial(contacts.is_trusted, hospital_id=of, now=at)
            assert database.read(trusted) == (at == last)


def test_a_registers_number_takes_the_place_of_the_first(database: Database, hospital: int) -> None:
    _add(database, hospital, NewContact(_DESK), NewContact(_NIGHT))
    database.write(lambda c: contacts.answered(c, _DESK, _NOON))
    assert database.write(lambda c: contacts.put_first(c, hospital, _MATRON))
    assert not database.write(lambda c: contacts.put_first(c, hospital, _NIGHT))
    rows = database.read(
        lambda c: c.execute(
            select(hospital_contacts.c.phone, hospital_contacts.c.ok_at).order_by(
                hospital_contacts.c.position
            )
        ).all()
    )
    assert [tuple(row) for row in rows] == [(_MATRON, None), (_NIGHT, None)]


def test_what_cannot_be_a_contact(database: Database, hospital: int) -> None:
    _add(database, hospital, NewContact(_DESK))
    with pytest.raises(Conflict, match="has that number already"):
        _add(database, hospital, NewContact(_DESK))
    with pytest.raises(InvalidInput, match="texts, calls, or both"):
        NewContact(_DESK, sms=False, voice=False)
    with pytest.raises(InvalidInput, match="is no day"):
        NewContact(_DESK, duty="always")
    with pytest.raises(NotFound, match="no such number"):
        database.write(lambda c: contacts.remove(c, hospital, _MATRON))
    _add(database, hospital, *(NewContact(f"+2547220001{n:02}") for n in range(11)))
    with pytest.raises(Conflict, match="at most 12"):
        _add(database, hospital, NewContact(_MATRON))


def test_public_holidays_and_those_that_were_added() -> None:
    is_holiday = public_holidays("KE", {date(2026, 11, 30)})
    days = (date(2026, 12, 12), date(2026, 11, 30), date(2026, 12, 1))
    assert [is_holiday(day) for day in days] == [True, True, False]
    # Nobody has written down the holidays of this one.
    unknown = public_holidays("XX", {date(2026, 11, 30)})
    assert [unknown(day) for day in days] == [False, True, False]
