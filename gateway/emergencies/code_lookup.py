"""What a help code tells whoever has it, from any phone: open or closed, and nothing else.

Codes are short, so a number may try a few an hour; after that it learns nothing of any.
"""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select

from gateway.database.exclusive import one_at_a_time
from gateway.emergencies import store, telling
from gateway.emergencies.tables import code_lookups, emergencies
from gateway.unit_of_work import UnitOfWork
from shared import help_code
from shared.emergency import EmergencyState

_WITHIN = timedelta(hours=1)
MOST_TRIES = 10


class CodeState(StrEnum):
    """All that is told of a code."""

    OPEN = "open"
    CLOSED = "closed"
    # Nobody ever had it, it cannot be one, or the number has tried too many.
    UNKNOWN = "unknown"


def look_up(uow: UnitOfWork, caller_id: int, typed: str) -> CodeState:
    """How the emergency with this code stands; each call is one of the caller's tries. A code that
    was given out again speaks of the one that is open.
    """
    if not _may_try(uow, caller_id):
        return CodeState.UNKNOWN
    code = help_code.parse(typed)
    if code is None:
        return CodeState.UNKNOWN
    found = uow.connection.execute(select(emergencies).where(emergencies.c.help_code == code)).all()
    if not found:
        return CodeState.UNKNOWN
    still = {*store.ACTIVE, EmergencyState.ARRIVED}
    if any(telling.state_shown(row) in still for row in found):
        return CodeState.OPEN
    return CodeState.CLOSED


def _may_try(uow: UnitOfWork, caller_id: int) -> bool:
    one_at_a_time(uow.connection, f"codes looked up by {caller_id}")
    # Kept no longer than they count: who asked for what is nobody's business.
    uow.connection.execute(delete(code_lookups).where(code_lookups.c.at <= uow.now - _WITHIN))
    tries = select(func.count()).where(code_lookups.c.caller_id == caller_id)
    if uow.connection.execute(tries).scalar_one() >= MOST_TRIES:
        return False
    uow.connection.execute(
        code_lookups.insert(),
        {"id": uow.system.new_id(), "caller_id": caller_id, "at": uow.now},
    )
    return True
