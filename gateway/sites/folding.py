"""Folding what a box says, event by event: one that fails is undone alone, and handed to people."""

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from gateway.sites.exchange_desk import ClaimsDesk, Folded
from shared.errors import HavenError, origin
from sync.codec import encode
from sync.events import Event
from sync.peer import CannotApply

# The fault is in what was to be written, and will be the same next time. Anything else that the
# database says, such as a lost connection or a deadlock, passes.
_FAULT_OF_THE_CLAIM = (IntegrityError, DataError, ProgrammingError)

_log = structlog.get_logger()


def fold(connection: Connection, claims: ClaimsDesk, hospital_id: int, event: Event) -> Folded:
    """One claim that cannot be folded must not keep the rest of the box's claims waiting, so it is
    undone by itself. When the database is what fails, all of it is tried again.

    Raises CannotApply.
    """
    try:
        try:
            with connection.begin_nested():
                return _writable(claims.fold(connection, hospital_id, event))
        except IntegrityError:
            # Somebody else may have added the same row at this moment; now it is there to be seen.
            with connection.begin_nested():
                return _writable(claims.fold(connection, hospital_id, event))
    except HavenError as error:
        raise CannotApply(str(error)) from error
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, _FAULT_OF_THE_CLAIM):
            raise
        _log.error(
            "claim set aside",
            hospital_id=hospital_id,
            claim=type(event).__name__,
            error=origin(error),
        )
        raise CannotApply(f"{type(error).__name__} while applying it.") from error


def _writable(folded: Folded) -> Folded:
    """The same. Raises InvalidInput when one of its events has no form on the wire: streams are
    written when it is too late to undo one claim alone.
    """
    for event in (*folded.answers, *(event for _, event in folded.others)):
        encode(event)
    return folded


def set_aside(connection: Connection, claims: ClaimsDesk, hospital_id: int, event: Event) -> Folded:
    """It is parked whatever happens here; what fails for the same reason fails alone."""
    try:
        with connection.begin_nested():
            return _writable(claims.set_aside(connection, hospital_id, event))
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, _FAULT_OF_THE_CLAIM):
            raise
        _log.error("nobody was told of a claim set aside", error=origin(error))
        return Folded()
