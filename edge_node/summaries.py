"""What patients state about themselves and share with this hospital: kept apart from their
dispatches, so that nothing but the console can come by it, and only through `edge_node.lease`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from edge_node.lease import Dark
from edge_node.tables import removals, summaries
from shared import identifier
from sync.codec import decode, encode
from sync.events import SummaryShared, SummaryWithdrawn


@dataclass(frozen=True, slots=True)
class Summary:
    """One patient's, as far as it may be shown: where it is `dark` nothing of it is here. `at` is
    when it was shared, by the gateway's clock.
    """

    at: datetime
    dark: Dark | None
    # Never shown by accident, in a log or a traceback.
    blood_type: str = field(default="", repr=False)
    allergies: str = field(default="", repr=False)


def take(connection: Connection, event: SummaryShared | SummaryWithdrawn) -> None:
    """Stores what is shared, also before its offer comes, or forgets it; the latest word on a
    dispatch counts. Of a patient who is no longer this hospital's business nothing is stored.
    """
    removed = select(removals.c.at).where(removals.c.dispatch_id == event.dispatch_id)
    removed_at = connection.execute(removed).scalar_one_or_none()
    if removed_at is not None and removed_at >= event.at:
        return
    statement = insert(summaries).values(
        dispatch_id=event.dispatch_id,
        at=event.at,
        event=encode(event) if isinstance(event, SummaryShared) else None,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["dispatch_id"],
            set_={"at": statement.excluded.at, "event": statement.excluded.event},
            where=statement.excluded.at > summaries.c.at,
        )
    )


def of_dispatches(
    connection: Connection, dispatch_ids: Collection[int], dark: Dark | None
) -> dict[int, Summary]:
    """What is shared of these, by dispatch; with `dark` only that it is."""
    query = select(summaries).where(
        summaries.c.dispatch_id.in_(dispatch_ids), summaries.c.event.is_not(None)
    )
    rows = connection.execute(query).all()
    if dark is not None:
        return {row.dispatch_id: Summary(row.at, dark) for row in rows}
    return {row.dispatch_id: _shown(row.at, decode(row.event)) for row in rows}


def forget(connection: Connection, dispatch_id: int, until: datetime) -> None:
    """Forgets every word on this dispatch until then; what was said later is said of a patient who
    was sent here again.
    """
    words = (summaries.c.dispatch_id == dispatch_id) & (summaries.c.at <= until)
    connection.execute(delete(summaries).where(words))


def forget_before(connection: Connection, before: datetime) -> int:
    """Forgets those of dispatches that were made before then, also where the dispatch never came;
    how many it were.
    """
    old = summaries.c.dispatch_id < identifier.first_at(before)
    return connection.execute(delete(summaries).where(old)).rowcount


def _shown(at: datetime, event: object) -> Summary:
    if not isinstance(event, SummaryShared):
        raise TypeError(f"stored as a summary: {type(event).__name__}")
    return Summary(at, None, event.blood_type, event.allergies)
