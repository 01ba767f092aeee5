"""What a hospital says of itself: how full it is, what it has run out of, whether it is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.bed_type import UNIT_OF, BedType, units
from shared.capability import codes
from shared.errors import InvalidInput
from shared.hospital import STOCK, HospitalStatus

MOST_BEDS = 10_000


@dataclass(frozen=True, slots=True)
class BedCount:
    """Beds of one sort; None is unknown. `free` are staffed ones: a bed without a nurse is none.

    Raises InvalidInput when the numbers contradict each other.
    """

    staffed: int | None = None
    free: int | None = None

    def __post_init__(self) -> None:
        for count in (self.staffed, self.free):
            if count is not None and not 0 <= count <= MOST_BEDS:
                raise InvalidInput(f"{count} beds cannot be; give 0 to {MOST_BEDS}.")
        if self.staffed is not None and self.free is not None and self.free > self.staffed:
            raise InvalidInput(
                f"{self.free} free of {self.staffed} staffed beds cannot be; correct one of the "
                "two."
            )


@dataclass(frozen=True, slots=True)
class Known:
    """When each sort of thing was last reported; `sorts_at` are beds by their sort."""

    status_at: datetime | None
    beds_at: datetime | None
    stock_at: datetime | None
    sorts_at: Mapping[str, datetime]


@dataclass(frozen=True, slots=True)
class AvailabilityReport:
    """What a hospital says of itself.

    Without a `status` it stays as it was. Bed counts are staffed emergency beds; None leaves what
    was reported before, with its age. `beds` are counts by sort; one that counts any unit's beds
    replaces what was known of all units. `stock_has` and `stock_lacks` are masks within
    shared.hospital.STOCK; both zero leaves the stock as it was. `assigned_since` counts our
    assignments that the reporter had not yet seen, so that only those are subtracted from the new
    count. `source` names the channel, such as `console`. Raises InvalidInput when the numbers
    contradict each other.
    """

    status: HospitalStatus | None
    at: datetime
    source: str
    staffed_beds: int | None = None
    free_beds: int | None = None
    assigned_since: int = 0
    stock_has: int = 0
    stock_lacks: int = 0
    beds: Mapping[BedType, BedCount] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        BedCount(self.staffed_beds, self.free_beds)
        if not 0 <= self.assigned_since <= MOST_BEDS:
            raise InvalidInput(f"assigned_since is {self.assigned_since}; give 0 to {MOST_BEDS}.")
        if (self.stock_has | self.stock_lacks) & ~STOCK:
            raise InvalidInput(f"Only these have a stock: {', '.join(codes(STOCK))}.")
        if self.stock_has & self.stock_lacks:
            raise InvalidInput("The same stock cannot be there and be used up; correct one.")

    def without(self, newer: Known) -> "AvailabilityReport":
        """The report without what something newer is known of, sort by sort: one that comes late
        from a box without a network still says what nobody else has said.
        """

        def is_newer(at: datetime | None) -> bool:
            return at is not None and at > self.at

        beds_known, stock_known = is_newer(newer.beds_at), is_newer(newer.stock_at)
        return replace(
            self,
            status=None if is_newer(newer.status_at) else self.status,
            staffed_beds=None if beds_known else self.staffed_beds,
            free_beds=None if beds_known else self.free_beds,
            stock_has=0 if stock_known else self.stock_has,
            stock_lacks=0 if stock_known else self.stock_lacks,
            beds={
                sort: count
                for sort, count in self.beds.items()
                if not is_newer(newer.sorts_at.get(sort.value))
            },
        )

    @property
    def says_something(self) -> bool:
        counts = (self.status, self.staffed_beds, self.free_beds)
        return any(each is not None for each in counts) or bool(
            self.stock_has | self.stock_lacks or self.beds
        )

    def columns(self) -> dict[str, object]:
        """The columns of `availability` that the report decides, but who was heard last."""
        values: dict[str, object] = {}
        if self.status is not None:
            values["status"] = self.status.value
            values["status_reported_at"] = self.at
        if self.staffed_beds is not None:
            values["staffed_beds"] = self.staffed_beds
        if self.free_beds is not None:
            values["free_beds"] = self.free_beds
            values["reported_at"] = self.at
            values["assigned_since"] = self.assigned_since
        if self.stock_has | self.stock_lacks:
            values["stock_has"] = self.stock_has
            values["stock_lacks"] = self.stock_lacks
            values["stock_reported_at"] = self.at
        if any(sort in UNIT_OF and count.free is not None for sort, count in self.beds.items()):
            free, full = units({sort: count.free for sort, count in self.beds.items()})
            values["units_free"], values["units_full"] = free, full
            values["units_reported_at"] = self.at
        return values

    def said(self) -> dict[str, Any]:
        """The report as it is kept, without what it does not say."""
        said: dict[str, Any] = {
            "status": None if self.status is None else self.status.value,
            "staffed_beds": self.staffed_beds,
            "free_beds": self.free_beds,
            "assigned_since": self.assigned_since or None,
            "stock_has": list(codes(self.stock_has)) or None,
            "stock_lacks": list(codes(self.stock_lacks)) or None,
            "beds": {sort.value: [count.staffed, count.free] for sort, count in self.beds.items()}
            or None,
        }
        return {name: value for name, value in said.items() if value is not None}
