"""Calls a caller back: the call leaves by the outbox, like every message."""

from gateway.notifications.outbox import Channel, enqueue
from gateway.unit_of_work import UnitOfWork

PURPOSE = "call_me"


def call_back(uow: UnitOfWork, phone: str) -> None:
    """Has this number called."""
    enqueue(uow, channel=Channel.VOICE, recipient=phone, text="", purpose=PURPOSE, urgency=1)
