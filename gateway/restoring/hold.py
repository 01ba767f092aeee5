"""After a restore the gateway is held: what was due before waits, because it may have happened, or
have been called off, in the time that was lost (DESIGN 5).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, func, or_, select, update

from gateway.alarms.alarm import raise_alarm, solve
from gateway.audit import audit_entries
from gateway.database.exclusive import one_at_a_time
from gateway.restoring.high_water import FILE_NAME, HighWater
from gateway.restoring.tables import restores
from gateway.sites.tables import SiteState, sites, streams
from gateway.unit_of_work import Services, UnitOfWork
from shared import identifier
from shared.errors import Conflict

# A box that had not been heard for so long when the copy was made is not waited for.
_WAITED_FOR = timedelta(days=1)

_log = structlog.get_logger(__name__)


def look(services: Services) -> bool:
    """Compares the database with its high-water mark, and raises the mark. True when the database
    was found to be older: then it is held from now on, and writes in new epochs.
    """
    file = HighWater(services.config.data_dir / FILE_NAME)
    before = file.read()
    newest = select(func.max(audit_entries.c.id))
    found = services.database.read(lambda connection: connection.execute(newest).scalar()) or 0
    if found >= before:
        file.raise_to(found)
        return False
    return services.write(lambda uow: _notice(uow, before, found))


def _notice(uow: UnitOfWork, before: int, found: int) -> bool:
    one_at_a_time(uow.connection, "notice a restore")
    known = select(restores.c.id).where(restores.c.newest_before >= before)
    if uow.connection.execute(known).first() is not None:
        return False
    uow.connection.execute(
        restores.insert().values(
            id=uow.system.new_id(), noticed_at=uow.now, newest_before=before, newest_found=found
        )
    )
    # What is written from here on must not share a number with anything that was lost.
    streams.outgoing.begin_epoch(uow.connection, uow.system.rng.randrange(1, 1 << 32))
    raise_alarm(uow, "restored")
    uow.audit("gateway", "restore noticed", "database")
    _log.error("the database is older than it was: what was due before waits")
    return True


def held(connection: Connection) -> Row[Any] | None:
    """The restore that things wait for, None when nothing waits."""
    query = select(restores).where(restores.c.released_at.is_(None))
    return connection.execute(query.order_by(restores.c.noticed_at.desc()).limit(1)).first()


def waits_for(connection: Connection, restore: Row[Any]) -> list[int]:
    """The active boxes that have not told yet what they know."""
    copied_at = datetime.fromtimestamp(identifier.seconds_of(restore.newest_found), UTC)
    query = (
        select(sites.c.id)
        .where(
            sites.c.state == SiteState.ACTIVE,
            sites.c.last_seen_at >= copied_at - _WAITED_FOR,
            or_(sites.c.last_seen_at <= restore.noticed_at, sites.c.differs_at.is_not(None)),
        )
        .order_by(sites.c.id)
    )
    return list(connection.execute(query).scalars())


def release_when_ready(services: Services) -> bool:
    """Lets go on what waits, once every box has been heard. True when that was now."""

    def is_ready(connection: Connection) -> bool:
        restore = held(connection)
        return restore is not None and not waits_for(connection, restore)

    if not services.database.read(is_ready):
        return False
    services.write(lambda uow: _release(uow, ""))
    return True


def release(uow: UnitOfWork, by: str) -> None:
    """Lets go on what waits, because a person says so. Raises Conflict when nothing waits."""
    if held(uow.connection) is None:
        raise Conflict("Nothing waits for a restore.")
    _release(uow, by)


def _release(uow: UnitOfWork, by: str) -> None:
    uow.connection.execute(
        update(restores)
        .where(restores.c.released_at.is_(None))
        .values(released_at=uow.now, released_by=by)
    )
    solve(uow, "restored", None)
    uow.audit(f"operator:{by}"[:40] if by else "gateway", "restore released", "database")
    _log.info("what waited for the restore goes on", by=by or "every box was heard")
