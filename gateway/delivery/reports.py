"""Delivery reports: stored as they came, applied to their message, in whatever order they
arrive.
"""

from sqlalchemy import bindparam, select, update

from gateway.database import exclusive
from gateway.delivery.unreached import alarm_if_unreached
from gateway.notifications.outbox import MessageState
from gateway.notifications.tables import delivery_reports, messages
from gateway.unit_of_work import UnitOfWork
from sync.prepared import Prepared

_DELIVERED = frozenset({"Success"})
_UNDELIVERABLE = frozenset({"Rejected", "Failed", "AbsentSubscriber", "Expired"})
_REPORTED = Prepared(
    select(delivery_reports)
    .where(delivery_reports.c.provider_id == bindparam("about"))
    .order_by(delivery_reports.c.id)
)


def receive(uow: UnitOfWork, provider_id: str, status: str, reason: str) -> None:
    """Stores a report, and applies it if its message is known already; unknown statuses too."""
    one_at_a_time(uow, provider_id)
    uow.connection.execute(
        delivery_reports.insert(),
        {
            "id": uow.system.new_id(),
            "provider_id": provider_id[:80],
            "status": status[:40],
            "reason": reason[:60],
            "received_at": uow.now,
        },
    )
    _apply(uow, provider_id[:80], status, reason)


def one_at_a_time(uow: UnitOfWork, provider_id: str) -> None:
    """Waits until no other transaction is at this message of the provider's: marking it as sent and
    a report about it would not see each other.
    """
    exclusive.one_at_a_time(uow.connection, provider_id[:80])


def apply_early(uow: UnitOfWork, provider_id: str) -> None:
    """Applies what was reported before the provider's own answer had been stored: call
    `one_at_a_time` before that is stored.
    """
    for report in _REPORTED.all(uow.connection, about=provider_id[:80]):
        _apply(uow, provider_id[:80], report.status, report.reason)


def _apply(uow: UnitOfWork, provider_id: str, status: str, reason: str) -> None:
    # Only a message that is on the way moves: a final status is never overwritten by another one.
    values: dict[str, object] = {"provider_status": status[:40]}
    if status in _DELIVERED:
        values |= {"state": MessageState.DELIVERED.value, "finished_at": uow.now}
    elif status in _UNDELIVERABLE:
        values |= {
            "state": MessageState.FAILED.value,
            "finished_at": uow.now,
            "last_error": f"{status}: {reason}"[:240],
        }
    moved = uow.connection.execute(
        update(messages)
        .where(
            messages.c.provider_id == provider_id,
            messages.c.state == MessageState.SENT.value,
        )
        .values(**values)
        .returning(messages.c.id)
    ).all()
    if status in _UNDELIVERABLE:
        for row in moved:
            alarm_if_unreached(uow, row.id)
