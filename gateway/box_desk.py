"""Where the hospitals' boxes meet the use cases: claims are folded, reports are taken in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select

from gateway.alarms.alarm import raise_alarm
from gateway.emergencies import (
    boxes_told,
    came_by_themselves,
    claims,
    phoning,
    recovering,
    store,
    summaries,
)
from gateway.emergencies.tables import dispatches
from gateway.hospitals import contacts, reachability
from gateway.hospitals.availability_board import AvailabilityBoard
from gateway.ports import Box
from gateway.sites import hearing, publishing, sim_card
from gateway.sites.exchange_desk import Folded
from gateway.staff import box_reports
from gateway.unit_of_work import Services, UnitOfWork
from shared.dispatch import LIVE, WAITING, DispatchState
from sync.events import (
    AlarmState,
    Claim,
    DispatchChanged,
    DispatchOffered,
    DispatchRemoved,
    Event,
    NoteWritten,
    Report,
    ReportTaken,
    SimReported,
    Verdict,
    WalkInRegistered,
)

# What a box says of a patient, and what it gives back of what it was told.
_ABOUT_ONE_DISPATCH = Claim | DispatchOffered | DispatchChanged | Verdict | NoteWritten


class EnrolledBoxes:
    """See `gateway.ports.Boxes`."""

    def find(self, connection: Connection, hospital_id: int) -> Box | None:
        return publishing.active_box(connection, hospital_id)

    def publish(self, connection: Connection, box: Box, event: Event) -> None:
        publishing.publish_to(connection, box, event)

    def is_unheard(self, box: Box, now: datetime) -> bool:
        return hearing.is_unheard(box, now)


class BoxDesk:
    """What boxes say, carried out. See `gateway.sites.exchange_desk.ClaimsDesk`."""

    def __init__(self, services: Services, board: AvailabilityBoard) -> None:
        self._services = services
        self._board = board

    def lock(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> None:
        """Locks every emergency that these events are about: a claim or a report may then lock the
        counter of changes, which a caller's turn locks after its emergency.
        """
        about = {event.dispatch_id for event in events if isinstance(event, _ABOUT_ONE_DISPATCH)}
        codes = {event.help_code for event in events if isinstance(event, WalkInRegistered)} - {""}
        which: ColumnElement[bool] = dispatches.c.id.in_(about)
        if any(isinstance(event, AlarmState) for event in events):
            # An alarm is about everybody who waits there.
            waits = dispatches.c.state.in_([state.value for state in WAITING])
            which |= (dispatches.c.hospital_id == hospital_id) & waits
        elif not about | codes:
            return
        shown = came_by_themselves.with_code(codes) if codes else None
        store.lock_all(connection, which, shown)

    def is_known(self, connection: Connection, hospital_id: int, claim: Claim) -> bool:
        """True when this hospital was asked for that patient."""
        asked = select(dispatches.c.id).where(
            dispatches.c.id == claim.dispatch_id, dispatches.c.hospital_id == hospital_id
        )
        return connection.execute(asked).first() is not None

    def fold(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        """Applies what a hospital's box says."""
        if isinstance(event, Claim):
            claim = event
            verdict, others = self._services.within(
                connection, lambda uow: claims.fold(uow, hospital_id, claim)
            )
            return Folded([verdict], others)
        if isinstance(event, Report):
            report = event
            taken, others = self._services.within(
                connection, lambda uow: box_reports.take(uow, self._board, hospital_id, report)
            )
            return Folded(_expected(taken), others)
        if isinstance(event, SimReported):
            said = event
            self._services.within(connection, lambda uow: sim_card.watch(uow, hospital_id, said))
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
        """Has operators phone the hospital about a claim, and refuses it with a reason. A report is
        refused too; what is neither is shown beside the box (`sites list`).
        """
        if isinstance(event, Report):
            report = event
            taken, _ = self._services.within(
                connection, lambda uow: box_reports.refuse(uow, report)
            )
            return Folded(_expected(taken))
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
            asked = [event for event in told if isinstance(event, DispatchOffered)]
            gone = recovering.over_here(uow, hospital_id, kept) if removing else []
            phones = contacts.for_box(connection, hospital_id, uow.now)
            return [
                *told,
                *(DispatchRemoved(at=uow.now, dispatch_id=each) for each in gone),
                *([phones] if phones.phones or removing else []),
                *summaries.opening(uow, asked, removing=removing),
            ]

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


def _expected(taken: ReportTaken) -> list[Event]:
    """A box of a version that numbers no reports expects no answer."""
    return [taken] if taken.report_id else []
