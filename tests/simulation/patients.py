"""What boxes say, carried out on a small table of patients. It counts the effects of every claim
and report, and behaves as `gateway.box_desk` does where that matters to a box.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    select,
    update,
)

from gateway.database.metadata import Id
from gateway.sites.exchange_desk import Folded
from shared.dispatch import DispatchState, move
from shared.emergency import Priority
from shared.errors import IllegalMove
from shared.system import System
from sync.codec import decode, encode
from sync.events import (
    AcceptDispatch,
    AvailabilityReported,
    CannotTreat,
    Claim,
    DispatchChanged,
    DispatchDelivered,
    DispatchOffered,
    Event,
    PatientArrived,
    ReportTaken,
    TreatAfterAll,
    Verdict,
)

metadata = MetaData()
patients = Table(
    "patients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("note", String(200), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("offer", LargeBinary, nullable=False),
)
# Of a claim under its identifier, of a report under its number, below 0.
effects = Table(
    "effects",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("of", Id, nullable=False),
    Column("accepted", Boolean, nullable=False),
)
alarms = Table(
    "alarms",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
)

NO_SUCH = "There is no such."
OVER = frozenset({DispatchState.SUPERSEDED, DispatchState.WITHDRAWN})
_TARGETS = {
    DispatchDelivered: DispatchState.DELIVERED,
    AcceptDispatch: DispatchState.ACCEPTED,
    CannotTreat: DispatchState.CANNOT_TREAT,
    TreatAfterAll: DispatchState.ACCEPTED,
    PatientArrived: DispatchState.ARRIVED,
}
_Told = DispatchOffered | DispatchChanged | Verdict


class Patients:
    """See `gateway.sites.exchange_desk.ClaimsDesk`."""

    def __init__(self, system: System) -> None:
        self._system = system

    def lock(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> None:
        """One writer at a time: there is nothing to lock."""

    def is_known(self, connection: Connection, hospital_id: int, claim: Claim) -> bool:
        return find(connection, claim.dispatch_id) is not None

    def fold(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        if isinstance(event, AvailabilityReported):
            self._count(connection, -(event.staffed_beds or 0), accepted=True)
            return Folded(
                [ReportTaken(at=self._system.now(), report_id=event.report_id, accepted=True)]
            )
        if not isinstance(event, Claim):
            return Folded()
        patient = find(connection, event.dispatch_id)
        if patient is None:
            self._count(connection, event.claim_id, accepted=False)
            return Folded([self._verdict(event, DispatchState.WITHDRAWN, 0, NO_SUCH)])
        state, version, reason = DispatchState(patient.state), patient.version, ""
        target = _TARGETS[type(event)]
        try:
            if target is not state:
                state, version = move(state, target), version + 1
        except IllegalMove as error:
            # What is said late of the delivery is no fault.
            reason = "" if isinstance(event, DispatchDelivered) else str(error)
        self._count(connection, event.claim_id, accepted=not reason)
        set_values(connection, patient.id, state=state.value, version=version)
        return Folded([self._verdict(event, state, version, reason)])

    def complete(self, connection: Connection, hospital_id: int, event: Event) -> None:
        """What a text left out of a claim changes nothing here."""

    def set_aside(self, connection: Connection, hospital_id: int, event: Event) -> Folded:
        raise AssertionError(f"a {type(event).__name__} could not be folded")

    def opening(
        self, connection: Connection, hospital_id: int, *, removing: bool = False
    ) -> list[Event]:
        """Every patient as they stand now, to a new box and to one that is told everything anew."""
        events: list[Event] = []
        for row in connection.execute(select(patients).order_by(patients.c.id)):
            events += [offer_of(row), self.standing(row)]
        return events

    def standing(self, row: Row[Any]) -> DispatchChanged:
        """All that may have changed of a patient."""
        return DispatchChanged(
            at=self._system.now(),
            dispatch_id=row.id,
            version=row.version,
            state=DispatchState(row.state),
            note=row.note,
            priority=Priority(row.priority),
        )

    def recover(self, connection: Connection, hospital_id: int, events: Sequence[Event]) -> Folded:
        told: defaultdict[int, list[_Told]] = defaultdict(list)
        for event in events:
            if isinstance(event, _Told):
                told[event.dispatch_id].append(event)
        said = [self._recover_one(connection, each, told[each]) for each in sorted(told)]
        return Folded([event for event in said if event is not None])

    def _recover_one(
        self, connection: Connection, dispatch_id: int, told: list[_Told]
    ) -> Event | None:
        latest = max(told, key=lambda event: event.version)
        state = DispatchState.OFFERED if isinstance(latest, DispatchOffered) else latest.state
        patient = find(connection, dispatch_id)
        if patient is None:
            offers = [event for event in told if isinstance(event, DispatchOffered)]
            if not offers or state in OVER:
                return None
            add(connection, offers[-1])
            set_values(connection, dispatch_id, state=DispatchState.DELIVERED.value, version=0)
        elif patient.version > latest.version:
            return None
        present = DispatchState(find(connection, dispatch_id).state)  # type: ignore[union-attr]
        with suppress(IllegalMove):
            present = move(present, state)
        set_values(connection, dispatch_id, state=present.value, version=latest.version + 1)
        row = find(connection, dispatch_id)
        assert row is not None
        return self.standing(row)

    def histories_differ(self, connection: Connection, hospital_id: int, *, lost: bool) -> None:
        connection.execute(alarms.insert().values(kind="lost" if lost else "diverged"))

    def _count(self, connection: Connection, of: int, *, accepted: bool) -> None:
        connection.execute(effects.insert().values(of=of, accepted=accepted))

    def _verdict(self, claim: Claim, state: DispatchState, version: int, reason: str) -> Verdict:
        return Verdict(
            at=self._system.now(),
            claim_id=claim.claim_id,
            dispatch_id=claim.dispatch_id,
            accepted=not reason,
            state=state,
            version=version,
            reason=reason,
        )


def find(connection: Connection, dispatch_id: int) -> Row[Any] | None:
    query = select(patients).where(patients.c.id == dispatch_id)
    return connection.execute(query).one_or_none()


def add(connection: Connection, offer: DispatchOffered) -> None:
    connection.execute(
        patients.insert().values(
            id=offer.dispatch_id,
            state=DispatchState.OFFERED.value,
            version=offer.version,
            note=offer.note,
            priority=offer.priority.value,
            offer=encode(offer),
        )
    )


def set_values(connection: Connection, dispatch_id: int, **values: object) -> None:
    connection.execute(update(patients).where(patients.c.id == dispatch_id).values(values))


def offer_of(row: Row[Any]) -> DispatchOffered:
    """The offer with the facts as they are now."""
    offer = decode(row.offer)
    assert isinstance(offer, DispatchOffered)
    return replace(offer, version=row.version, note=row.note, priority=Priority(row.priority))
