"""The outbox: a message is written with its cause, claimed under a lease, and marked under that
lease.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, or_, select, update

from gateway.database.prepared import Prepared
from gateway.notifications.tables import delivery_attempts, messages
from gateway.unit_of_work import UnitOfWork
from shared.phone_number import masked

# Longer than a send can take (connect 3 s, read 10 s), so that no lease ends under a living sender.
LEASE_S = 30
_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 300.0
# A lease or due time further ahead than this comes from a clock that was wrong: it counts as due.
_ABSURD = timedelta(days=2)
_ADD = Prepared(
    messages.insert(),
    (
        "id",
        "emergency_id",
        "dispatch_id",
        "channel",
        "purpose",
        "recipient_sealed",
        "recipient_masked",
        "text",
        "state",
        "urgency",
        "attempts",
        "due_at",
        "created_at",
    ),
)


class Channel(StrEnum):
    """How a message travels."""

    SMS = "sms"
    VOICE = "voice"


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until the lease ends."""

    id: int
    channel: Channel
    recipient: str
    text: str
    attempts: int
    lease_token: int
    emergency_id: int | None
    dispatch_id: int | None


def enqueue(
    uow: UnitOfWork,
    *,
    channel: Channel,
    recipient: str,
    text: str,
    purpose: str,
    urgency: int,
    emergency_id: int | None = None,
    dispatch_id: int | None = None,
) -> int:
    """Adds a message to the transaction that causes it; the id it has from now on."""
    message_id = uow.system.new_id()
    _ADD.run(
        uow.connection,
        id=message_id,
        emergency_id=emergency_id,
        dispatch_id=dispatch_id,
        channel=channel.value,
        purpose=purpose,
        recipient_sealed=uow.services.vault.seal(recipient),
        recipient_masked=masked(recipient),
        text=text,
        state=MessageState.QUEUED.value,
        urgency=urgency,
        attempts=0,
        due_at=uow.now,
        created_at=uow.now,
    )
    uow.queued_messages += 1
    return message_id


def _is_due(now: datetime) -> ColumnElement[bool]:
    free = or_(
        messages.c.lease_until.is_(None),
        messages.c.lease_until <= now,
        messages.c.lease_until > now + _ABSURD,
    )
    due = or_(messages.c.due_at <= now, messages.c.due_at > now + _ABSURD)
    return (messages.c.state == MessageState.QUEUED.value) & free & due


def anything_due(connection: Connection, now: datetime) -> bool:
    """True when a claim would find something; a cheap look that needs no write."""
    return (
        connection.execute(select(messages.c.id).where(_is_due(now)).limit(1)).first() is not None
    )


def claim(uow: UnitOfWork, limit: int) -> list[Claimed]:
    """Takes up to `limit` due messages, the most urgent and oldest first, under a fresh lease."""
    token = uow.system.new_id()
    chosen = (
        select(messages.c.id)
        .where(_is_due(uow.now))
        .order_by(messages.c.urgency, messages.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = uow.connection.execute(
        update(messages)
        .where(messages.c.id.in_(chosen.scalar_subquery()))
        .values(
            lease_until=uow.now + timedelta(seconds=LEASE_S),
            lease_token=token,
            attempts=messages.c.attempts + 1,
        )
        .returning(messages)
    ).all()
    return [
        Claimed(
            id=row.id,
            channel=Channel(row.channel),
            recipient=uow.services.vault.open(row.recipient_sealed),
            text=row.text,
            attempts=row.attempts,
            lease_token=token,
            emergency_id=row.emergency_id,
            dispatch_id=row.dispatch_id,
        )
        for row in sorted(taken, key=lambda row: (row.urgency, row.due_at, row.id))
    ]


def _attempted(uow: UnitOfWork, claimed: Claimed, outcome: str, detail: str) -> None:
    uow.connection.execute(
        delivery_attempts.insert(),
        {
            "id": uow.system.new_id(),
            "message_id": claimed.id,
            "at": uow.now,
            "outcome": outcome,
            "detail": detail[:240],
        },
    )


def _ours(claimed: Claimed) -> ColumnElement[bool]:
    return (messages.c.id == claimed.id) & (messages.c.lease_token == claimed.lease_token)


def mark_sent(uow: UnitOfWork, claimed: Claimed, provider_id: str | None, cost: str) -> None:
    """The provider took it. Its reports may have come before: see `reports.apply_early`."""
    _attempted(uow, claimed, "accepted", "")
    uow.connection.execute(
        update(messages)
        .where(_ours(claimed))
        .values(
            state=MessageState.SENT.value,
            provider_id=provider_id,
            cost=cost,
            sent_at=uow.now,
            lease_until=None,
            last_error="",
        )
    )


def mark_retry(uow: UnitOfWork, claimed: Claimed, reason: str, after_s: float | None) -> None:
    """It could not be sent now: it is due again after a wait with full jitter that grows."""
    _attempted(uow, claimed, "retryable", reason)
    longest = min(_FIRST_WAIT_S * 2 ** min(claimed.attempts, 12), _LONGEST_WAIT_S)
    wait_s = after_s if after_s is not None else uow.system.rng.uniform(0.5, longest)
    uow.connection.execute(
        update(messages)
        .where(_ours(claimed))
        .values(
            due_at=uow.now + timedelta(seconds=wait_s), lease_until=None, last_error=reason[:240]
        )
    )


def mark_failed(uow: UnitOfWork, claimed: Claimed, reason: str) -> None:
    """This channel will never deliver it."""
    _attempted(uow, claimed, "refused", reason)
    uow.connection.execute(
        update(messages)
        .where(_ours(claimed))
        .values(
            state=MessageState.FAILED.value,
            finished_at=uow.now,
            lease_until=None,
            last_error=reason[:240],
        )
    )
