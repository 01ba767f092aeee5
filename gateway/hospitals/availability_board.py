"""What hospitals report and what we assign: every change of availability goes through here."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from gateway.hospitals import changes
from gateway.hospitals.availability_report import AvailabilityReport, Known
from gateway.hospitals.changes import Change
from gateway.hospitals.tables import availability, availability_reports, hospital_beds
from shared.errors import InvalidInput, NotFound
from shared.system import System
from sync.prepared import Prepared

# A clock that runs ahead by more has to be set first: its report would count as newer than any.
_AHEAD = timedelta(minutes=2)
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
        """Takes in what a hospital says of itself, as far as it has said nothing newer of the same
        sort; False when nothing of it counts.

        Either way it is kept. Raises NotFound when there is no such hospital, and InvalidInput for
        a report from the future.
        """
        if report.at > self._system.now() + _AHEAD:
            raise InvalidInput("The report is from the future; set the clock and report again.")
        (number,) = changes.take_numbers(connection)
        of = availability.c.hospital_id == hospital_id
        row = connection.execute(select(availability).where(of)).first()
        if row is None:
            raise NotFound("There is no such hospital; look its number up in the hospital list.")
        new = report.without(_known(connection, row))
        counted = new.says_something
        values = new.columns() | {"version": number}
        if counted and (row.heard_at is None or row.heard_at <= report.at):
            values |= {"heard_at": report.at, "source": report.source}
        connection.execute(update(availability).where(of).values(values))
        changes.record(connection, [Change(number, self._system.new_id(), hospital_id)])
        connection.execute(
            insert(availability_reports),
            {
                "id": self._system.new_id(),
                "hospital_id": hospital_id,
                "at": report.at,
                "source": report.source,
                "said": report.said(),
                "counted": counted,
            },
        )
        if counted:
            _count_beds(connection, hospital_id, new)
        return counted


def _known(connection: Connection, row: Row[Any]) -> Known:
    sorts = connection.execute(
        select(hospital_beds.c.bed_type, hospital_beds.c.reported_at).where(
            hospital_beds.c.hospital_id == row.hospital_id
        )
    )
    return Known(
        status_at=row.status_reported_at,
        beds_at=row.reported_at,
        stock_at=row.stock_reported_at,
        sorts_at={each.bed_type: each.reported_at for each in sorts},
    )


def _count_beds(connection: Connection, hospital_id: int, report: AvailabilityReport) -> None:
    if not report.beds:
        return
    of = hospital_beds.c.hospital_id == hospital_id
    sorts = [sort.value for sort in report.beds]
    connection.execute(delete(hospital_beds).where(of, hospital_beds.c.bed_type.in_(sorts)))
    connection.execute(
        insert(hospital_beds),
        [
            {
                "hospital_id": hospital_id,
                "bed_type": sort.value,
                "staffed": count.staffed,
                "free": count.free,
                "reported_at": report.at,
            }
            for sort, count in report.beds.items()
        ],
    )
