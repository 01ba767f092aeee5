"""What is going on, for people at a terminal: no name, no number, no medical fact."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from gateway.alarms.tables import alarms
from gateway.emergencies.tables import dispatches, emergencies
from gateway.hospitals.tables import hospitals
from shared.emergency import Priority
from shared.identifier import to_text


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """One emergency: its code, state, hospitals asked, and the alarms that wait for a person."""

    id: str
    code: str
    state: str
    priority: str
    age_s: int
    place: str
    hospitals: tuple[str, ...]
    alarms: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        asked = ", ".join(self.hospitals) or "nobody asked yet"
        raised = f"  ! {', '.join(self.alarms)}" if self.alarms else ""
        minutes, seconds = divmod(self.age_s, 60)
        return (
            f"{self.code}  {self.priority:<8} {self.state:<12} {minutes:>4} min {seconds:02d} s  "
            f"{self.place or 'place unknown'}  {asked}{raised}"
        )


def own_alarms(connection: Connection) -> list[dict[str, str]]:
    """Alarms about the gateway itself, such as messages that are not going out."""
    rows = connection.execute(
        select(alarms)
        .where(alarms.c.emergency_id.is_(None), alarms.c.solved_at.is_(None))
        .order_by(alarms.c.raised_at)
    )
    return [
        {"kind": row.kind, "detail": row.detail, "raised_at": row.raised_at.isoformat()}
        for row in rows
    ]


def overview(connection: Connection, now: datetime) -> list[OverviewRow]:
    """The emergencies of the last 24 hours, newest first."""
    recent = connection.execute(
        select(emergencies)
        .where(emergencies.c.created_at >= now - timedelta(hours=24))
        .order_by(emergencies.c.created_at.desc())
    ).all()
    ids = [row.id for row in recent]
    asked: dict[int, list[str]] = {}
    for dispatch in connection.execute(
        select(dispatches.c.emergency_id, dispatches.c.state, hospitals.c.name)
        .join(hospitals, hospitals.c.id == dispatches.c.hospital_id)
        .where(dispatches.c.emergency_id.in_(ids))
        .order_by(dispatches.c.position)
    ):
        asked.setdefault(dispatch.emergency_id, []).append(f"{dispatch.name} ({dispatch.state})")
    waiting = alarms_waiting(connection, ids)
    return [
        OverviewRow(
            id=to_text(row.id),
            code=row.help_code,
            state=row.state,
            priority=Priority(row.priority).name.lower(),
            age_s=int((now - row.created_at).total_seconds()),
            place=row.place_name,
            hospitals=tuple(asked.get(row.id, ())),
            alarms=tuple(waiting.get(row.id, ())),
        )
        for row in recent
    ]


def alarms_waiting(connection: Connection, emergency_ids: Sequence[int]) -> dict[int, list[str]]:
    """The kinds of the alarms that wait for a person, by emergency, oldest first."""
    waiting: dict[int, list[str]] = {}
    for alarm in connection.execute(
        select(alarms.c.emergency_id, alarms.c.kind)
        .where(alarms.c.emergency_id.in_(emergency_ids), alarms.c.solved_at.is_(None))
        .order_by(alarms.c.raised_at, alarms.c.id)
    ):
        waiting.setdefault(alarm.emergency_id, []).append(alarm.kind)
    return waiting
