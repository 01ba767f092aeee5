"""What matching knows of a hospital: where it is, what it can do, how full it is, and how old
that news is.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HospitalStatus(StrEnum):
    """Whether a hospital takes emergencies (after OASIS EDXL-HAVE 2.0)."""

    NORMAL = "normal"
    ADVISORY = "advisory"
    DIVERTING = "diverting"
    CLOSED = "closed"
    EVACUATING = "evacuating"


TAKES_PATIENTS = frozenset({HospitalStatus.NORMAL, HospitalStatus.ADVISORY})


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital's standing facts.

    `has` and `lacks` are capability masks: known yes and known no; a capability in neither is
    unknown. `level` is the KEPH level, 1 to 6. Coordinates are WGS 84 degrees.
    """

    id: int
    name: str
    level: int
    county: str
    lat: float
    lon: float
    has: int
    lacks: int
    # True when a channel to it has been tested: a box is enrolled, or a duty phone answered.
    reachable: bool = False


@dataclass(frozen=True, slots=True)
class Availability:
    """A hospital's latest report and what has happened since.

    `staffed_beds` and `free_beds` are counts of emergency beds, None when never reported:
    unknown, not zero. `assigned_since` counts our own assignments that the report could not know
    of.
    """

    status: HospitalStatus = HospitalStatus.NORMAL
    staffed_beds: int | None = None
    free_beds: int | None = None
    assigned_since: int = 0
    reported_at: datetime | None = None
