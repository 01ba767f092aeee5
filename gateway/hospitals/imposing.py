"""What operators set for hospitals, for many at once: a strike, an outage, an evacuation. It stands
above what the hospitals report themselves until it is lifted or runs out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from gateway.hospitals import changes
from gateway.hospitals.tables import hospitals
from shared.capability import ALL
from shared.errors import InvalidInput
from shared.hospital import HospitalStatus
from shared.system import System

# A transaction holds the queue of writes for some 20 ms, so that an emergency hardly waits.
AT_ONCE = 200
_LONGEST_WHY = 120


@dataclass(frozen=True, slots=True)
class Which:
    """The hospitals that fulfil every condition: in this county and sub-county, of an owner whose
    name has these words, of one of these levels, or one of these ids.

    Raises InvalidInput without a condition: nobody means the whole country by leaving words out.
    """

    county: str = ""
    sub_county: str = ""
    owner: str = ""
    levels: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not (self.county or self.sub_county or self.owner or self.levels or self.ids):
            raise InvalidInput(
                "Say which hospitals: --county, --sub-county, --owner, --level, or their numbers."
            )
        if any(not 0 <= level <= 6 for level in self.levels):
            raise InvalidInput("Levels are 1 to 6, and 0 for unknown.")

    @property
    def condition(self) -> ColumnElement[bool]:
        found: list[ColumnElement[bool]] = []
        if self.county:
            found.append(func.lower(hospitals.c.county) == self.county.lower())
        if self.sub_county:
            found.append(func.lower(hospitals.c.sub_county) == self.sub_county.lower())
        if self.owner:
            found.append(hospitals.c.owner.icontains(self.owner, autoescape=True))
        if self.levels:
            found.append(hospitals.c.level.in_(self.levels))
        if self.ids:
            found.append(hospitals.c.id.in_(self.ids))
        return and_(*found)


@dataclass(frozen=True, slots=True)
class Imposed:
    """What is set. `status` None leaves the hospitals' own; `lacks` is a mask of capabilities that
    are out of order; `until` None is until it is lifted.

    Raises InvalidInput when it says nothing, or has run out before it begins.
    """

    status: HospitalStatus | None
    lacks: int
    until: datetime | None
    why: str

    def check(self, now: datetime) -> None:
        """See above."""
        if self.status in (None, HospitalStatus.NORMAL) and not self.lacks:
            raise InvalidInput(
                "Set a status (advisory, diverting, closed, evacuating) or what is out of order."
            )
        if not 0 <= self.lacks <= ALL:
            raise InvalidInput("That is no mask of capabilities that this version knows.")
        if self.until is not None and self.until <= now:
            raise InvalidInput("Its end is past; give a later one.")
        if not self.why.strip() or len(self.why) > _LONGEST_WHY:
            raise InvalidInput(f"Say why in 1 to {_LONGEST_WHY} characters: staff read it.")

    def columns(self) -> dict[str, Any]:
        """The columns of `hospitals`."""
        return {
            "imposed_status": "" if self.status is None else self.status.value,
            "imposed_lacks": self.lacks,
            "imposed_until": self.until,
            "imposed_why": self.why.strip(),
        }


_NOTHING = {"imposed_status": "", "imposed_lacks": 0, "imposed_until": None, "imposed_why": ""}
_SOMETHING = or_(hospitals.c.imposed_status != "", hospitals.c.imposed_lacks != 0)
# Carries out one batch in a transaction of its own.
Write = Callable[[Callable[[Connection], None]], None]


def impose(
    connection: Connection, system: System, hospital_ids: Sequence[int], imposed: Imposed
) -> None:
    """Sets it for these hospitals, in the caller's transaction."""
    imposed.check(system.now())
    _set(connection, system, hospital_ids, imposed.columns())


def lift(connection: Connection, system: System, hospital_ids: Sequence[int]) -> None:
    """From now on what these hospitals report themselves counts again."""
    _set(connection, system, hospital_ids, _NOTHING)


def find(connection: Connection, which: Which, *, imposed_only: bool = False) -> list[int]:
    """The ids of those hospitals, ascending; with `imposed_only` those with something set."""
    query = select(hospitals.c.id).where(which.condition)
    if imposed_only:
        query = query.where(_SOMETHING)
    return list(connection.execute(query.order_by(hospitals.c.id)).scalars())


def run_out(connection: Connection, system: System) -> list[int]:
    """Lifts what has run out, for a batch of hospitals at most; which ones."""
    over = select(hospitals.c.id).where(hospitals.c.imposed_until <= system.now())
    ids = list(connection.execute(over.order_by(hospitals.c.id).limit(AT_ONCE)).scalars())
    lift(connection, system, ids)
    return ids


def _set(
    connection: Connection, system: System, hospital_ids: Sequence[int], values: dict[str, Any]
) -> None:
    if not hospital_ids:
        return
    numbers = changes.take_numbers(connection, len(hospital_ids))
    connection.execute(update(hospitals).where(hospitals.c.id.in_(hospital_ids)).values(**values))
    changes.record(
        connection,
        [
            changes.Change(number, system.new_id(), hospital_id)
            for number, hospital_id in zip(numbers, hospital_ids, strict=True)
        ],
    )
