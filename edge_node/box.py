"""What the staff of a hospital can do and see on their box. Everything here works without a
network.

Each command is one durable transaction: the change on the box and the event to the gateway.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node import claims, dispatches, reporting, reports, summaries
from edge_node.alarm import Alarm
from edge_node.dispatch import (
    ANSWERS,
    CLAIMED_STATE,
    OPEN_CLAIMS,
    Claim,
    ClaimKind,
    ClaimState,
    Dispatch,
)
from edge_node.lease import Lease
from edge_node.notifier import Notifier
from edge_node.reporting import Said
from edge_node.reports import Report
from edge_node.store import Store
from edge_node.summaries import Summary
from edge_node.tables import availability, streams
from edge_node.typed import LONGEST_NAME, LONGEST_NOTE, named, short
from shared.dispatch import CannotTreatReason, DispatchState, move
from shared.emergency import Kind, Priority
from shared.errors import IllegalMove
from shared.hospital import HospitalStatus
from shared.system import System
from sync import peer
from sync.events import (
    AcceptDispatch,
    AlarmState,
    CannotTreat,
    Event,
    PatientArrived,
    TreatAfterAll,
)

T = TypeVar("T")

_SAID_CANNOT = "You said that you cannot treat this patient here: take that back instead."
_NOT_SAID = "You have not said that you cannot treat this patient here: there is nothing to undo."

MakeClaim = Callable[
    [int, datetime, int], AcceptDispatch | CannotTreat | TreatAfterAll | PatientArrived
]


@dataclass(frozen=True, slots=True)
class ReportedAvailability:
    """The hospital's own latest report."""

    status: HospitalStatus
    staffed_beds: int | None
    free_beds: int | None
    by: str
    at: datetime


