"""What the staff of a hospital can do and see on their box. Everything here works without a
network.

Each command is one durable transaction: the change on the box and the event to the gateway.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from edge_node import claims, dispatches
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
from edge_node.notifier import Notifier
from edge_node.store import Store
from edge_node.tables import availability, streams
from shared.dispatch import CannotTreatReason, DispatchState, move
from shared.errors import IllegalMove, InvalidInput
from shared.hospital import HospitalStatus
from shared.system import System
from sync import peer
from sync.events import (
    AcceptDispatch,
    AlarmState,
    AvailabilityReported,
    CannotTreat,
    Event,
    PatientArrived,
    TreatAfterAll,
)

T = TypeVar("T")

_SAID_CANNOT = "You said that you cannot treat this patient here: take that back instead."
_NOT_SAID = "You have not said that you cannot treat this patient here: there is nothing to undo."

LONGEST_NAME = 80
LONGEST_NOTE = 200
MOST_BEDS = 10_000

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
    """The box for its console and its API. `wake` tells the agent that something is to be sent."""

    def __init__(
        self,
        store: Store,
        system: System,
        alarm: Alarm,
        notifier: Notifier,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._alarm = alarm
        self._system = system
        self._notifier = notifier
        self._wake = wake
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
        by = _name(by)
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
        by, note = _name(by), _short(note, "note", LONGEST_NOTE)
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
        by = _name(by)
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
        by = _name(by)
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
    ) -> None:
        """How full the hospital is; a count that is None is unknown. Raises InvalidInput."""
        by = _name(by)
        for name, count in (("staffed_beds", staffed_beds), ("free_beds", free_beds)):
            if count is not None and not 0 <= count <= MOST_BEDS:
                raise InvalidInput(f"{name} must be a number from 0 to {MOST_BEDS}, or null.")
        if staffed_beds is not None and free_beds is not None and free_beds > staffed_beds:
            raise InvalidInput("free_beds cannot be more than staffed_beds.")
        now = self._system.now()

        def work(connection: Connection) -> None:
            values = {
                "id": 1,
                "status": status,
                "staffed_beds": staffed_beds,
                "free_beds": free_beds,
                "by": by,
                "at": now,
            }
            connection.execute(
                insert(availability)
                .values(values)
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )
            report = AvailabilityReported(
                at=now,
                status=status,
                staffed_beds=staffed_beds,
                free_beds=free_beds,
                last_dispatch_seen=dispatches.newest(connection),
                by=by,
            )
            self._append(connection, report, now)

        self._commit(work)

    def report_alarm(self, audible: bool, reason: str = "", console: str = "") -> bool:
        """Whether somebody can hear this console ring, and if not, why.

        True when at least one console can be heard. The gateway is told only when that changes, so
        that consoles can say it again and again. Raises InvalidInput.
        """
        reason = _short(reason, "reason", LONGEST_NOTE)
        self._alarm.report(_short(console, "console", LONGEST_NAME), audible)
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
            age_s = max(0, int((now - dispatch.received_at).total_seconds()))
            claim = make(self._system.new_id(), now, age_s)
            return claims.store(connection, kind, claim, detail[:300], now)

        return self._commit(work)

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


def _name(typed: str) -> str:
    name = _short(typed, "by", LONGEST_NAME)
    if not name:
        raise InvalidInput("by is missing: say who answers, a name or initials such as AK.")
    return name


def _short(typed: str, field: str, longest: int) -> str:
    text = " ".join(typed.split())
    if len(text) > longest:
        raise InvalidInput(f"{field} is too long: at most {longest} characters.")
    return text
