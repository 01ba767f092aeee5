"""The operators' list of alarms, and how one is solved by hand."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.alarms.tables import alarms
from gateway.emergencies.tables import emergencies
from gateway.operators.alarm_words import ALARM_WORDS, what_to_do
from gateway.operators.casebook import find_emergency
from gateway.operators.operator import Operator
from gateway.operators.plain_words import age_words
from gateway.unit_of_work import UnitOfWork
from shared import help_code
from shared.emergency import DISCREET_KINDS, Kind
from shared.errors import Conflict, InvalidInput, NotFound
from shared.identifier import from_text, to_text

_SOLVED_SHOWN_FOR = timedelta(hours=24)
_SHOWN = 200
_NOTE_LENGTH = 240


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm: what is wrong, what to do, and who solved it. `code` is empty for one about the
    gateway itself. `detail` is a hospital, a reason, or what somebody wrote.
    """

    id: str
    kind: str
    says: str
    do: str
    code: str
    do_not_phone: bool
    detail: str
    age_s: int
    raised_at: str
    solved_at: str | None
    solved_by: str
    note: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[str]:
        """What a terminal shows."""
        about = f"{self.code or 'gateway':<8}"
        detail = f" ({self.detail})" if self.detail else ""
        if self.solved_at is not None:
            noted = f": {self.note}" if self.note else ""
            by = self.solved_by or "itself"
            return [f"  {about} {age_words(self.age_s)}  {self.says}{detail} Solved by {by}{noted}"]
        return [
            f"! {about} {age_words(self.age_s)}  {self.says}{detail}",
            f"             {self.do}",
            f"             solve: haven-gateway alarms solve {self.id} --by YOU",
        ]


def alarm_list(connection: Connection, now: datetime) -> list[AlarmRow]:
    """The unsolved alarms, oldest first, then those solved within 24 hours, latest first."""
    query = select(
        alarms, emergencies.c.help_code, emergencies.c.kind.label("emergency_kind")
    ).outerjoin(emergencies, emergencies.c.id == alarms.c.emergency_id)
    waiting = connection.execute(
        query.where(alarms.c.solved_at.is_(None)).order_by(alarms.c.raised_at, alarms.c.id)
    ).all()
    solved = connection.execute(
        query.where(alarms.c.solved_at >= now - _SOLVED_SHOWN_FOR)
        .order_by(alarms.c.solved_at.desc(), alarms.c.id.desc())
        .limit(_SHOWN)
    ).all()
    return [_row(row, now) for row in (*waiting, *solved)]


def _row(row: Any, now: datetime) -> AlarmRow:
    code = row.help_code or ""
    discreet = row.emergency_kind is not None and Kind(row.emergency_kind) in DISCREET_KINDS
    return AlarmRow(
        id=to_text(row.id),
        kind=row.kind,
        says=ALARM_WORDS[row.kind].says,
        do=what_to_do(row.kind, code, discreet=discreet),
        code=code,
        do_not_phone=discreet,
        detail=row.detail,
        age_s=int((now - row.raised_at).total_seconds()),
        raised_at=row.raised_at.isoformat(),
        solved_at=None if row.solved_at is None else row.solved_at.isoformat(),
        solved_by=row.solved_by,
        note=row.solved_note,
    )


def solve_by_hand(uow: UnitOfWork, typed: str, operator: Operator, note: str = "") -> list[str]:
    """Solves one alarm by its id, or every one of an emergency by its help code; their kinds.
    Nobody is reminded of a solved alarm.

    Raises InvalidInput for what is neither, NotFound, and Conflict when nothing is left to solve.
    """
    if len(note) > _NOTE_LENGTH:
        raise InvalidInput(f"The note has at most {_NOTE_LENGTH} characters.")
    if help_code.parse(typed) is not None:
        which = alarms.c.emergency_id == find_emergency(uow.connection, typed)
    else:
        try:
            which = alarms.c.id == from_text(typed)
        except ValueError:
            raise InvalidInput(
                f"{typed!r} is neither an alarm's id nor a help code. See: alarms list"
            ) from None
    rows = uow.connection.execute(
        update(alarms)
        .where(which, alarms.c.solved_at.is_(None))
        .values(solved_at=uow.now, solved_by=operator.initials, solved_note=note)
        .returning(alarms.c.id, alarms.c.kind)
    ).all()
    if not rows:
        if uow.connection.execute(select(alarms.c.id).where(which).limit(1)).first() is None:
            raise NotFound("There is no such alarm. See: alarms list")
        raise Conflict("It is solved already. See: alarms list")
    for row in rows:
        uow.audit(operator.actor, "alarm solved", f"alarm:{to_text(row.id)}")
    return sorted(row.kind for row in rows)
