"""What is asked of matching: one patient's place and needs."""

from dataclasses import dataclass
from datetime import datetime

from shared.capability import ALL
from shared.emergency import Priority
from shared.errors import InvalidInput
from shared.geo import check_position
from shared.travel import Origin


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """One patient's place and needs.

    `needs` is a capability mask; `radius_m` is how far off the place may be, in metres; `urban` is
    whether it is in a town, None when not known; `depart_at` is aware. `exclude` names hospitals
    already asked. `mass_casualty` is whether so many are hurt at once that hospitals make room;
    `in_hospital` whether a hospital has the patient already, and refers them onward.
    Without a place there is nothing to match: the caller asks for one first. Raises
    InvalidInput when a value is out of range.
    """

    lat: float
    lon: float
    radius_m: float
    needs: int
    priority: Priority
    depart_at: datetime
    # Airway, breathing, or bleeding that does not stop.
    stabilise_first: bool = False
    urban: bool | None = None
    mass_casualty: bool = False
    in_hospital: bool = False
    exclude: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        check_position(self.lat, self.lon)
        if not 0 <= self.radius_m <= 1_000_000:
            raise InvalidInput("radius_m must be 0 to 1,000,000 metres.")
        if not 0 <= self.needs <= ALL:
            raise InvalidInput("needs is not a mask of capabilities that this version knows.")
        if self.depart_at.tzinfo is None:
            raise InvalidInput("depart_at must name its time zone.")

    @property
    def origin(self) -> Origin:
        return Origin(self.lat, self.lon, self.radius_m, self.urban)
