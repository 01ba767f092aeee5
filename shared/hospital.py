"""What matching knows of a hospital: where it is, what it can do, how full it is, and how old
that news is.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import or_

from shared.bed_type import UNIT_OF
from shared.capability import Capability


class HospitalStatus(StrEnum):
    """Whether a hospital takes emergencies (after OASIS EDXL-HAVE 2.0)."""

    NORMAL = "normal"
    ADVISORY = "advisory"
    DIVERTING = "diverting"
    CLOSED = "closed"
    EVACUATING = "evacuating"


TAKES_PATIENTS = frozenset({HospitalStatus.NORMAL, HospitalStatus.ADVISORY})

# What runs out: antivenom is in stock at 45 % of public and 19 % of private Kenyan facilities that
# should have it. A report of these ages, as a bed count does.
STOCK = Capability.BLOOD | Capability.OXYGEN | Capability.ANTIVENOM | Capability.RABIES_PROPHYLAXIS
# What has beds of its own: once they are taken, it is as if the hospital did not have it.
UNITS = int(reduce(or_, UNIT_OF.values()))


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital's standing facts.

    `has` and `lacks` are capability masks: known yes and known no; a capability in neither is
    unknown. `level` is the KEPH level, 1 to 6, or 0 where the register names none. Coordinates are
    WGS 84 degrees.
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
    # Whether it is open day and night; None is unknown.
    open_24h: bool | None = None
    # What operators set to be out of order; it is in `lacks` as well.
    imposed_lacks: int = 0


@dataclass(frozen=True, slots=True)
class Availability:
    """A hospital's latest report and what has happened since.

    `staffed_beds` and `free_beds` are counts of emergency beds, None when never reported:
    unknown, not zero. `assigned_since` counts our own assignments that the report could not know
    of; below zero, beds that it counted as taken and that were given back since. `stock_has` and
    `stock_lacks` are masks within `STOCK`: what was last reported to be there, and to be used up.
    `units_free` and `units_full` are masks within `UNITS`: those with a free bed by the latest
    count, and those whose beds are all taken.
    """

    status: HospitalStatus = HospitalStatus.NORMAL
    staffed_beds: int | None = None
    free_beds: int | None = None
    assigned_since: int = 0
    reported_at: datetime | None = None
    stock_has: int = 0
    stock_lacks: int = 0
    stock_reported_at: datetime | None = None
    units_free: int = 0
    units_full: int = 0
    units_reported_at: datetime | None = None
