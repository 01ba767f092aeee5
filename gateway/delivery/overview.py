"""Messages as operators see them: what waits, what failed and why; and sending one again."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gateway.notifications.outbox import VALID, MessageState
from gateway.notifications.tables import messages
from shared.errors import InvalidInput, NotFound
from shared.identifier import from_text, to_text

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message, without its text: that may only be read by whom it is for."""

    id: str
    channel: str
    purpose: str
    to: str
    state: str
    attempts: int
    created_at: str
    provider_status: str
    last_error: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        trouble = f"  ! {self.last_error}" if self.last_error else ""
        return (
            f"{self.id}  {self.channel:<5} {self.purpose:<16} {self.to:<10} {self.state:<9} "
            f"{self.attempts} tries  {self.provider_status}{trouble}"
        )


def latest(connection: Connection, *, only_waiting: bool = False) -> list[DeliveryRow]:
    """The newest messages first; with `only_waiting`, those that are not sent or that failed."""
    query = select(messages).order_by(messages.c.id.desc()).limit(_SHOWN)
    if only_waiting:
        waiting = [MessageState.QUEUED.value, MessageState.FAILED.value]
        query = query.where(messages.c.state.in_(waiting))
    return [_shown(row) for row in connection.execute(query)]


def of_emergency(connection: Connection, emergency_id: int) -> list[DeliveryRow]:
    """Every message about this emergency, oldest first."""
    query = select(messages).where(messages.c.emergency_id == emergency_id)
    return [_shown(row) for row in connection.execute(query.order_by(messages.c.id))]


def _shown(row: Row[Any]) -> DeliveryRow:
    return DeliveryRow(
        id=to_text(row.id),
        channel=row.channel,
        purpose=row.purpose,
        to=row.recipient_masked,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at.isoformat(),
        provider_status=row.provider_status,
        last_error=row.last_error,
    )


def retry_now(connection: Connection, message: str, now: datetime) -> int:
    """Makes a message due now; its id.

    Raises InvalidInput for text that is no id or a message that is too old, NotFound when there
    is no such message or it has been sent already.
    """
    try:
        message_id = from_text(message)
    except ValueError as error:
        raise InvalidInput(f"{message!r} is no message id: {error}.") from None
    created_at = connection.execute(
        select(messages.c.created_at).where(messages.c.id == message_id)
    ).scalar()
    if created_at is not None and now - created_at > VALID:
        raise InvalidInput("That message is too old: what it says may be wrong by now. Phone them.")
    changed = connection.execute(
        update(messages)
        .where(
            messages.c.id == message_id,
            messages.c.state.in_([MessageState.QUEUED.value, MessageState.FAILED.value]),
        )
        .values(state=MessageState.QUEUED.value, due_at=now, lease_until=None, finished_at=None)
    )
    if not changed.rowcount:
        raise NotFound("No message with that id is waiting or failed. See: deliveries list")
    return message_id