class Box:
    """The box for its console and its API. `wake` tells the agent that something is to be sent;
    `lease` says whether summaries may be shown; `gateway_now` gives the gateway's clock at a moment
    of ours, None while nobody knows it.
    """

    def __init__(
        self,
        store: Store,
        system: System,
        alarm: Alarm,
        notifier: Notifier,
        wake: Callable[[], None],
        lease: Lease,
        gateway_now: Callable[[datetime], datetime | None] = lambda now: None,
    ) -> None:
        self._store = store
        self._alarm = alarm
        self._system = system
        self._notifier = notifier
        self._wake = wake
        self._lease = lease
        self._gateway_now = gateway_now
        self._told_audible: bool | None = None

    @property
    def notifier(self) -> Notifier:
        return self._notifier

    def now(self) -> datetime:
        """The box's own clock."""
        return self._system.now()

    def dispatches(self, limit: int = 200) -> list[Dispatch]:
        """The newest dispatches, newest first."""
        return self._store.read(lambda connection: dispatches.latest(connection, limit))

    def dispatch(self, dispatch_id: int) -> Dispatch:
        """One dispatch. Raises NotFound."""
        return self._store.read(lambda connection: dispatches.one(connection, dispatch_id))

    def summaries(self, dispatch_ids: Collection[int]) -> dict[int, Summary]:
        """What patients state about themselves, of these dispatches. While the lease does not cover
        it, only that they do, and why it is dark.
        """
        dark = self._lease.state.dark
        return self._store.read(
            lambda connection: summaries.of_dispatches(connection, dispatch_ids, dark)
        )

    def mark_seen(self, dispatch_id: int) -> None:
        """Somebody has opened the dispatch on a screen."""
        now = self._system.now()
        self._store.write(lambda connection: dispatches.mark_seen(connection, dispatch_id, now))
        self._notifier.changed()

    def dismiss(self, dispatch_id: int) -> None:
        """Staff have understood that a dispatch is over or late. Raises NotFound."""
        now = self._system.now()

        def work(connection: Connection) -> None:
            dispatches.dismiss(connection, dispatches.one(connection, dispatch_id).id, now)

        self._store.write(work)
        self._notifier.changed()

    def understand(self, dispatch_id: int, version: int) -> None:
        """Staff have understood what is new of the patient up to the version that they were shown:
        it is not marked as new any more, and no longer rings for that. Raises NotFound.
        """

        def work(connection: Connection) -> None:
            known = dispatches.one(connection, dispatch_id)
            dispatches.mark_read(connection, known.id, min(version, known.version))

        self._store.write(work)
        self._notifier.changed()

    def accept(self, dispatch_id: int, by: str, shown_version: int = 0) -> Claim:
        """The hospital expects the patient as shown: what was new up to `shown_version` is
        understood.

        Said twice, it is one claim. Raises NotFound, InvalidInput, or IllegalMove when the
        dispatch is not to be accepted any more.
        """
        by = named(by)
        return self._claim(
            ClaimKind.ACCEPT,
            dispatch_id,
            "",
            lambda claim_id, now, age_s: AcceptDispatch(
                at=now, claim_id=claim_id, dispatch_id=dispatch_id, by=by, age_s=age_s
            ),
            shown_version,
        )

    def cannot_treat(
        self, dispatch_id: int, by: str, reason: CannotTreatReason, note: str = ""
    ) -> Claim:
        """The hospital cannot treat here. Raises as `accept` does."""
        by, note = named(by), short(note, "note", LONGEST_NOTE)
        return self._claim(
            ClaimKind.CANNOT_TREAT,
            dispatch_id,
            reason.name.lower() + (f": {note}" if note else ""),
            lambda claim_id, now, age_s: CannotTreat(
                at=now,
                claim_id=claim_id,
                dispatch_id=dispatch_id,
                by=by,
                age_s=age_s,
                reason=reason,
                note=note,
            ),
        )

    def treat_after_all(self, dispatch_id: int, by: str) -> Claim:
        """The hospital takes back that it cannot treat, and expects the patient. Raises as `accept`
        does.
        """
        by = named(by)
        return self._claim(
            ClaimKind.TREAT_AFTER_ALL,
            dispatch_id,
            "",
            lambda claim_id, now, age_s: TreatAfterAll(
                at=now, claim_id=claim_id, dispatch_id=dispatch_id, by=by, age_s=age_s
            ),
        )

    def arrived(self, dispatch_id: int, by: str) -> Claim:
        """The patient is there. Raises as `accept` does."""
        by = named(by)
        return self._claim(
            ClaimKind.ARRIVED,
            dispatch_id,
            "",
            lambda claim_id, now, age_s: PatientArrived(
                at=now, claim_id=claim_id, dispatch_id=dispatch_id, by=by, age_s=age_s
            ),
        )

    def availability(self) -> ReportedAvailability | None:
        """The hospital's latest report, None before the first."""
        row = self._store.read(
            lambda connection: connection.execute(select(availability)).one_or_none()
        )
        if row is None:
            return None
        return ReportedAvailability(
            HospitalStatus(row.status), row.staffed_beds, row.free_beds, row.by, row.at
        )

    def report_availability(
        self,
        status: HospitalStatus,
        staffed_beds: int | None,
        free_beds: int | None,
        by: str,
        key: str = "",
    ) -> Report:
        """How full the hospital is; a count that is None is unknown. Under a `key` the same is said
        once, as with every report. Raises InvalidInput, or Conflict for another report's key.
        """
        now = self._system.now()

        def work(connection: Connection) -> Report:
            seen = dispatches.newest(connection)
            event = reporting.availability(
                self._said(by, now), status, staffed_beds, free_beds, seen
            )
            report = reports.store(connection, event, now, key)
            if report.id != event.report_id:
                return report  # said before; something newer may have been said since
            values = {
                "id": 1,
                "status": status,
                "staffed_beds": staffed_beds,
                "free_beds": free_beds,
                "by": event.by,
                "at": now,
            }
            connection.execute(
                insert(availability)
                .values(values)
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )
            return report

        return self._commit(work)

    def report_stock(self, has: int, lacks: int, by: str, key: str = "") -> Report:
        """What is there and what is used up, as masks of capabilities. Raises as
        `report_availability` does.
        """
        now = self._system.now()
        event = reporting.stock(self._said(by, now), has, lacks)
        return self._commit(lambda connection: reports.store(connection, event, now, key))

    def write_note(self, text: str, by: str, dispatch_id: int = 0, key: str = "") -> Report:
        """What the coordinators are to read, about one dispatch or (0) about none. Raises as
        `report_availability` does, and NotFound for a dispatch that this box does not have.
        """
        now = self._system.now()
        event = reporting.note(self._said(by, now), text, dispatch_id)

        def work(connection: Connection) -> Report:
            if dispatch_id:
                dispatches.one(connection, dispatch_id)
            return reports.store(connection, event, now, key)

        return self._commit(work)

    def register_walk_in(
        self,
        kind: Kind,
        priority: Priority,
        by: str,
        help_code: str = "",
        patient_count: int = 1,
        age_years: int | None = None,
        key: str = "",
    ) -> Report:
        """A patient who came without being announced. Raises as `report_availability` does."""
        now = self._system.now()
        said = self._said(by, now)
        event = reporting.walk_in(said, kind, priority, help_code, patient_count, age_years)
        return self._commit(lambda connection: reports.store(connection, event, now, key))

    def reports(self) -> list[Report]:
        """What staff have said of their hospital, the latest first, and what became of it."""
        return self._store.read(reports.latest)

    def report_alarm(self, audible: bool, reason: str = "", console: str = "") -> bool:
        """Whether somebody can hear this console ring, and if not, why.

        True when at least one console can be heard. The gateway is told only when that changes, so
        that consoles can say it again and again. Raises InvalidInput.
        """
        reason = short(reason, "reason", LONGEST_NOTE)
        self._alarm.report(short(console, "console", LONGEST_NAME), audible)
        heard = self._alarm.audible
        if heard is not self._told_audible:
            now = self._system.now()
            event = AlarmState(at=now, audible=heard, reason="" if heard else reason)
            self._commit(lambda connection: self._append(connection, event, now))
            self._told_audible = heard
        return heard

    def _claim(
        self,
        kind: ClaimKind,
        dispatch_id: int,
        detail: str,
        make: MakeClaim,
        shown_version: int = 0,
    ) -> Claim:
        now = self._system.now()

        def work(connection: Connection) -> Claim:
            dispatch = dispatches.one(connection, dispatch_id)
            if shown_version:
                shown = min(shown_version, dispatch.version)
                dispatches.mark_read(connection, dispatch_id, shown)
            said = [each for each in dispatch.claims if each.kind in ANSWERS][-1:]
            if said and _is_said(kind, said[0], dispatch):
                return said[0]
            _require_possible(kind, dispatch)
            age_s = max(0, int(self._age(dispatch, now).total_seconds()))
            claim = make(self._system.new_id(), now, age_s)
            return claims.store(connection, kind, claim, detail[:300], now)

        return self._commit(work)

    def _age(self, dispatch: Dispatch, now: datetime) -> timedelta:
        """How long the dispatch has been here: never longer than since it was offered, whatever was
        done to this box's clock.
        """
        here = now - dispatch.received_at
        gateway_now = self._gateway_now(now)
        if gateway_now is None or dispatch.offer is None:
            return here
        return min(here, gateway_now - dispatch.offer.at)

    def _said(self, by: str, now: datetime) -> Said:
        return Said(self._system.new_id(), self._gateway_now(now) or now, by)

    def _append(self, connection: Connection, event: Event, now: datetime) -> None:
        peer.append(connection, streams, peer.GATEWAY, [event], now)

    def _commit(self, work: Callable[[Connection], T]) -> T:
        result = self._store.write(work)
        self._notifier.changed()
        self._wake()
        return result


def _is_said(kind: ClaimKind, latest: Claim, dispatch: Dispatch) -> bool:
    """True when the latest answer was this one, and still stands."""
    counted = OPEN_CLAIMS | {ClaimState.ACCEPTED}
    return (
        latest.kind is kind
        and latest.state in counted
        and dispatch.local_state is CLAIMED_STATE[kind]
    )


def _require_possible(kind: ClaimKind, dispatch: Dispatch) -> None:
    move(dispatch.local_state, CLAIMED_STATE[kind])
    cannot_treat = dispatch.local_state is DispatchState.CANNOT_TREAT
    if kind is ClaimKind.ACCEPT and cannot_treat:
        raise IllegalMove(_SAID_CANNOT)
    if kind is ClaimKind.TREAT_AFTER_ALL and not cannot_treat:
        raise IllegalMove(_NOT_SAID)
