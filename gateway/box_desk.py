"""Where the hospitals' boxes meet the use cases: claims are folded, reports are taken in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies import boxes_told, claims, phoning, recovering, store
from gateway.emergencies.tables import dispatches
from gateway.hospitals import reachability
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.hospitals.availability_report import AvailabilityReport
from gateway.ports import Box
from gateway.sites import hearing, publishing
from gateway.sites.exchange import Folded
from gateway.unit_of_work import Services, UnitOfWork
from shared.dispatch import LIVE, WAITING, DispatchState
from sync.events import (
    AlarmState,
    AvailabilityReported,
    Claim,
    DispatchChanged,
    DispatchOffered,
    DispatchRemoved,
    Event,
    Verdict,
)

# What a box says of a patient, and what it gives back of what it was told.
_ABOUT_ONE_DISPATCH = Claim | DispatchOffered | DispatchChanged | Verdict


class EnrolledBoxes:
    """See `gateway.ports.Boxes`."""

    def find(self, connection: Connection, hospital_id: int) -> Box | None:
        return publishing.active_box(connection, hospital_id)

    def publish(self, connection: Connection, box: Box, event: Event) -> None:
        publishing.publish_to(connection, box, event)

    def is_unheard(self, box: Box, now: datetime) -> bool:
        return hearing.is_unheard(box, now)


class BoxDesk:
    """What boxes say, carried out. See `gateway.sites.exchange.ClaimsDesk`."""

    def __init__(self, services: Services, board: AvailabilityBoard) -> None:
        self._services = services
        self._board = board

    def lock(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> None:
        """Locks every emergency that these events are about: a claim or a report may then lock the
        counter of changes, which a caller's turn locks after its emergency.
        """
        about = {event.dispatch_id for event in events if isinstance(event, _ABOUT_ONE_DISPATCH)}
        which: ColumnElement[bool] = dispatches.c.id.in_(about)
        if any(isinstance(event, AlarmState) for event in events):
            # An alarm is about everybody who waits there.
            waits = dispatches.c.state.in_([state.value for state in WAITING])
            which |= (dispatches.c.hospital_id == hospital_id) & waits
        elif not about:
            return
        store.lock_all(connection, which)

    def fold(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        """Applies what a hospital's box says."""
        if isinstance(event, Claim):
            claim = event
            verdict, others = self._services.within(
                connection, lambda uow: claims.fold(uow, hospital_id, claim)
            )
            return Folded([verdict], others)
        if isinstance(event, AvailabilityReported):
            self._report(connection, hospital_id, event)
        if isinstance(event, AlarmState):
            audible = event.audible
            self._services.within(
                connection, lambda uow: phoning.alarm_changed(uow, hospital_id, audible=audible)
            )
        return Folded()

    def complete(self, connection: Connection, hospital_id: int, event: Event) -> None:
        """Takes in what a text in brief left out of a claim."""
        if isinstance(event, Claim):
            claim = event
            self._services.within(connection, lambda uow: claims.complete(uow, hospital_id, claim))

    def set_aside(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        """Has operators phone the hospital about a claim, and refuses it with a reason. What is no
        claim is shown beside the box (`sites list`).
        """
        if not isinstance(event, Claim):
            return Folded()
        claim = event
        verdict, others = self._services.within(
            connection, lambda uow: claims.set_aside(uow, hospital_id, claim)
        )
        return Folded([verdict], others)

    def opening(
        self, connection: Connection, hospital_id: int, *, removing: bool = False
    ) -> list[Event]:
        """What a box that was just enrolled, or has to be told everything anew, starts from. Its
        hospital can be reached from now on.
        """
        concerned = dispatches.c.state.in_([*LIVE, DispatchState.EXPIRED])
        store.lock_all(connection, (dispatches.c.hospital_id == hospital_id) & concerned)
        # From here on nobody is sent to this hospital before this commits: no offer is missed.
        reachability.box_enrolled(connection, self._services.system, hospital_id)

        def offers(uow: UnitOfWork) -> list[Event]:
            told = boxes_told.open_offers(uow, hospital_id)
            kept = {event.dispatch_id for event in told}
            gone = recovering.over_here(uow, hospital_id, kept) if removing else []
            return [*told, *(DispatchRemoved(at=uow.now, dispatch_id=each) for each in gone)]

        opening, _ = self._services.within(connection, offers)
        return opening

    def recover(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> Folded:
        """Takes in again what this hospital had been told and we have lost."""
        said, others = self._services.within(
            connection, lambda uow: recovering.recover(uow, hospital_id, events)
        )
        return Folded(said, others)

    def histories_differ(self, connection: Connection, hospital_id: int, *, lost: bool) -> None:
        """Alarms operators."""

        def alarm(uow: UnitOfWork) -> None:
            card = uow.services.hospitals.card(connection, hospital_id)
            kind = "box_knows_more" if lost else "box_differs"
            raise_alarm(uow, kind, hospital=card.name, detail=card.name)

        self._services.within(connection, alarm)

    def _report(
        self, connection: Connection, hospital_id: int, event: AvailabilityReported
    ) -> None:
        self._board.report(
            connection,
            hospital_id,
            AvailabilityReport(
                status=event.status,
                at=min(event.at, self._services.system.now()),
                source="box",
                staffed_beds=event.staffed_beds,
                free_beds=event.free_beds,
                assigned_since=_assigned_after(connection, hospital_id, event.last_dispatch_seen),
            ),
        )


def _assigned_after(connection: Connection, hospital_id: int, seen: int) -> int:
    """How many of our assignments a report could not know of: identifiers grow with time."""
    later = select(func.count()).where(
        dispatches.c.hospital_id == hospital_id,
        dispatches.c.id > seen,
        dispatches.c.reserved.is_(True),
    )
    return connection.execute(later).scalar_one()
