"""Who would be asked next if the hospitals asked so far stay silent: ranked when somebody looks,
and again when it happens.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from gateway.emergencies import dispatching, store
from gateway.emergencies.tables import emergencies
from gateway.ports import Hospitals
from shared.emergency import ENDED, EmergencyState
from shared.matching import Role

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class NextHospital:
    """One that would be asked; `role` as in `shared.matching`."""

    hospital_id: int
    hospital: str
    role: str
    travel_min: int


@dataclass(frozen=True, slots=True)
class AskedNext:
    """The next few, in the order in which they would be asked, and which nearer ones stand behind
    the first of them.
    """

    hospitals: tuple[NextHospital, ...] = ()
    nearer: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def asked_next(
    connection: Connection, hospitals: Hospitals, emergency_id: int, now: datetime
) -> AskedNext:
    """Nobody where the place is not known, or the patient is at a hospital, or it has ended."""
    emergency = connection.execute(
        select(emergencies).where(emergencies.c.id == emergency_id)
    ).one()
    state = EmergencyState(emergency.state)
    if emergency.lat is None or state in ENDED or state is EmergencyState.ARRIVED:
        return AskedNext()
    asked = dispatching.asked_hospitals(store.dispatches_of(connection, emergency_id))
    query = dispatching.query_for(connection, now, emergency, asked)
    matches = [
        match
        for match in hospitals.rank(connection, query, now, _SHOWN)
        # Nobody is referred to where they cannot do more.
        if emergency.referred_by is None or match.role is not Role.LAST_RESORT
    ]
    if not matches:
        return AskedNext()
    return AskedNext(
        tuple(
            NextHospital(
                match.hospital_id,
                hospitals.card(connection, match.hospital_id).name,
                match.role.value,
                max(1, round(match.travel_min)),
            )
            for match in matches
        ),
        hospitals.passed_over(connection, matches[0], query, now),
    )
