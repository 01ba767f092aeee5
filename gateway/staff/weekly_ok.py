"""Whether hospitals' channels still work: each duty phone is asked for an OK once a week, and one
that has given none is trusted no longer.
"""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from gateway.alarms.alarm import raise_alarm
from gateway.callers import store as callers
from gateway.hospitals import reachability
from gateway.hospitals.tables import hospital_contacts, hospitals
from gateway.notifications.outbox import Channel, enqueue
from gateway.unit_of_work import Services, UnitOfWork

_EVERY = timedelta(days=7)
# In office hours of any country that this serves by default; a rota narrows them further.
_FROM_H, _UNTIL_H = 9, 16
# At most so many a run, so that a large register does not fill the outbox at once.
_AT_ONCE = 50


def ask_for_ok(services: Services) -> int:
    """Asks the phones whose last test is a week ago, in office hours and while somebody is on duty
    there; how many.
    """
    local = services.hospitals.local(services.system.now())
    if local.weekday() >= 5 or not _FROM_H <= local.hour < _UNTIL_H:
        return 0
    return services.write(_ask_some)


def _ask_some(uow: UnitOfWork) -> int:
    due = uow.connection.execute(
        select(hospital_contacts, hospitals.c.name)
        .join(hospitals, hospitals.c.id == hospital_contacts.c.hospital_id)
        .where(
            hospital_contacts.c.sms,
            or_(
                hospital_contacts.c.tested_at.is_(None),
                hospital_contacts.c.tested_at <= uow.now - _EVERY,
            ),
        )
        .order_by(hospital_contacts.c.tested_at.nulls_first(), hospital_contacts.c.id)
        .limit(_AT_ONCE)
    ).all()
    asked = 0
    texted: set[str] = set()
    for contact in due:
        on_duty = uow.services.hospitals.phones(uow.connection, contact.hospital_id, uow.now)
        if contact.phone not in on_duty.sms:
            continue
        # One phone of several hospitals is asked once for all of them.
        if contact.phone not in texted:
            _ask(uow, contact)
            texted.add(contact.phone)
        asked += 1
        uow.connection.execute(
            update(hospital_contacts)
            .where(hospital_contacts.c.id == contact.id)
            .values(tested_at=uow.now)
        )
    return asked


def _ask(uow: UnitOfWork, contact: Row[Any]) -> None:
    language = callers.language_of(uow, contact.phone) or uow.services.menus.default_language
    enqueue(
        uow,
        channel=Channel.SMS,
        recipient=contact.phone,
        text=uow.text(language, "hospital.weekly_test", {"hospital": contact.name}),
        purpose="weekly test",
        urgency=3,
    )


def is_asked(uow: UnitOfWork, number: str) -> bool:
    """Whether an OK of this number is still to come."""
    waits = select(hospital_contacts.c.id).where(
        hospital_contacts.c.phone == number,
        hospital_contacts.c.tested_at.is_not(None),
        or_(
            hospital_contacts.c.ok_at.is_(None),
            hospital_contacts.c.ok_at <= hospital_contacts.c.tested_at,
        ),
    )
    return uow.connection.execute(waits.limit(1)).first() is not None


def lapse(services: Services) -> int:
    """Trusts no longer whichever hospital no channel of has been heard for too long, and alarms
    operators; how many.
    """
    trusted = select(hospitals.c.id, hospitals.c.name).where(hospitals.c.reachable)
    now = services.system.now()

    def silent(connection: Connection) -> list[tuple[int, str]]:
        return [
            (row.id, row.name)
            for row in connection.execute(trusted).all()
            if not reachability.is_reachable(connection, row.id, now)
        ]

    return sum(
        services.write(partial(_judge, hospital_id=hospital_id, name=name))
        for hospital_id, name in services.database.read(silent)
    )


def _judge(uow: UnitOfWork, hospital_id: int, name: str) -> bool:
    if reachability.judge(uow.connection, uow.system, hospital_id):
        return False  # it has answered meanwhile
    raise_alarm(uow, "channel_lapsed", hospital=name)
    return True
