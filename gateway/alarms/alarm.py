"""Raises alarms: a row for the operators' board, and an SMS to each operator's phone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from gateway.alarms.tables import alarms
from gateway.database.exclusive import one_at_a_time
from gateway.notifications.outbox import Channel, enqueue
from gateway.unit_of_work import UnitOfWork
from shared.emergency import DISCREET_KINDS, Kind
from sync.prepared import Prepared

_LANGUAGE = "en"
_LONGEST_DETAIL = 1100
# While so many of one kind about the gateway itself wait, one more is on the list without an SMS:
# whoever sends us rubbish must not fill the operators' phones.
_MOST_TOLD = 5
_unsolved = (alarms.c.kind == bindparam("of_kind")) & alarms.c.solved_at.is_(None)
_of_emergency = _unsolved & (alarms.c.emergency_id == bindparam("of_emergency"))
# About the gateway itself.
_own = _unsolved & alarms.c.emergency_id.is_(None)
_FIND = Prepared(
    select(alarms.c.id).where(_of_emergency, alarms.c.detail == bindparam("of_detail")).limit(1)
)
# Unsolved, or solved by a person.
_FIND_UNLESS_BY_ITSELF = Prepared(
    select(alarms.c.id)
    .where(
        alarms.c.kind == bindparam("of_kind"),
        alarms.c.emergency_id == bindparam("of_emergency"),
        alarms.c.detail == bindparam("of_detail"),
        or_(alarms.c.solved_at.is_(None), alarms.c.solved_by != ""),
    )
    .limit(1)
)
_FIND_OWN = Prepared(
    select(alarms.c.id).where(_own, alarms.c.detail == bindparam("of_detail")).limit(1)
)
_OWN_WAITING = Prepared(select(alarms.c.id).where(_own).limit(_MOST_TOLD))
_WAITING = Prepared(
    select(alarms)
    .where(alarms.c.emergency_id == bindparam("of_emergency"), alarms.c.solved_at.is_(None))
    .order_by(alarms.c.raised_at, alarms.c.id)
)
_SOLVE_ALL = Prepared(
    update(alarms)
    .where(alarms.c.emergency_id == bindparam("of_emergency"), alarms.c.solved_at.is_(None))
    .values(solved_at=bindparam("now"))
)
_ADD = Prepared(alarms.insert(), ("id", "kind", "emergency_id", "detail", "raised_at"))
_SOLVE = Prepared(update(alarms).where(_of_emergency).values(solved_at=bindparam("now")))
_SOLVE_ABOUT = Prepared(
    update(alarms)
    .where(_of_emergency, alarms.c.detail == bindparam("of_detail"))
    .values(solved_at=bindparam("now"))
)
_SOLVE_OWN_ABOUT = Prepared(
    update(alarms)
    .where(_own, alarms.c.detail == bindparam("of_detail"))
    .values(solved_at=bindparam("now"))
)
_SOLVE_OWN = Prepared(update(alarms).where(_own).values(solved_at=bindparam("now")))


def raise_alarm(
    uow: UnitOfWork,
    kind: str,
    *,
    emergency: Row[Any] | None = None,
    hospital: str = "",
    reason: str = "",
    detail: str = "",
    again: bool = True,
) -> None:
    """Writes the alarm and tells every operator, in this transaction.

    `kind` names a text under the catalogue's `operator`; where the caller may be watched, the one
    that ends in `_discreet` if there is one: it says not to phone. `detail` is what operators read
    on their list and never in an SMS; without it, the hospital or the reason. The same alarm about
    the same emergency and detail is raised once while it is unsolved; without `again` also not
    after an operator has solved it, for what is the same news once more.
    """
    emergency_id = None if emergency is None else emergency.id
    kept = (detail or hospital or reason)[:_LONGEST_DETAIL]
    told_before: Sequence[Row[Any]] = ()
    if emergency_id is None:
        # Of an emergency there is a row to lock; two senders that fail at once share nothing else.
        one_at_a_time(uow.connection, f"alarm {kind}")
        told_before = _OWN_WAITING.all(uow.connection, of_kind=kind)
        if detail:
            same = _FIND_OWN.first(uow.connection, of_kind=kind, of_detail=kept)
        else:
            # Whatever the reason is this time, the same thing is to be mended.
            same = next(iter(told_before), None)
    else:
        find = _FIND if again else _FIND_UNLESS_BY_ITSELF
        same = find.first(uow.connection, of_kind=kind, of_emergency=emergency_id, of_detail=kept)
    if same is not None:
        return
    _ADD.run(
        uow.connection,
        id=uow.system.new_id(),
        kind=kind,
        emergency_id=emergency_id,
        detail=kept,
        raised_at=uow.now,
    )
    if len(told_before) < _MOST_TOLD:
        _tell_operators(uow, kind, emergency, {"hospital": hospital, "reason": reason})


def alarms_waiting(connection: Connection, emergency_ids: Sequence[int]) -> dict[int, list[str]]:
    """The kinds of the alarms that wait for a person, by emergency, oldest first."""
    waiting: dict[int, list[str]] = {}
    for alarm in connection.execute(
        select(alarms.c.emergency_id, alarms.c.kind)
        .where(alarms.c.emergency_id.in_(emergency_ids), alarms.c.solved_at.is_(None))
        .order_by(alarms.c.raised_at, alarms.c.id)
    ):
        waiting.setdefault(alarm.emergency_id, []).append(alarm.kind)
    return waiting


def remind(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Tells every operator once more of each alarm about this emergency that waits for a person."""
    for row in _WAITING.all(uow.connection, of_emergency=emergency.id):
        _tell_operators(uow, row.kind, emergency, {"hospital": row.detail})


def _tell_operators(
    uow: UnitOfWork, kind: str, emergency: Row[Any] | None, about: Mapping[str, str]
) -> None:
    emergency_id = None if emergency is None else emergency.id
    words = {"code": "" if emergency is None else emergency.help_code, **about}
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


def solve_own_about(uow: UnitOfWork, kind: str, detail: str) -> None:
    """Closes the alarm about the gateway itself, or what belongs to it, with this one detail."""
    _SOLVE_OWN_ABOUT.run(uow.connection, of_kind=kind, of_detail=detail, now=uow.now)


def solve_about(uow: UnitOfWork, kind: str, emergency_id: int, hospital: str) -> None:
    """Closes the alarm about this emergency and this one hospital."""
    _SOLVE_ABOUT.run(
        uow.connection,
        of_kind=kind,
        of_emergency=emergency_id,
        of_detail=hospital,
        now=uow.now,
    )


def solve_all(uow: UnitOfWork, emergency_id: int) -> None:
    """Closes every alarm about an emergency that has ended."""
    _SOLVE_ALL.run(uow.connection, of_emergency=emergency_id, now=uow.now)
