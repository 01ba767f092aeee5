"""What patients agree to, given and withdrawn in the same way, with a row for each time."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from gateway.medical.tables import consents
from gateway.unit_of_work import UnitOfWork
from shared.identifier import to_text


class Scope(StrEnum):
    """What a patient may agree to. The names are stored: none is ever changed or used anew."""

    # Blood type and allergies go to the hospital that is asked for the patient, for that emergency.
    SHARE_WITH_MATCHED_HOSPITAL = "share_with_matched_hospital"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a patient was shown or read before they answered: the text's version, the bearer (ussd,
    sms, voice, rest) and the language.
    """

    text_version: str
    channel: str
    language: str


def give(uow: UnitOfWork, caller_id: int, scope: Scope, shown: Shown) -> None:
    """The patient agrees."""
    _record(uow, caller_id, scope, shown, given=True)


def withdraw(uow: UnitOfWork, caller_id: int, scope: Scope, shown: Shown) -> None:
    """The patient agrees no longer, whether or not they ever did."""
    _record(uow, caller_id, scope, shown, given=False)


def standing(uow: UnitOfWork, caller_id: int) -> frozenset[Scope]:
    """What the patient agrees to now; nothing until they say so."""
    rows = uow.connection.execute(
        select(consents.c.scope, consents.c.given)
        .where(consents.c.caller_id == caller_id)
        .order_by(consents.c.at, consents.c.id)
    )
    latest = {row.scope: row.given for row in rows}
    return frozenset(scope for scope in Scope if latest.get(scope.value))


def was_asked(uow: UnitOfWork, caller_id: int, scope: Scope) -> bool:
    """True when the patient has ever answered, one way or the other."""
    asked = select(consents.c.id).where(
        consents.c.caller_id == caller_id, consents.c.scope == scope.value
    )
    return uow.connection.execute(asked.limit(1)).first() is not None


def _record(uow: UnitOfWork, caller_id: int, scope: Scope, shown: Shown, *, given: bool) -> None:
    uow.connection.execute(
        consents.insert(),
        {
            "id": uow.system.new_id(),
            "caller_id": caller_id,
            "scope": scope.value,
            "given": given,
            "text_version": shown.text_version,
            "channel": shown.channel,
            "language": shown.language,
            "at": uow.now,
        },
    )
    patient = to_text(caller_id)
    action = "consent given" if given else "consent withdrawn"
    uow.audit(f"caller:{patient}", action, f"patient:{patient}")
