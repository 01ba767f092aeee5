"""Tells hospitals' boxes how things stand with their patients."""

from typing import Any

from sqlalchemy import Row, and_, or_, select

from gateway.emergencies import box_events, store, summaries
from gateway.emergencies.tables import dispatches, emergencies
from gateway.unit_of_work import UnitOfWork
from shared.dispatch import LIVE, MAY_TREAT, DispatchState
from sync.events import DispatchChanged, DispatchOffered, DispatchRemoved


def open_offers(uow: UnitOfWork, hospital_id: int) -> list[DispatchOffered | DispatchChanged]:
    """What a hospital's new box starts from: every patient who still concerns it, also one whom it
    may still accept though it was silent too long.
    """
    rows = uow.connection.execute(
        select(dispatches)
        .join(emergencies, emergencies.c.id == dispatches.c.emergency_id)
        .where(
            dispatches.c.hospital_id == hospital_id,
            or_(
                dispatches.c.state.in_([state.value for state in LIVE]),
                and_(
                    dispatches.c.state == DispatchState.EXPIRED.value,
                    emergencies.c.accepted_dispatch_id.is_(None),
                ),
            ),
        )
        .order_by(dispatches.c.id)
    ).all()
    events: list[DispatchOffered | DispatchChanged] = []
    for row in rows:
        emergency = store.lock(uow, row.emergency_id)
        events += [
            box_events.offered(uow, emergency, row),
            box_events.standing(uow, emergency, row),
        ]
    return events


def tell(
    uow: UnitOfWork,
    emergency: Row[Any],
    dispatch: Row[Any],
    reason: str = "",
    *,
    everything: bool = False,
) -> None:
    """Sends the hospital's box how things stand now, and what this command has changed of the
    facts; `everything` when the box was left out of earlier changes.
    """
    uow.tell_hospital(
        dispatch.hospital_id,
        box_events.changed(uow, emergency, dispatch, reason, everything=everything),
    )


def tell_who_cannot(uow: UnitOfWork, emergency: Row[Any], *, still_needed: bool) -> None:
    """Tells hospitals that said they cannot treat whether it would help if they took it back. They
    hear nothing else of the patient any more.
    """
    for row in store.dispatches_of(uow.connection, emergency.id):
        if row.state == DispatchState.CANNOT_TREAT:
            dispatch = store.change_dispatch(uow, row)
            uow.tell_hospital(
                row.hospital_id,
                DispatchChanged(
                    at=uow.now,
                    dispatch_id=row.id,
                    version=dispatch.version,
                    state=DispatchState.CANNOT_TREAT,
                    still_needed=still_needed,
                ),
            )


def forget(uow: UnitOfWork, emergency: Row[Any]) -> None:
    """Has the box of every hospital that was asked forget this patient, who has ended: what nobody
    has to treat any more has no business on a screen in a ward.
    """
    for row in store.dispatches_of(uow.connection, emergency.id):
        removed = DispatchRemoved(at=uow.now, dispatch_id=row.id, reason=emergency.state)
        uow.tell_hospital(row.hospital_id, removed)


def tell_live(uow: UnitOfWork, emergency: Row[Any], reason: str = "") -> None:
    """Sends every hospital that still has this patient the improved facts, as a new version: also
    one that was silent, while it may still accept.
    """
    told = LIVE if emergency.accepted_dispatch_id is not None else MAY_TREAT
    for row in store.dispatches_of(uow.connection, emergency.id):
        if DispatchState(row.state) in told:
            tell(uow, emergency, store.change_dispatch(uow, row), reason)
    # What is new may be that it is about somebody else than the caller.
    summaries.follow(uow, emergency)
