"""The outbox: a message is written with its cause, claimed under a lease, and marked under that
lease.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, bindparam, or_, select, update

from gateway.notifications.tables import delivery_attempts, messages
from gateway.restoring.tables import is_not_held
from gateway.unit_of_work import UnitOfWork
from shared.phone_number import masked
from sync.prepared import Prepared

# How long one send may take (connect 3 s, answer 10 s), and a lease longer than two of them, so
# that
# none ends under a living sender.
LONGEST_SEND_S = 14
LEASE_S = 30
_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 300.0
# "Go there now" must not come hours later: whatever is older is never sent, and people are told so.
VALID = timedelta(hours=2)
_AT_ONCE = timedelta(0)
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
        "valid_until",
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


_is_due = (
    (messages.c.state == MessageState.QUEUED.value)
    & or_(
        messages.c.lease_until.is_(None),
        messages.c.lease_until <= bindparam("now"),
        messages.c.lease_until > bindparam("absurd"),
    )
    & or_(messages.c.due_at <= bindparam("now"), messages.c.due_at > bindparam("absurd"))
    & is_not_held(messages.c.created_at)
)
_ANY_DUE = Prepared(select(messages.c.id).where(_is_due).limit(1))
_CLAIM = Prepared(
    update(messages)
    .where(
        messages.c.id.in_(
            select(messages.c.id)
            .where(_is_due)
            .order_by(messages.c.urgency, messages.c.due_at)
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
    )
    .values(
        lease_until=bindparam("new_lease_until"),
        lease_token=bindparam("new_lease_token"),
        attempts=messages.c.attempts + 1,
    )
    .returning(*messages.c)
)
_ACCEPTED_SINCE = Prepared(
    select(delivery_attempts.c.id)
    .where(delivery_attempts.c.id > bindparam("since"), delivery_attempts.c.outcome == "accepted")
    .limit(1)
)
_ATTEMPTED = Prepared(delivery_attempts.insert(), delivery_attempts.c.keys())
# Only whoever holds the lease may say what became of a message.
_of_ours = update(messages).where(
    messages.c.id == bindparam("claimed_id"), messages.c.lease_token == bindparam("claimed_token")
)
_SENT = Prepared(
    _of_ours.values(
        state=MessageState.SENT.value,
        provider_id=bindparam("new_provider_id"),
        cost=bindparam("new_cost"),
        sent_at=bindparam("now"),
        lease_until=None,
        last_error="",
    )
)
_RETRY = Prepared(
    _of_ours.values(due_at=bindparam("again_at"), lease_until=None, last_error=bindparam("reason"))
)
_FAILED = Prepared(
    _of_ours.values(
        state=MessageState.FAILED.value,
        finished_at=bindparam("now"),
        lease_until=None,
        last_error=bindparam("reason"),
    )
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until the lease ends."""

    id: int
    channel: Channel
    purpose: str
    recipient: str
    text: str
    attempts: int
    created_at: datetime
    valid_until: datetime
    lease_token: int
    lease_until: datetime
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
    wait: timedelta = _AT_ONCE,
    valid_until: datetime | None = None,
) -> int | None:
    """Adds a message to the transaction that causes it, due after `wait`, and not to be sent after
    `valid_until`; its id, or None when nothing is sent to this number.
    """
    if recipient == uow.hushed:
        return None
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
        due_at=uow.now + wait,
        created_at=uow.now,
        valid_until=valid_until,
    )
    uow.queued_messages += 1
    return message_id


def _moments(now: datetime) -> dict[str, datetime]:
    return {"now": now, "absurd": now + _ABSURD}


def anything_due(connection: Connection, now: datetime) -> bool:
    """True when a claim would find something; a cheap look that needs no write."""
    return _ANY_DUE.first(connection, **_moments(now)) is not None


def claim(uow: UnitOfWork, limit: int) -> list[Claimed]:
    """Takes up to `limit` due messages, the most urgent and oldest first, under a fresh lease."""
    token = uow.system.new_id()
    taken = _CLAIM.all(
        uow.connection,
        most=limit,
        new_lease_until=uow.now + timedelta(seconds=LEASE_S),
        new_lease_token=token,
        **_moments(uow.now),
    )
    return [
        Claimed(
            id=row.id,
            channel=Channel(row.channel),
            purpose=row.purpose,
            recipient=uow.services.vault.open(row.recipient_sealed),
            text=row.text,
            attempts=row.attempts,
            created_at=row.created_at,
            valid_until=row.valid_until or row.created_at + VALID,
            lease_token=token,
            lease_until=row.lease_until,
            emergency_id=row.emergency_id,
            dispatch_id=row.dispatch_id,
        )
        for row in sorted(taken, key=lambda row: (row.urgency, row.due_at, row.id))
    ]


def free_leases(uow: UnitOfWork) -> int:
    """Makes what a dead sender had claimed due at once; how many messages that were.

    Only for a process that knows itself to be the only one that sends.
    """
    return uow.connection.execute(
        update(messages)
        .where(messages.c.state == MessageState.QUEUED.value, messages.c.lease_until.is_not(None))
        .values(lease_until=None)
    ).rowcount


def _attempted(uow: UnitOfWork, claimed: Claimed, outcome: str, detail: str) -> None:
    _ATTEMPTED.run(
        uow.connection,
        id=uow.system.new_id(),
        message_id=claimed.id,
        at=uow.now,
        outcome=outcome,
        detail=detail[:240],
    )


def mark_sent(uow: UnitOfWork, claimed: Claimed, provider_id: str | None, cost: str) -> None:
    """The provider took it. Its reports may have come before: see `reports.apply_early`."""
    _attempted(uow, claimed, "accepted", "")
    _SENT.run(
        uow.connection,
        claimed_id=claimed.id,
        claimed_token=claimed.lease_token,
        new_provider_id=provider_id,
        new_cost=cost,
        now=uow.now,
    )


def anything_taken_since(uow: UnitOfWork, message_id: int) -> bool:
    """True when a carrier has taken any message since this one was written: ids grow with time."""
    return _ACCEPTED_SINCE.first(uow.connection, since=message_id) is not None


def mark_retry(uow: UnitOfWork, claimed: Claimed, reason: str, after_s: float | None) -> None:
    """It could not be sent now: it is due again after a wait with full jitter that grows."""
    _attempted(uow, claimed, "retryable", reason)
    longest = min(_FIRST_WAIT_S * 2 ** min(claimed.attempts, 12), _LONGEST_WAIT_S)
    wait_s = after_s if after_s is not None else uow.system.rng.uniform(0.5, longest)
    _RETRY.run(
        uow.connection,
        claimed_id=claimed.id,
        claimed_token=claimed.lease_token,
        again_at=uow.now + timedelta(seconds=wait_s),
        reason=reason[:240],
    )


def mark_failed(uow: UnitOfWork, claimed: Claimed, reason: str) -> None:
    """This channel will never deliver it."""
    _attempted(uow, claimed, "refused", reason)
    _FAILED.run(
        uow.connection,
        claimed_id=claimed.id,
        claimed_token=claimed.lease_token,
        now=uow.now,
        reason=reason[:240],
    )
