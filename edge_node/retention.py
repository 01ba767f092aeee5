"""What a box forgets: everything older than any backup of the gateway could be (DESIGN 5)."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from edge_node import dispatches as dispatches_module
from edge_node import summaries
from edge_node.dispatch import OPEN_CLAIMS, ClaimState
from edge_node.tables import claims, dispatches, removals, reports, streams
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
        gone += dispatches_module.forget(connection, dispatch_id)
        gone += connection.execute(
            delete(claims).where(claims.c.dispatch_id == dispatch_id)
        ).rowcount
    gone += summaries.forget_before(connection, before)
    gone += connection.execute(
        delete(reports).where(reports.c.state.not_in(OPEN_CLAIMS), reports.c.answered_at < before)
    ).rowcount
    gone += connection.execute(delete(removals).where(removals.c.at < before)).rowcount
    streams.date(connection, gateway_now)
    gone += streams.incoming.forget(connection, before)
    gone += streams.readers.forget(connection, before)
    gone += streams.texts.forget(connection, before)
    return gone
