"""Finds, opens and carries on the stored sessions of callers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from gateway.menus.tables import menu_sessions
from gateway.unit_of_work import UnitOfWork
from sync.prepared import Prepared
from ussd_menus.session import Session, from_json, to_json

# Who dials again within this time is asked whether to go on.
_CUT_OFF_WITHIN = timedelta(minutes=10)

_FIND = Prepared(
    select(menu_sessions)
    .where(menu_sessions.c.session_id == bindparam("of_session"))
    .with_for_update()
)
_LATEST = Prepared(
    select(menu_sessions.c.state, menu_sessions.c.ended)
    .where(
        menu_sessions.c.phone_index == bindparam("of_phone"),
        menu_sessions.c.updated_at >= bindparam("since"),
    )
    .order_by(menu_sessions.c.updated_at.desc(), menu_sessions.c.started_at.desc())
    .limit(1)
)
_OPEN = Prepared(menu_sessions.insert(), menu_sessions.c.keys())
_GO_ON = Prepared(
    update(menu_sessions)
    .where(menu_sessions.c.session_id == bindparam("of_session"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "state",
                "answered_length",
                "answered_mark",
                "answer",
                "ended",
                "updated_at",
            )
        }
    )
)


def find(uow: UnitOfWork, session_id: str) -> Row[Any] | None:
    """The session, locked."""
    return _FIND.first(uow.connection, of_session=session_id)


def cut_off(uow: UnitOfWork, phone_index: bytes) -> Session | None:
    """The session that this phone was in last, when it is not long ago and did not come to an end
    of its own.
    """
    since = uow.now - _CUT_OFF_WITHIN
    found = _LATEST.first(uow.connection, of_phone=phone_index, since=since)
    if found is None:
        return None
    session = from_json(found.state)
    if session.screen == uow.services.menus.definitions.expired:
        return session.before
    return None if found.ended else session


@dataclass(frozen=True, slots=True)
class History:
    """Everything that a caller has typed in a session so far, as the operator joined it."""

    session_id: str
    text: str

    def is_answered(self, uow: UnitOfWork, row: Row[Any]) -> bool:
        """True when this is what was answered last."""
        length = int(row.answered_length)
        return len(self.text) == length and self._mark(uow, length) == row.answered_mark

    def since(self, uow: UnitOfWork, row: Row[Any]) -> str | None:
        """What was typed after what was answered last; None when the two contradict each other."""
        length = int(row.answered_length)
        if length == 0:
            return self.text
        if self.text[length : length + 1] != "*" or self._mark(uow, length) != row.answered_mark:
            return None
        return self.text[length + 1 :]

    def columns(self, uow: UnitOfWork) -> dict[str, Any]:
        """What is kept of it."""
        length = len(self.text)
        return {"answered_length": length, "answered_mark": self._mark(uow, length)}

    def _mark(self, uow: UnitOfWork, length: int) -> bytes:
        return uow.services.vault.mark(f"{self.session_id} {self.text[:length]}")


def open_session(uow: UnitOfWork, session: Session, values: Mapping[str, Any]) -> None:
    """Stores a new session; `values` are the columns that its bearer knows.

    Two first turns at the same moment: the second fails here, and is carried out again as the
    repetition that it is (gateway.database.postgres).
    """
    _OPEN.run(
        uow.connection,
        state=to_json(session),
        ended=session.ended,
        started_at=uow.now,
        updated_at=uow.now,
        **values,
    )


def carry_on(uow: UnitOfWork, session: Session, history: History, answer: str) -> None:
    """Stores where the session stands now, and what it was answered."""
    _GO_ON.run(
        uow.connection,
        of_session=history.session_id,
        new_state=to_json(session),
        new_answer=answer,
        new_ended=session.ended,
        new_updated_at=uow.now,
        **{f"new_{name}": value for name, value in history.columns(uow).items()},
    )
