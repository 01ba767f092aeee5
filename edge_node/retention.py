"""What a box forgets: everything older than any backup of the gateway could be (DESIGN 5)."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from edge_node.dispatch import ClaimState
from edge_node.tables import (
    claims,
    dismissals,
    dispatch_changes,
    dispatches,
    readings,
    streams,
)
from shared import identifier

KEPT = timedelta(days=35)


def forget_old(connection: Connection, gateway_now: datetime) -> int:
    """Forgets patients and history from before; how many rows went. What staff said and the gateway
    is not known to have stays, with its patient, however old it is. Streams keep their numbers and
    hashes: nothing that comes again has a second effect.
    """
    before = gateway_now - KEPT
    unsent = select(claims.c.dispatch_id).where(claims.c.state == ClaimState.WAITING)
    old = list(
        connection.execute(
            # By when the gateway made it: the clock of this box may have been wrong.
            select(dispatches.c.id).where(
                dispatches.c.id < identifier.first_at(before), dispatches.c.id.not_in(unsent)
            )
        ).scalars()
    )
    gone = 0
    for dispatch_id in old:
        for table, column in (
            (dispatch_changes, dispatch_changes.c.dispatch_id),
            (claims, claims.c.dispatch_id),
            (dismissals, dismissals.c.dispatch_id),
            (readings, readings.c.dispatch_id),
            (dispatches, dispatches.c.id),
        ):
            gone += connection.execute(delete(table).where(column == dispatch_id)).rowcount
    streams.date(connection, gateway_now)
    gone += streams.incoming.forget(connection, before)
    gone += streams.readers.forget(connection, before)
    return gone
