"""Asks hospitals for their beds anew when the last count is old: a count from yesterday is a
rumour.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from gateway.callers import store as callers
from gateway.hospitals.tables import availability, hospitals
from gateway.notifications.outbox import Channel, enqueue
from gateway.unit_of_work import Services, UnitOfWork
from shared.hospital import HospitalStatus

# A count this old is believed no more (shared.match_policy.MatchPolicy.trusted_report_s), and
# nobody is asked more often than this.
_OLD = timedelta(hours=12)
_AT_ONCE = 50
# Local hours; by night staff have patients.
_FROM_H, _UNTIL_H = 6, 21


def ask_for_beds(services: Services) -> int:
    """Texts the duty phones of hospitals that can be reached and whose count is old, by day and
    twice a day at most; how many hospitals were asked.
    """
    if not _FROM_H <= services.hospitals.local(services.system.now()).hour < _UNTIL_H:
        return 0
    return services.write(_ask_some)


def _ask_some(uow: UnitOfWork) -> int:
    old = uow.now - _OLD
    due = uow.connection.execute(
        select(hospitals.c.id, hospitals.c.name, availability.c.reported_at)
        .join(availability, availability.c.hospital_id == hospitals.c.id)
        .where(
            hospitals.c.reachable,
            hospitals.c.status != HospitalStatus.CLOSED.value,
            # Whoever has never reported is trained, not texted.
            availability.c.reported_at <= old,
            or_(availability.c.asked_at.is_(None), availability.c.asked_at <= old),
        )
        .order_by(availability.c.reported_at, hospitals.c.id)
        .limit(_AT_ONCE)
    ).all()
    for hospital in due:
        _ask(uow, hospital.id, hospital.name, hospital.reported_at)
        uow.connection.execute(
            update(availability)
            .where(availability.c.hospital_id == hospital.id)
            .values(asked_at=uow.now)
        )
    return len(due)


def _ask(uow: UnitOfWork, hospital_id: int, name: str, reported_at: datetime) -> None:
    hours = int((uow.now - reported_at).total_seconds() // 3600)
    # One of them is enough: whoever is first on duty.
    for phone in uow.services.hospitals.phones(uow.connection, hospital_id, uow.now).sms[:1]:
        language = callers.language_of(uow, phone) or uow.services.menus.default_language
        words = {"hospital": name, "hours": str(min(hours, 9999))}
        enqueue(
            uow,
            channel=Channel.SMS,
            recipient=phone,
            text=uow.text(language, "hospital.refresh", words),
            purpose="refresh",
            urgency=3,
        )
