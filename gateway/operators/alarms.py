"""Raises alarms: a row for the operators' board, and an SMS to each operator's phone."""

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from gateway.database.prepared import Prepared
from gateway.notifications.outbox import Channel, enqueue
from gateway.operators.tables import alarms
from gateway.unit_of_work import UnitOfWork
from shared.emergency import DISCREET_KINDS, Kind

_LANGUAGE = "en"
_unsolved = (alarms.c.kind == bindparam("of_kind")) & alarms.c.solved_at.is_(None)
_of_emergency = _unsolved & (alarms.c.emergency_id == bindparam("of_emergency"))
# About the gateway itself.
_own = _unsolved & alarms.c.emergency_id.is_(None)
_FIND = Prepared(select(alarms.c.id).where(_of_emergency).limit(1))
_FIND_OWN = Prepared(select(alarms.c.id).where(_own).limit(1))
_ADD = Prepared(alarms.insert(), ("id", "kind", "emergency_id", "detail", "raised_at"))
_SOLVE = Prepared(update(alarms).where(_of_emergency).values(solved_at=bindparam("now")))
_SOLVE_OWN = Prepared(update(alarms).where(_own).values(solved_at=bindparam("now")))


def raise_alarm(
    uow: UnitOfWork,
    kind: str,
    *,
    emergency: Row[Any] | None = None,
    hospital: str = "",
    reason: str = "",
) -> None:
    """Writes the alarm and tells every operator, in this transaction.

    `kind` names a text under the catalogue's `operator`; where the caller may be watched, the one
    that ends in `_discreet` if there is one: it says not to phone. The same alarm about the same
    emergency is raised once while it is unsolved.
    """
    emergency_id = None if emergency is None else emergency.id
    if emergency_id is None:
        same = _FIND_OWN.first(uow.connection, of_kind=kind)
    else:
        same = _FIND.first(uow.connection, of_kind=kind, of_emergency=emergency_id)
    if same is not None:
        return
    _ADD.run(
        uow.connection,
        id=uow.system.new_id(),
        kind=kind,
        emergency_id=emergency_id,
        detail=(hospital or reason)[:160],
        raised_at=uow.now,
    )
    code = "" if emergency is None else emergency.help_code
    words = {"code": code, "hospital": hospital, "reason": reason}
    text = f"operator.{kind}"
    if emergency is not None and Kind(emergency.kind) in DISCREET_KINDS:
        discreet = f"{text}_discreet"
        text = discreet if uow.services.menus.catalogue(_LANGUAGE).has(discreet) else text
    for phone in uow.services.config.operator_phones:
        enqueue(
            uow,
            channel=Channel.SMS,
            recipient=phone,
            text=uow.text(_LANGUAGE, text, words),
            purpose=f"alarm {kind}"[:24],
            urgency=1,
            emergency_id=emergency_id,
        )


def solve(uow: UnitOfWork, kind: str, emergency_id: int | None) -> None:
    """Closes the alarm: what it was about has been mended."""
    if emergency_id is None:
        _SOLVE_OWN.run(uow.connection, of_kind=kind, now=uow.now)
    else:
        _SOLVE.run(uow.connection, of_kind=kind, of_emergency=emergency_id, now=uow.now)


def unsolved(connection: Connection) -> int:
    """How many alarms wait for a person."""
    query = select(alarms.c.id).where(alarms.c.solved_at.is_(None))
    return len(connection.execute(query).all())
