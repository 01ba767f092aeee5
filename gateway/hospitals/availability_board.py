"""What hospitals report and what we assign: every change of availability goes through here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select, update

from gateway.hospitals import changes
from gateway.hospitals.changes import Change
from gateway.hospitals.tables import availability
from shared.capability import codes
from shared.errors import InvalidInput, NotFound
from shared.hospital import STOCK, HospitalStatus
from shared.system import System
from sync.prepared import Prepared

_MOST_BEDS = 10_000


@dataclass(frozen=True, slots=True)
class AvailabilityReport:
    """What a hospital says of itself.

    Without a `status` it stays as it was. Bed counts are staffed emergency beds; None leaves what
    was reported before, with its age.
    `stock_has` and `stock_lacks` are masks within shared.hospital.STOCK; both zero leaves the stock
    as it was. `assigned_since` counts our assignments that the reporter had not yet seen, so that
    only those are subtracted from the new count. `source` names the channel, such as `console`.
    Raises InvalidInput when the numbers contradict each other.
    """

    status: HospitalStatus | None
    at: datetime
    source: str
    staffed_beds: int | None = None
    free_beds: int | None = None
    assigned_since: int = 0
    stock_has: int = 0
    stock_lacks: int = 0

    def __post_init__(self) -> None:
        for name in ("staffed_beds", "free_beds", "assigned_since"):
            count: int | None = getattr(self, name)
            if count is not None and not 0 <= count <= _MOST_BEDS:
                raise InvalidInput(f"{name} is {count}; give 0 to {_MOST_BEDS}.")
        if None not in (self.staffed_beds, self.free_beds) and (
            (self.free_beds or 0) > (self.staffed_beds or 0)
        ):
            raise InvalidInput(
                f"{self.free_beds} free of {self.staffed_beds} staffed beds cannot be; "
                "correct one of the two."
            )
        stock_codes = ", ".join(codes(STOCK))
        if (self.stock_has | self.stock_lacks) & ~STOCK:
            raise InvalidInput(f"Only these have a stock: {stock_codes}.")
        if self.stock_has & self.stock_lacks:
            raise InvalidInput("The same stock cannot be there and be used up; correct one.")


_COUNT = Prepared(
    update(availability)
    .where(availability.c.hospital_id == bindparam("of"))
    .values(
        assigned_since=availability.c.assigned_since + bindparam("change"),
        version=bindparam("number"),
    )
)


class AvailabilityBoard:
    """Changes availability inside the caller's transaction, and logs it for every index.

    Call it before anything takes a stream's counter (see `changes.take_numbers`).
    """

    def __init__(self, system: System) -> None:
        self._system = system

    def reserve(
        self, connection: Connection, hospital_id: int, number: int | None = None
    ) -> Change:
        """Counts one more patient of ours towards this hospital; the change that this is.

        `number` is one that was taken before hospitals were ranked, so that nobody else could take
        the place meanwhile. Without one the place is taken whoever else did, for a hospital that
        already answered.
        """
        if number is None:
            (number,) = changes.take_numbers(connection)
        return self._count(connection, hospital_id, 1, number)

    def give_back(self, connection: Connection, hospital_id: int) -> None:
        """Takes back one reservation: cannot treat, expired, cancelled, not arrived.

        The caller's state table makes sure that this happens once. The count may go below zero: a
        report in between had already counted the bed as taken.
        """
        (number,) = changes.take_numbers(connection)
        self._count(connection, hospital_id, -1, number)

    def _count(self, connection: Connection, hospital_id: int, by: int, number: int) -> Change:
        _COUNT.run(connection, of=hospital_id, change=by, number=number)
        change = Change(number, self._system.new_id(), hospital_id)
        changes.record(connection, [change])
        return change

    def report(self, connection: Connection, hospital_id: int, report: AvailabilityReport) -> bool:
        """Takes in what a hospital says of itself; False when it said something newer before.

        Raises NotFound when there is no such hospital.
        """
        values: dict[str, object] = {"heard_at": report.at, "source": report.source}
        if report.status is not None:
            values["status"] = report.status.value
        if report.staffed_beds is not None:
            values["staffed_beds"] = report.staffed_beds
        if report.free_beds is not None:
            values["free_beds"] = report.free_beds
            values["reported_at"] = report.at
            values["assigned_since"] = report.assigned_since
        if report.stock_has | report.stock_lacks:
            values["stock_has"] = report.stock_has
            values["stock_lacks"] = report.stock_lacks
            values["stock_reported_at"] = report.at
        (number,) = changes.take_numbers(connection)
        newer = connection.execute(
            update(availability)
            .where(
                availability.c.hospital_id == hospital_id,
                or_(availability.c.heard_at.is_(None), availability.c.heard_at <= report.at),
            )
            .values(**values, version=number)
        ).rowcount
        changes.record(connection, [Change(number, self._system.new_id(), hospital_id)])
        if newer == 1:
            return True
        known = select(availability.c.hospital_id).where(availability.c.hospital_id == hospital_id)
        if connection.execute(known).first() is None:
            raise NotFound("There is no such hospital; look its number up in the hospital list.")
        return False
