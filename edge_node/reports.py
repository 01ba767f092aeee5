"""What staff say of their hospital: beds, stock, notes, walk-ins. In the box's store and on its way
to the gateway in one transaction, as claims are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.sqlite import insert

from edge_node.dispatch import OPEN_CLAIMS, ClaimState
from edge_node.tables import reports, streams
from shared.errors import Conflict
from sync import events, peer
from sync.codec import decode, encode
from sync.events import Lane, ReportTaken
from sync.stream_log import Acknowledgement, Position

_LONGEST_WHY = 300
_OTHER_CONTENT = (
    "This key was used for another report. Send what is new under a new Idempotency-Key."
)


class ReportKind(StrEnum):
    """What a report is about."""

    BEDS = "beds"
    STOCK = "stock"
    NOTE = "note"
    WALK_IN = "walk_in"


_KINDS: dict[type[events.Report], ReportKind] = {
    events.AvailabilityReported: ReportKind.BEDS,
    events.StockReported: ReportKind.STOCK,
    events.NoteWritten: ReportKind.NOTE,
    events.WalkInRegistered: ReportKind.WALK_IN,
}


@dataclass(frozen=True, slots=True)
class Report:
    """Something that staff said of their hospital, and what became of it.

    `at` is the box's clock, `answered_at` the gateway's. `why` is what the gateway said about it.
    """

    id: int
    kind: ReportKind
    said: events.Report
    at: datetime
    state: ClaimState
    why: str
    answered_at: datetime | None


def store(connection: Connection, report: events.Report, now: datetime, key: str = "") -> Report:
    """Stores a report and puts it on the stream to the gateway. `key` is the sender's name for this
    one press: an earlier report under it is given back, and nothing is added.

    Raises Conflict when that one said something else.
    """
    if key:
        earlier = connection.execute(
            select(reports).where(reports.c.request_key == key)
        ).one_or_none()
        if earlier is not None:
            return _same(_report(earlier), report)
    # Dated as the report itself is: history is forgotten by the gateway's clock.
    [at] = peer.append(connection, streams, peer.GATEWAY, [report], report.at)
    connection.execute(
        reports.insert().values(**_values(report, at), at=now, request_key=key or None)
    )
    return _report(
        connection.execute(select(reports).where(reports.c.id == report.report_id)).one()
    )


def restore(connection: Connection, report: events.Report, at: Position) -> None:
    """Puts back a report that this box made and lost; the gateway has it."""
    if not report.report_id:
        return  # of a version that expected no answer
    values = _values(report, at) | {"state": ClaimState.SENT, "at": report.at}
    connection.execute(insert(reports).values(values).on_conflict_do_nothing())


def latest(connection: Connection, limit: int = 50) -> list[Report]:
    """What was said last, the latest first, and before that whatever has no answer yet."""
    order = (reports.c.at.desc(), reports.c.id.desc())
    newest = select(reports).order_by(*order).limit(limit)
    undecided = select(reports).where(reports.c.state.in_(OPEN_CLAIMS)).order_by(*order)
    found = {row.id: _report(row) for row in connection.execute(newest)}
    found |= {row.id: _report(row) for row in connection.execute(undecided.limit(limit))}
    return sorted(found.values(), key=lambda each: (each.at, each.id), reverse=True)


def mark_sent(connection: Connection, said: Iterable[Acknowledgement]) -> int:
    """Marks what the gateway says it has. How many became `sent`."""
    marked = 0
    for each in said:
        if each.lane != Lane.REPORTS:
            continue
        marked += connection.execute(
            update(reports)
            .where(
                reports.c.state == ClaimState.WAITING,
                reports.c.epoch == each.epoch,
                reports.c.seq <= each.cursor,
            )
            .values(state=ClaimState.SENT)
        ).rowcount
    return marked


def take_answer(connection: Connection, answer: ReportTaken) -> None:
    """Marks the report that this is about; the first answer counts."""
    connection.execute(
        update(reports)
        .where(reports.c.id == answer.report_id, reports.c.state.in_(OPEN_CLAIMS))
        .values(
            state=ClaimState.ACCEPTED if answer.accepted else ClaimState.REJECTED,
            why=answer.reason[:_LONGEST_WHY],
            answered_at=answer.at,
        )
    )


def _same(earlier: Report, report: events.Report) -> Report:
    ignored: dict[str, Any] = {"at": earlier.said.at, "report_id": earlier.id}
    if isinstance(report, events.AvailabilityReported) and isinstance(
        earlier.said, events.AvailabilityReported
    ):
        # Somebody may have been asked about since the first press.
        ignored["last_dispatch_seen"] = earlier.said.last_dispatch_seen
    if replace(report, **ignored) != earlier.said:
        raise Conflict(_OTHER_CONTENT)
    return earlier


def _values(report: events.Report, at: Position) -> dict[str, Any]:
    return {
        "id": report.report_id,
        "kind": _KINDS[type(report)],
        "event": encode(report),
        "state": ClaimState.WAITING,
        "why": "",
        "epoch": at.epoch,
        "seq": at.seq,
    }


def _report(row: Row[*tuple[Any, ...]]) -> Report:
    said = decode(row.event)
    if not isinstance(said, events.Report):
        raise TypeError(f"a report that is a {type(said).__name__}")
    return Report(
        id=row.id,
        kind=ReportKind(row.kind),
        said=said,
        at=row.at,
        state=ClaimState(row.state),
        why=row.why,
        answered_at=row.answered_at,
    )
